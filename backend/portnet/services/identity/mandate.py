"""A company lets a broker work on its files, or no longer. Both companies' phones hear it at once.

Who decides is a manager or the administrator of the company, with a second factor for exactly this mandate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Company, CompanyKind, Mandate, Role, Viewer
from portnet.domain.catalogue import Catalogue
from portnet.domain.events import MandateGranted, MandateRevoked, Record, company_audience
from portnet.domain.identity.proof import Need, Proof, Unproven, operation_hash
from portnet.domain.submission import NotDone, Person
from portnet.domain.timers import Timer, retimed, timers_of_mandate
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitOfWork, UnitsOfWork
from portnet.services.identity.person import person_of, refused

GRANT, REVOKE = "grantMandate", "revokeMandate"
_DECIDE = frozenset({Role.MANAGER, Role.ADMINISTRATOR})


class MandateFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the wish that cannot be taken, and why: EMPTY, UNKNOWN, TOO_EARLY."""

    path: str
    code: str


class MandateWish(msgspec.Struct, frozen=True, kw_only=True):
    """To let ``broker`` work; ``key`` is made by the app, and the same for the same wish."""

    key: str
    broker: str
    starts_at: datetime
    ends_at: datetime | None = None
    kinds: tuple[str, ...] | None = None

    @property
    def content(self) -> str:
        """All that the second factor is for, besides the broker."""
        ends = self.ends_at.isoformat() if self.ends_at else ""
        kinds = "*" if self.kinds is None else ",".join(sorted(set(self.kinds)))
        return f"{self.starts_at.isoformat()}/{ends}/{kinds}"

    @property
    def operation_hash(self) -> str:
        return operation_hash(GRANT, self.broker, self.content)


def revocation_hash(mandate: str) -> str:
    """What the second factor of a revocation is for."""
    return operation_hash(REVOKE, mandate, "")


class Mandates:
    """The use cases of a mandate."""

    def __init__(
        self,
        units: UnitsOfWork,
        catalogue: Catalogue,
        proofs: Proofs,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._proofs = proofs
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def grant(
        self, viewer: Viewer, wish: MandateWish, proof: Proof | None
    ) -> Mandate | NotDone | tuple[MandateFault, ...]:
        """Let a broker work on those files of the viewer's company that name it; all faults at once."""
        if missing := await self._unproven(viewer, wish.key, wish.operation_hash, proof):
            return missing
        now = self._clock.now()
        async with self._units() as work:
            person = await person_of(work, viewer)
            known = {m.id: m for m in await work.mandates(viewer.company)}
            done = await work.done(viewer.user, wish.key)
            if done is not None:
                return _again(done, known, wish.operation_hash)
            if refusal := _refusal(person, granting=True):
                return refusal
            broker = await work.company(wish.broker)
            faults = tuple(self._faults(wish, broker, viewer, now))
            if faults:
                return faults
            mandate = Mandate(
                id=self._ids.new(),
                company=viewer.company,
                broker=wish.broker,
                starts_at=wish.starts_at,
                ends_at=wish.ends_at,
                kinds=None if wish.kinds is None else tuple(sorted(set(wish.kinds))),
            )
            granted = MandateGranted(
                mandate=mandate.id, company=mandate.company, broker=mandate.broker
            )
            work.add(_done(viewer, wish.key, mandate, wish.operation_hash, now))
            await self._write(work, mandate, (), granted, viewer, "mandate.granted", now)
        return mandate

    async def revoke(
        self, viewer: Viewer, key: str, mandate: str, proof: Proof | None
    ) -> Mandate | NotDone:
        """End a mandate of the viewer's company now; one that had expired no longer leaves anything behind. Revoked
        twice is revoked once.
        """
        bound = revocation_hash(mandate)
        if missing := await self._unproven(viewer, key, bound, proof, mandate):
            return missing
        now = self._clock.now()
        async with self._units() as work:
            person = await person_of(work, viewer)
            known = await _own(work, viewer, mandate)
            done = await work.done(viewer.user, key)
            if known is None or done is not None:
                return _again(done, {mandate: known} if known else {}, bound)
            if refusal := _refusal(person, granting=False):
                return refusal
            if known.revoked_at is not None:
                return known
            revoked = msgspec.structs.replace(known, revoked_at=now)
            event = MandateRevoked(mandate=known.id, company=known.company, broker=known.broker)
            work.add(_done(viewer, key, known, bound, now))
            old = timers_of_mandate(known)
            await self._write(work, revoked, old, event, viewer, "mandate.revoked", now)
        return revoked

    async def _unproven(
        self, viewer: Viewer, key: str, bound: str, proof: Proof | None, mandate: str | None = None
    ) -> NotDone | None:
        async with self._units() as work:
            if mandate is not None and await _own(work, viewer, mandate) is None:
                return NotDone.NOT_FOUND
            if await work.done(viewer.user, key) is not None:
                return None
            # Whoever may not decide is not asked for a code.
            person = await person_of(work, viewer)
            if not person.roles & _DECIDE:
                return NotDone.NOT_YOURS
        answer = await self._proofs.verify(viewer.user, Need.SECOND_FACTOR, bound, proof)
        return refused(answer) if isinstance(answer, Unproven) else None

    def _faults(
        self, wish: MandateWish, broker: Company | None, viewer: Viewer, now: datetime
    ) -> Iterator[MandateFault]:
        own_side = broker is not None and broker.sandbox == viewer.sandbox
        if (
            not own_side
            or broker is None
            or broker.kind is not CompanyKind.BROKER
            or broker.id == viewer.company
        ):
            yield MandateFault(path="broker", code="UNKNOWN")
        if wish.ends_at is not None and wish.ends_at <= max(now, wish.starts_at):
            yield MandateFault(path="until", code="TOO_EARLY")
        if wish.kinds is not None:
            if not wish.kinds:
                yield MandateFault(path="kinds", code="EMPTY")
            elif any(self._catalogue.latest(kind) is None for kind in wish.kinds):
                yield MandateFault(path="kinds", code="UNKNOWN")

    async def _write(
        self,
        work: UnitOfWork,
        mandate: Mandate,
        old: Sequence[Timer],
        event: MandateGranted | MandateRevoked,
        viewer: Viewer,
        action: str,
        now: datetime,
    ) -> None:
        audiences = (company_audience(mandate.company), company_audience(mandate.broker))
        work.add(
            mandate,
            retimed(old, timers_of_mandate(mandate), (), now),
            Record(
                id=self._ids.new(), at=now, event=event, subject=mandate.id, audiences=audiences
            ),
            AuditDraft(
                company=mandate.company,
                at=now,
                actor=f"user:{viewer.user}",
                action=action,
                subject=mandate.id,
            ),
        )
        self._wakeups.feeds(await work.commit())


async def _own(work: UnitOfWork, viewer: Viewer, mandate: str) -> Mandate | None:
    """A mandate that the viewer's company gave; its broker cannot revoke it."""
    found = await work.mandate(mandate)
    return found if found is not None and found.company == viewer.company else None


def _refusal(person: Person, *, granting: bool) -> NotDone | None:
    """Taking a mandate back is never refused for want of a subscription."""
    if not person.roles & _DECIDE:
        return NotDone.NOT_YOURS
    return NotDone.SUSPENDED if granting and person.reads_only else None


def _again(
    done: MutationDone | None, known: Mapping[str, Mandate], fingerprint: str
) -> Mandate | NotDone:
    if done is None or done.subject not in known:
        return NotDone.NOT_FOUND if done is None else NotDone.KEY_REUSED
    return known[done.subject] if done.fingerprint == _digest(fingerprint) else NotDone.KEY_REUSED


def _done(
    viewer: Viewer, key: str, mandate: Mandate, fingerprint: str, now: datetime
) -> MutationDone:
    return MutationDone(
        user=viewer.user, key=key, subject=mandate.id, fingerprint=_digest(fingerprint), at=now
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
