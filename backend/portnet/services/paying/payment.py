"""What becomes of orders to pay: taken by the provider, perhaps taken, refused, asked about. Each is one transaction.

An order counts from the moment at which it may have arrived, not from when the provider says so: what is not known is
in doubt, and nobody pays it again. Whether it was paid is said by the provider's messages alone, through the inbox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.agency import AgencyEvent, Reason
from portnet.domain.catalogue import OPERATOR, Catalogue
from portnet.domain.events import PaymentChecked, Record, company_audience
from portnet.domain.filing import Files, hearers
from portnet.domain.folding import refresh
from portnet.domain.inbox import RawMessage
from portnet.domain.outgoing import UNDER_WAY, Outgoing, OutgoingState
from portnet.domain.paying.obligation import LIVE, PROVIDER, START, under_way
from portnet.domain.paying.order import PaymentOrder, checked, over, taken
from portnet.domain.procedure import Procedure
from portnet.ports.clock import Clock, Ids
from portnet.ports.gateway import Answer
from portnet.ports.inbox import Inbox
from portnet.ports.live import Wakeups
from portnet.ports.paying.provider import Outcome, PaymentProvider
from portnet.ports.unit_of_work import AuditDraft, Change, UnitOfWork, UnitsOfWork
from portnet.services.intake import Intake

_FAILED = "failed"


class Payments:
    """The use cases of whoever carries orders to the provider."""

    def __init__(
        self,
        units: UnitsOfWork,
        catalogue: Catalogue,
        intake: Intake,
        provider: PaymentProvider,
        inbox: Inbox,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._intake = intake
        self._provider = provider
        self._inbox = inbox
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def order(self, outgoing: Outgoing) -> Answer:
        """Hand an order over to the provider; the same one as often as need be."""
        return await self._provider.start(outgoing)

    async def wanted(self, outgoing: Outgoing) -> bool:
        """Whether an order is still to be carried out. One that was settled otherwise meanwhile never leaves again."""
        async with self._units() as work:
            found = await _payment(work, outgoing.subject)
            if found is None or under_way(found.procedure):
                return True
            now = self._clock.now()
            work.add(_answered(outgoing, OutgoingState.REJECTED, now))
            await work.commit()
        return False

    async def started(self, outgoing: Outgoing, reference: str) -> None:
        """The provider has the order, under ``reference``."""
        now = self._clock.now()
        async with self._units() as work:
            current = await work.outgoing(outgoing.id)
            found = await _payment(work, outgoing.subject)
            order = await work.payment_order(outgoing.subject)
            if found is None or order is None or current is None or current.state not in UNDER_WAY:
                return
            work.add(
                _answered(current, OutgoingState.ACKNOWLEDGED, now),
                taken(order, reference, now),
                *self._begun(found, outgoing, now),
            )
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()

    async def unanswered(self, outgoing: Outgoing) -> None:
        """Nobody knows whether the provider has the order: it counts as given, and leaves again under its one key."""
        now = self._clock.now()
        async with self._units() as work:
            current = await work.outgoing(outgoing.id)
            found = await _payment(work, outgoing.subject)
            if current is None or current.state not in UNDER_WAY:
                return
            if found is None or found.has_begun(outgoing):
                return
            work.add(*self._begun(found, outgoing, now))
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()

    async def declined(self, outgoing: Outgoing, reasons: tuple[Reason, ...]) -> bool:
        """The provider refused an order that counted as given: it failed. False when it never counted."""
        now = self._clock.now()
        async with self._units() as work:
            current = await work.outgoing(outgoing.id)
            found = await _payment(work, outgoing.subject)
            if found is None or current is None or not found.has_begun(outgoing):
                return False
            if current.state in UNDER_WAY:
                said = _said(self._ids.new(), found.procedure, outgoing, now, reasons)
                work.add(
                    _answered(current, OutgoingState.REJECTED, now),
                    *self._intake.fold(found.files, said, found.procedure, now),
                )
                self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        return True

    async def check(self, order: PaymentOrder) -> None:
        """Ask the provider what became of an order; its answer goes where its messages go, and counts once."""
        if order.provider_reference is not None and await self._still_live(order):
            answer = await self._provider.status(order.provider_reference, sandbox=order.sandbox)
            if isinstance(answer, Outcome):
                await self._inbox.receive(self._raw(answer, order.sandbox))
                self._wakeups.inbox()
            await self._asked_again(order)

    async def _still_live(self, order: PaymentOrder) -> bool:
        async with self._units() as work:
            found = await _payment(work, order.procedure)
            if found is not None and found.procedure.state in LIVE:
                return True
            work.add(over(order))
            await work.commit()
        return False

    async def _asked_again(self, order: PaymentOrder) -> None:
        now = self._clock.now()
        async with self._units() as work:
            found = await _payment(work, order.procedure)
            current = await work.payment_order(order.procedure)
            if found is None or current is None or current.key != order.key:
                return
            work.add(checked(current, now), *self._shown(found, now))
            self._wakeups.feeds(await work.commit())

    def _begun(self, found: _Payment, outgoing: Outgoing, now: datetime) -> Sequence[Change]:
        """The order, folded in; once it is, that its next check changed is told by itself."""
        if found.has_begun(outgoing):
            return self._shown(found, now)
        procedure = msgspec.structs.replace(found.procedure, requested=None)
        ordered = AgencyEvent(
            receipt=self._ids.new(),
            source=OPERATOR,
            event_id=outgoing.id,
            code=procedure.code,
            event=START,
            occurred_at=now,
            received_at=now,
            refs=(),
            actor_role=outgoing.by,
            sandbox=outgoing.sandbox,
        )
        return self._intake.fold(found.files, ordered, procedure, now)

    def _shown(self, found: _Payment, now: datetime) -> Sequence[Change]:
        """A new version of the payment, for its phones; the order itself is beside it."""
        files, before = found.files, found.procedure
        procedure = msgspec.structs.replace(before, updated_at=now, version=before.version + 1)
        others = [p for p in files.of(procedure.dossier) if p.id != procedure.id]
        known = files.dossiers[procedure.dossier]
        dossier = refresh(self._catalogue, known, [*others, procedure], now)
        return (
            dossier,
            procedure,
            Record(
                id=self._ids.new(),
                at=now,
                event=PaymentChecked(procedure=procedure),
                subject=dossier.id,
                audiences=tuple(map(company_audience, hearers(dossier, files.mandates, now))),
                procedure=procedure.id,
            ),
            AuditDraft(
                company=dossier.company,
                at=now,
                actor="system",
                action="payment.checked",
                subject=f"{dossier.id}/{procedure.id}",
            ),
        )

    def _raw(self, outcome: Outcome, sandbox: bool) -> RawMessage:
        return RawMessage(
            receipt=self._ids.new(),
            source=PROVIDER,
            event_id=outcome.event_id,
            body=outcome.message,
            body_hash=hashlib.sha256(outcome.message).digest(),
            key="asked",
            sandbox=sandbox,
            received_at=self._clock.now(),
        )


class _Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment and its files, locked."""

    files: Files
    procedure: Procedure

    def has_begun(self, outgoing: Outgoing) -> bool:
        """Whether the order counts as given."""
        return any(entry.message.event_id == outgoing.id for entry in self.files.entries)


async def _payment(work: UnitOfWork, procedure: str) -> _Payment | None:
    files = await work.file(procedure)
    if files is None:
        return None
    return _Payment(files=files, procedure=next(p for p in files.procedures if p.id == procedure))


def _answered(outgoing: Outgoing, state: OutgoingState, now: datetime) -> Outgoing:
    return msgspec.structs.replace(outgoing, state=state, updated_at=now, leased_until=None)


def _said(
    receipt: str,
    procedure: Procedure,
    outgoing: Outgoing,
    now: datetime,
    reasons: tuple[Reason, ...],
) -> AgencyEvent:
    """The provider's refusal, as its own message would say it."""
    return AgencyEvent(
        receipt=receipt,
        source=PROVIDER,
        event_id=f"{outgoing.id}:{_FAILED}",
        code=procedure.code,
        event=_FAILED,
        occurred_at=now,
        received_at=now,
        refs=(),
        reasons=reasons,
        sandbox=outgoing.sandbox,
    )
