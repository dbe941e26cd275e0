"""Lending the right to decide: dated, limited, taken back at will. Each change needs a second factor."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import Role, Viewer
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Rule, faults
from portnet.domain.approving.money import Money
from portnet.domain.catalogue import Catalogue
from portnet.domain.identity.proof import Need, Proof, Unproven, operation_hash
from portnet.domain.submission import NotDone
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.clock import Clock, Ids
from portnet.ports.proofs import Proofs
from portnet.ports.reading import SubmissionReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitOfWork, UnitsOfWork
from portnet.services.approving.outcome import Fault, SecondFactorMissing
from portnet.services.identity.person import person_of, refused

#: Nobody is away for longer without somebody else getting the role itself.
LONGEST = timedelta(days=366)


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to lend, to whom and until when; ``key`` is the app's."""

    key: str
    holder: str
    starts_at: datetime
    ends_at: datetime
    kinds: tuple[str, ...] | None = None
    limit: Money | None = None

    @property
    def content(self) -> str:
        """All that a proof of it has to be bound to."""
        fields = (self.holder, self.starts_at, self.ends_at, self.kinds, self.limit)
        return msgspec.json.encode(fields).decode()


class Delegations:
    """The use cases of delegations."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: ApprovalReader,
        done: SubmissionReader,
        catalogue: Catalogue,
        proofs: Proofs,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._units = units
        self._reader = reader
        self._done = done
        self._catalogue = catalogue
        self._proofs = proofs
        self._clock = clock
        self._ids = ids

    async def of(self, viewer: Viewer) -> Sequence[Delegation]:
        """Those that the viewer gave or holds, and that are not over."""
        now = self._clock.now()
        return [
            d
            for d in await self._reader.delegations(viewer.company)
            if viewer.user in (d.giver, d.holder) and now < d.ends_at
        ]

    async def lend(
        self, viewer: Viewer, loan: Loan, proof: Proof | None
    ) -> Delegation | SecondFactorMissing | tuple[Fault, ...] | NotDone:
        """Whoever may decide lends that right; what was lent to them may be lent on."""
        if found := await self._faults(viewer, loan):
            return found
        unproven = await self._unproven(viewer, loan, proof)
        if unproven is not None:
            return unproven
        now = self._clock.now()
        fingerprint = hashlib.sha256(f"delegate\0{loan.content}".encode()).hexdigest()
        async with self._units() as work:
            done = await work.done(viewer.user, loan.key)
            if done is not None:
                known = await work.approving.delegation(done.subject)
                same = done.fingerprint == fingerprint and known is not None
                return known if same and known is not None else NotDone.KEY_REUSED
            if (refusal := await _refusal(work, viewer, now)) is not None:
                return refusal
            delegation = Delegation(
                id=self._ids.new(),
                company=viewer.company,
                giver=viewer.user,
                holder=loan.holder,
                starts_at=loan.starts_at,
                ends_at=loan.ends_at,
                created_at=now,
                kinds=loan.kinds,
                limit=loan.limit,
            )
            work.add(
                delegation,
                _audited(delegation, viewer, "delegation.give", now),
                MutationDone(
                    user=viewer.user,
                    key=loan.key,
                    subject=delegation.id,
                    fingerprint=fingerprint,
                    at=now,
                ),
            )
            await work.commit()
        return delegation

    async def revoke(self, viewer: Viewer, delegation: str) -> NotDone | None:
        """End one's own; an administrator or manager ends anybody's. Taking a right away needs no second factor."""
        now = self._clock.now()
        async with self._units() as work:
            known = await work.approving.delegation(delegation)
            if known is None or known.company != viewer.company:
                return NotDone.NOT_FOUND
            person = await person_of(work, viewer)
            others = person.roles & {Role.MANAGER, Role.ADMINISTRATOR}
            if viewer.user not in (known.giver, known.holder) and not others:
                return NotDone.NOT_YOURS
            if known.revoked_at is None:
                work.add(
                    msgspec.structs.replace(known, revoked_at=now),
                    _audited(known, viewer, "delegation.revoke", now),
                )
                await work.commit()
        return None

    async def _faults(self, viewer: Viewer, loan: Loan) -> tuple[Fault, ...]:
        now = self._clock.now()
        people = {user.id for user in await self._reader.people(viewer.company)}
        found: list[Fault] = []
        if loan.holder not in people - {viewer.user}:
            found.append(Fault(path="to", code="UNKNOWN"))
        if not max(now, loan.starts_at) < loan.ends_at <= loan.starts_at + LONGEST:
            found.append(Fault(path="until", code="UNKNOWN"))
        rules = [Rule(action=kind, role=Role.MANAGER) for kind in loan.kinds or ()]
        if faults(self._catalogue, rules) or (loan.kinds is not None and not loan.kinds):
            found.append(Fault(path="kinds", code="UNKNOWN"))
        if loan.limit is not None and not loan.limit.plausible():
            found.append(Fault(path="limit", code="UNKNOWN"))
        return tuple(found)

    async def _unproven(
        self, viewer: Viewer, loan: Loan, proof: Proof | None
    ) -> SecondFactorMissing | NotDone | None:
        """Whoever may not lend is not asked for a code."""
        if await self._done.done(viewer.user, loan.key) is not None:
            return None
        async with self._units() as work:
            if (refusal := await _refusal(work, viewer, self._clock.now())) is not None:
                return refusal
        bound = operation_hash("delegate", viewer.user, loan.content)
        answer = await self._proofs.verify(viewer.user, Need.SECOND_FACTOR, bound, proof)
        if isinstance(answer, Unproven):
            return SecondFactorMissing(because=refused(answer), operation_hash=bound)
        return None


async def _refusal(work: UnitOfWork, viewer: Viewer, now: datetime) -> NotDone | None:
    """Why the viewer lends nothing: they have no right, or their company may only read."""
    person = await person_of(work, viewer)
    lent = await work.approving.delegations(viewer.company)
    holds = any(d.holder == viewer.user and d.in_force(now) for d in lent)
    if person.roles <= {Role.DECLARANT} and not (person.roles and holds):
        return NotDone.NOT_YOURS
    return NotDone.SUSPENDED if person.reads_only else None


def _audited(delegation: Delegation, viewer: Viewer, action: str, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=delegation.company,
        at=now,
        actor=f"user:{viewer.user}",
        action=action,
        subject=f"{delegation.id}/{delegation.giver}>{delegation.holder}",
    )
