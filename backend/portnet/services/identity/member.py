"""The people of a company, kept by its administrator: invite, change roles, let go. Each use case is one transaction.

Whoever leaves is out at once: their sessions end, their sockets close, their devices are dead and their password opens
nothing any more. What they were preparing is the company's, and every other declarant goes on with it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from portnet.domain.access import Role, User, Viewer
from portnet.domain.events import MemberChanged, Record, user_audience
from portnet.domain.identity.account import Credentials, Ended
from portnet.domain.identity.member import (
    INVITED_FOR,
    Invitation,
    MemberFault,
    MemberWish,
    changed,
    faults_of,
    invited,
    normal_login,
)
from portnet.domain.identity.proof import Need, Proof, Unproven, operation_hash
from portnet.domain.identity.second_factor import SecondFactor
from portnet.domain.submission import NotDone
from portnet.ports.clock import Clock, Ids
from portnet.ports.identity.invitations import Invitations
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitOfWork, UnitsOfWork
from portnet.services.identity.person import refused
from portnet.services.identity.releasing import released
from portnet.services.identity.revoking import end
from portnet.services.identity.warning import AccountWarnings

SAVE = "saveMember"
#: Stands for a password that nothing matches.
NO_PASSWORD = ""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A member as they are now; ``code`` is their invitation's, to be handed to them, while they can accept it."""

    member: User
    code: str | None = None
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Saved(member={self.member.id}, code=***)"


class _Follows(msgspec.Struct, frozen=True, kw_only=True):
    """What a change brought: the sessions that it ended, and the invitation that it made."""

    ended: tuple[str, ...] = ()
    invitation: Invitation | None = None


def save_hash(wish: MemberWish) -> str:
    """What the second factor is for: exactly this change of exactly this person."""
    content = msgspec.json.encode(wish).decode()
    return operation_hash(SAVE, wish.member or normal_login(wish.login or ""), content)


class Members:
    """The use cases of a company's administrator.

    Nobody else is told more than that they may not; whoever may is asked for a second factor before anything about
    other people's logins is said.
    """

    def __init__(
        self,
        units: UnitsOfWork,
        proofs: Proofs,
        invitations: Invitations,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
        warnings: AccountWarnings,
    ) -> None:
        self._units = units
        self._proofs = proofs
        self._invitations = invitations
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups
        self._warnings = warnings

    async def save(
        self, viewer: Viewer, key: str, wish: MemberWish, proof: Proof | None
    ) -> Saved | NotDone | tuple[MemberFault, ...]:
        """Invite somebody, or change one of the company's people; all faults at once, done once for each key."""
        bound = save_hash(wish)
        async with self._units() as work:
            if not await _administers(work, viewer):
                return NotDone.NOT_YOURS
            asked_before = await work.done(viewer.user, key) is not None
        if faults := faults_of(wish):
            return faults
        if not asked_before:
            answer = await self._proofs.verify(viewer.user, Need.SECOND_FACTOR, bound, proof)
            if isinstance(answer, Unproven):
                return refused(answer)
        return await self._save(viewer, key, wish, hashlib.sha256(bound.encode()).hexdigest())

    async def _save(
        self, viewer: Viewer, key: str, wish: MemberWish, fingerprint: str
    ) -> Saved | NotDone | tuple[MemberFault, ...]:
        now = self._clock.now()
        async with self._units() as work:
            people = {user.id: user for user in await work.members(viewer.company)}
            own = people.get(viewer.user)
            if own is None or not own.active or Role.ADMINISTRATOR not in own.roles:
                return NotDone.NOT_YOURS
            done = await work.done(viewer.user, key)
            if done is not None:
                if done.fingerprint != fingerprint or done.subject not in people:
                    return NotDone.KEY_REUSED
                return await self._as_saved(work, people[done.subject], now)
            known = people.get(wish.member or "")
            if wish.member is not None and known is None:
                return NotDone.NOT_FOUND
            if known is None:
                if not await work.login_is_free(normal_login(wish.login or "")):
                    return (MemberFault(path="login", code="TAKEN"),)
                wished: User | NotDone = invited(wish, self._ids.new(), own)
            else:
                wished = changed(tuple(people.values()), known, wish)
            if isinstance(wished, NotDone):
                return wished
            follows = await self._write(work, viewer, known, wished, wish, now)
            if isinstance(follows, NotDone):
                return follows
            work.add(
                MutationDone(
                    user=viewer.user, key=key, subject=wished.id, fingerprint=fingerprint, at=now
                )
            )
            if known is not None and _in_its_rights(known) != _in_its_rights(wished):
                work.add(*await self._warnings.of(work, wished.id, wished.company, now))
            self._warnings.send(await work.commit())
        for session in follows.ended:
            self._wakeups.session_ended(session)
        return self._saved(wished, follows.invitation)

    async def _write(
        self,
        work: UnitOfWork,
        viewer: Viewer,
        known: User | None,
        wished: User,
        wish: MemberWish,
        now: datetime,
    ) -> _Follows | NotDone:
        """The member, with what follows from the change."""
        invitation: Invitation | None = None
        returns = known is not None and not known.active and wished.active
        leaves = known is not None and known.active and not wished.active
        if known is None or returns or wish.invite:
            if not wished.active or (wish.invite and await work.has_password(wished.id)):
                return NotDone.NOT_NOW
            invitation = await self._invitation(work, viewer, wished, now)
            work.add(invitation)
        event = MemberChanged(member=wished.id, company=wished.company)
        work.add(
            wished,
            Record(
                id=self._ids.new(),
                at=now,
                event=event,
                subject=wished.id,
                audiences=(user_audience(wished.id),),
            ),
            AuditDraft(
                company=wished.company,
                at=now,
                actor=f"user:{viewer.user}",
                action=_action(known, wished, leaves=leaves, returns=returns),
                subject=wished.id,
            ),
        )
        ended = await self._out(work, viewer, wished, now) if leaves else ()
        return _Follows(ended=ended, invitation=invitation)

    async def _invitation(
        self, work: UnitOfWork, viewer: Viewer, member: User, now: datetime
    ) -> Invitation:
        before = await work.invitation(member.id)
        number = 1 if before is None else before.number + 1
        return Invitation(
            user=member.id,
            number=number,
            code_hash=self._invitations.code(member.id, number).hash,
            by=viewer.user,
            made_at=now,
            expires_at=now + INVITED_FOR,
        )

    async def _out(
        self, work: UnitOfWork, viewer: Viewer, member: User, now: datetime
    ) -> tuple[str, ...]:
        """End all that lets ``member`` in."""
        work.add(Credentials(user=member.id, password_hash=NO_PASSWORD))
        factor = await work.second_factor(member.id)
        if factor is not None:
            # Whoever comes back begins anew: the old authenticator opens nothing.
            work.add(
                SecondFactor(user=member.id, company=member.company),
                AuditDraft(
                    company=member.company,
                    at=now,
                    actor=f"user:{viewer.user}",
                    action="second_factor.removed",
                    subject=member.id,
                ),
            )
        for lent in await work.approving.delegations(member.company):
            if member.id in (lent.giver, lent.holder) and lent.revoked_at is None:
                work.add(msgspec.structs.replace(lent, revoked_at=now))
        invitation = await work.invitation(member.id)
        if invitation is not None:
            work.add(msgspec.structs.replace(invitation, used_at=invitation.used_at or now))
        work.add(*await released(work, member, self._ids, now))
        sessions = await work.sessions_of(member.id)
        for session in sessions:
            await end(work, session, Ended.MEMBER_LEFT, now)
        return tuple(session.id for session in sessions)

    async def _as_saved(self, work: UnitOfWork, member: User, now: datetime) -> Saved:
        """What a repeated wish is told: an invitation's code again, for whose answer was lost."""
        invitation = await work.invitation(member.id)
        still_open = invitation is not None and invitation.open(now)
        return self._saved(member, invitation if still_open else None)

    def _saved(self, member: User, invitation: Invitation | None) -> Saved:
        if invitation is None:
            return Saved(member=member)
        code = self._invitations.code(member.id, invitation.number)
        return Saved(member=member, code=code.text, expires_at=invitation.expires_at)


async def _administers(work: UnitOfWork, viewer: Viewer) -> bool:
    people = await work.people(viewer.company)
    return any(u.id == viewer.user and Role.ADMINISTRATOR in u.roles for u in people)


def _in_its_rights(user: User) -> tuple[object, ...]:
    """What of an account its owner is warned about."""
    return user.roles, user.active, user.phone, user.login


def _action(known: User | None, wished: User, *, leaves: bool, returns: bool) -> str:
    if known is None:
        return "member.invited"
    if leaves:
        return "member.left"
    if returns:
        return "member.returned"
    if known.roles != wished.roles:
        return f"member.roles.{'+'.join(wished.roles)}"
    return "member.changed" if known != wished else "member.invited.again"
