"""Take one agency message in: file it, fold it, tell whoever follows. One transaction, nothing sent inside it.

The message is claimed inside the transaction and its files are locked, so that two workers never open or fold one file
at once. What cannot be applied changes no state: it becomes an anomaly, and the timeline says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import assert_never

import msgspec

from portnet.domain.agency import AgencyEvent, event_key
from portnet.domain.alerts import CORRECTION
from portnet.domain.catalogue import CLOCK, OPERATOR, Catalogue
from portnet.domain.dependencies import cautions
from portnet.domain.desk.anomaly import (
    AMENDMENT_RETRY,
    PARKED_FOR,
    Anomaly,
    AnomalyReason,
    AnomalyState,
)
from portnet.domain.dossier import Dossier
from portnet.domain.events import (
    BrokerNamed,
    DossierOpened,
    Event,
    MessageFolded,
    ProcedureOpened,
    Record,
    ReferencesLinked,
    RequestChanged,
    StepVanished,
    company_audience,
)
from portnet.domain.filing import (
    Batch,
    Files,
    Link,
    OnFile,
    Opens,
    Unfiled,
    concerning,
    file,
    hearers,
    linked_by,
)
from portnet.domain.folding import (
    Folded,
    fold_in,
    new_entry,
    open_dossier,
    open_procedure,
    refresh,
    waits_until,
)
from portnet.domain.identity.subscription import SUBSCRIPTION
from portnet.domain.inbox import InboxState, Progress, RawMessage, Reawakening, Settlement
from portnet.domain.indicators.counting import Uncounted, UncountedKind
from portnet.domain.paying.settling import settled_with
from portnet.domain.procedure import Entry, EntryKind, Procedure, Refusal
from portnet.domain.timers import retimed, timers_of
from portnet.ports.alerts import AlertPlanner
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import AuditDraft, Change, UnitsOfWork, Vanished
from portnet.services.telling import tell_people


class _Changes:
    """What one message changes, as it is found."""

    def __init__(self) -> None:
        self.collected: list[Change] = []
        #: When to come back with the message: it waits for one that comes before it, or this was a part of it.
        self.again_at: datetime | None = None

    def add(self, *changes: Change) -> None:
        self.collected.extend(changes)


class Intake:
    """The use case of the intake worker; safe to run many at once."""

    def __init__(
        self,
        units: UnitsOfWork,
        catalogue: Catalogue,
        planner: AlertPlanner,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._planner = planner
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def take_in(self, message: AgencyEvent) -> datetime | None:
        """Apply ``message``, or park or set it aside with its reason. One that another worker took is left to it.

        One that touches very many procedures is applied to some of them, and waits in the inbox for its next turn.

        Returns:
            when to come back with it, if it waits for one that its source numbered before it; now for the next part.
        """
        changes = _Changes()
        async with self._units() as work:
            decide = partial(self._decided, message, changes)
            positions = await work.take_in(message, decide, self._may_correct(message))
        if positions:
            self._wakeups.feeds(positions)
            self._wakeups.outbox()
            self._wakeups.inbox()
        return changes.again_at

    async def give_up(
        self,
        message: RawMessage | AgencyEvent,
        detail: str,
        reason: AnomalyReason = AnomalyReason.UNREADABLE,
    ) -> None:
        """Set a message aside that cannot be understood or applied; the raw body stays for the help desk."""
        now = self._clock.now()
        async with self._units() as work:
            if not await work.take(message.receipt):
                return
            work.add(
                Anomaly(
                    id=self._ids.new(),
                    receipt=message.receipt,
                    source=message.source,
                    reason=reason,
                    state=AnomalyState.OPEN,
                    detail=detail,
                    received_at=message.received_at,
                    updated_at=now,
                ),
                Settlement(receipt=message.receipt, state=InboxState.SET_ASIDE, at=now),
            )
            await work.commit()

    def fold(
        self,
        files: Files,
        message: AgencyEvent,
        procedure: Procedure,
        now: datetime,
        alert: str | None = None,
    ) -> list[Change]:
        """What a message changes that came from no inbox: our clock's, the company's own. Computes only.

        ``alert`` is raised about it whatever the fold says.
        """
        folded = self._fold_one(files, message, procedure, now)
        if alert is not None:
            folded = _deserving(folded, message, alert)
        return self.applied(files, message, folded, now)

    def applied(
        self, files: Files, message: AgencyEvent, folded: Folded, now: datetime
    ) -> list[Change]:
        """What follows from ``folded``: dossier, frames, alerts, timers, the audit's line. Computes only."""
        changes = _Changes()
        self._apply(changes, files, message, [folded.procedure], [folded], now)
        return changes.collected

    def _may_correct(self, message: AgencyEvent) -> bool:
        """Whether somebody may have been told what ``message`` makes untrue."""
        definition = self._catalogue.latest(message.code)
        return message.amends is not None or (
            definition is not None and definition.alert_of(message.event) == CORRECTION
        )

    def _decided(self, message: AgencyEvent, changes: _Changes, files: Files) -> list[Change]:
        """What ``message`` changes; computes only, on whichever thread."""
        now = self._clock.now()
        filing = file(self._catalogue, files, message, now)
        batch = files.batch
        if batch is not None and (batch.more or batch.begun) and not isinstance(filing, OnFile):
            # Nothing in this part; other parts may have, or had, something.
            _settle(changes, message, batch, now)
            return changes.collected
        match filing:
            case Unfiled() as unfiled:
                self._set_aside(changes, files, message, unfiled, now)
            case Opens() as opens:
                self._open(changes, files, message, opens, now)
            case OnFile() as filed:
                changes.again_at = _waits_until(files, message, filed.procedures, now)
                if changes.again_at is None:
                    self._fold(changes, files, message, filed.procedures, now)
            case _ as unreachable:
                assert_never(unreachable)
        return changes.collected

    def _set_aside(
        self, changes: _Changes, files: Files, message: AgencyEvent, unfiled: Unfiled, now: datetime
    ) -> None:
        known = next((a for a in files.anomalies if a.receipt == message.receipt), None)
        parked_until = message.received_at + PARKED_FOR
        waits = unfiled.parked and now < parked_until
        awaited: tuple[str, ...] = ()
        if message.amends is not None:
            # What it amends may come while it is parked, in a transaction that does not see it yet.
            parked_until = min(parked_until, now + AMENDMENT_RETRY)
            awaited = (event_key(message.source, message.amends),)
        changes.add(
            Anomaly(
                id=known.id if known else self._ids.new(),
                receipt=message.receipt,
                source=message.source,
                reason=unfiled.reason,
                state=AnomalyState.PARKED if waits else AnomalyState.OPEN,
                detail=unfiled.detail,
                received_at=message.received_at,
                updated_at=now,
                parked_until=parked_until if waits else None,
            ),
            Settlement(
                receipt=message.receipt,
                state=InboxState.PARKED if waits else InboxState.SET_ASIDE,
                at=now,
                refs=(*(ref.key for ref in message.refs), *awaited) if waits else (),
            ),
        )

    def _open(
        self, changes: _Changes, files: Files, message: AgencyEvent, opens: Opens, now: datetime
    ) -> None:
        definition = self._catalogue.latest(message.code)
        if definition is None:
            raise AssertionError(f"filed under a code that the catalogue lacks: {message.code}")
        shared = opens.dossier.id if opens.dossier else None
        procedure = open_procedure(
            definition, self._ids.new(), shared or self._ids.new(), opens.identity, message
        )
        dossier = opens.dossier or open_dossier(
            self._catalogue, procedure.dossier, opens.company, procedure, now
        )
        if shared is None:
            changes.add(self._record(now, DossierOpened(dossier=dossier), dossier.id))
        changes.add(self._record(now, ProcedureOpened(procedure=procedure), dossier.id))
        if procedure.code == SUBSCRIPTION:
            changes.add(msgspec.structs.replace(opens.company, subscription=procedure.id))
        opened = msgspec.structs.replace(
            files,
            dossiers={**files.dossiers, dossier.id: dossier},
            procedures=(*files.procedures, procedure),
        )
        self._fold(changes, opened, message, (procedure,), now)

    def _fold(
        self,
        changes: _Changes,
        files: Files,
        message: AgencyEvent,
        procedures: Sequence[Procedure],
        now: datetime,
    ) -> None:
        folds = [self._fold_one(files, message, procedure, now) for procedure in procedures]
        for payment, said in settled_with(self._catalogue, files, message, folds):
            folds.append(self._fold_one(files, said, payment, now))
        for dossier_id in sorted({folded.procedure.dossier for folded in folds}):
            own = [folded for folded in folds if folded.procedure.dossier == dossier_id]
            self._apply(changes, files, message, procedures, own, now)
        _settle(changes, message, files.batch, now)
        if files.awaited:
            changes.add(Reawakening(refs=(event_key(message.source, message.event_id),)))

    def _apply(
        self,
        changes: _Changes,
        files: Files,
        message: AgencyEvent,
        procedures: Sequence[Procedure],
        folds: Sequence[Folded],
        now: datetime,
    ) -> None:
        """What follows from the ``folds`` of one dossier; ``procedures`` are all that the message is filed on."""
        dossier = self._refreshed(files, message, folds[0].procedure.dossier, folds, now)
        heard_by = hearers(dossier, files.mandates, now)
        changes.add(dossier, *(folded.procedure for folded in folds))
        if dossier.broker is not None and files.dossiers[dossier.id].broker is None:
            named = BrokerNamed(dossier=dossier.id, broker=dossier.broker)
            changes.add(self._record(now, named, dossier.id))
        for folded in folds:
            self._tell(changes, files, message, folded, heard_by, now)
            self._ask(changes, folded, heard_by, now)
            if folded.procedure.code == message.code:
                self._link(changes, files, message, procedures, folded.procedure, now)
            changes.add(
                *tell_people(self._planner, files, dossier, folded, heard_by, now, self._ids.new)
            )
            self._time(changes, files, folded, now)
        changes.add(_audited(message, dossier, now))
        if not dossier.sandbox:
            changes.add(self._uncounted(dossier, now))

    def _fold_one(
        self, files: Files, message: AgencyEvent, procedure: Procedure, now: datetime
    ) -> Folded:
        definition = self._catalogue.definition(procedure.code, procedure.definition)
        entries = [entry for entry in files.entries if entry.procedure == procedure.id]
        # A message that the help desk has tried again is on the timeline already.
        said = (e for e in entries if e.kind is not EntryKind.INFERRED)
        known = next((e for e in said if e.message.receipt == message.receipt), None)
        others = files.of(procedure.dossier)
        warnings = cautions(self._catalogue, procedure, message, entries, others)
        kept = concerning(files, message, procedure)
        arrived = known or new_entry(self._ids.new(), procedure, kept, warnings)
        return fold_in(definition, procedure, entries, arrived, now)

    def _refreshed(
        self,
        files: Files,
        message: AgencyEvent,
        dossier_id: str,
        folds: Sequence[Folded],
        now: datetime,
    ) -> Dossier:
        now_standing = {folded.procedure.id: folded.procedure for folded in folds}
        procedures = [now_standing.get(p.id, p) for p in files.of(dossier_id)]
        dossier = refresh(self._catalogue, files.dossiers[dossier_id], procedures, now)
        broker = files.company(message.party("BROKER"))
        if dossier.broker is None and broker is not None and broker.sandbox == dossier.sandbox:
            return msgspec.structs.replace(dossier, broker=broker.id, broker_since=now)
        return dossier

    def _tell(
        self,
        changes: _Changes,
        files: Files,
        message: AgencyEvent,
        folded: Folded,
        heard_by: Sequence[str],
        now: datetime,
    ) -> None:
        audiences = tuple(company_audience(company) for company in heard_by)
        for entry in folded.vanished:
            gone = StepVanished(dossier=entry.dossier, procedure=entry.procedure, entry=entry.id)
            record = self._record(now, gone, entry.dossier, audiences)
            changes.add(
                Vanished(entry=entry.id),
                msgspec.structs.replace(record, procedure=entry.procedure, entry=entry.id),
            )
        for entry in folded.changed:
            inferred = entry.kind is EntryKind.INFERRED
            arrived = entry.message.receipt == message.receipt and not inferred
            event = MessageFolded(entry=entry, arrived=arrived)
            record = self._record(now, event, entry.dossier, audiences)
            changes.add(
                entry,
                msgspec.structs.replace(record, procedure=entry.procedure, entry=entry.id),
            )
            if entry.kind is EntryKind.INFERRED:
                continue
            anomaly = self._anomaly_of(files, entry, now)
            if anomaly is not None:
                changes.add(anomaly)

    def _ask(
        self, changes: _Changes, folded: Folded, heard_by: Sequence[str], now: datetime
    ) -> None:
        """Tell of the agency's questions, made or ended."""
        audiences = tuple(company_audience(company) for company in heard_by)
        for request in folded.requests:
            record = self._record(now, RequestChanged(request=request), request.id, audiences)
            changes.add(request, msgspec.structs.replace(record, procedure=request.procedure))

    def _anomaly_of(self, files: Files, entry: Entry, now: datetime) -> Anomaly | None:
        if entry.message.source == CLOCK or entry.refusal is Refusal.REJECTED:
            return None
        receipt, places = entry.message.receipt, (None, entry.dossier)
        own = (a for a in files.anomalies if a.receipt == receipt and a.dossier in places)
        known = next(own, None)
        if entry.kind is not EntryKind.NOT_APPLIED or entry.refusal is None:
            if known is None:
                return None
            return msgspec.structs.replace(
                known, state=AnomalyState.RETRIED, updated_at=now, dossier=entry.dossier
            )
        return Anomaly(
            id=known.id if known else self._ids.new(),
            receipt=entry.message.receipt,
            source=entry.message.source,
            reason=_anomaly_reason(entry.refusal),
            state=AnomalyState.OPEN,
            detail=entry.message.type,
            received_at=entry.message.received_at,
            updated_at=now,
            dossier=entry.dossier,
        )

    def _link(
        self,
        changes: _Changes,
        files: Files,
        message: AgencyEvent,
        procedures: Sequence[Procedure],
        procedure: Procedure,
        now: datetime,
    ) -> None:
        known = {link.ref.key for link in files.links if link.procedure == procedure.id}
        fresh = linked_by(self._catalogue, files, message, procedures, procedure)
        fresh = tuple(ref for ref in fresh if ref.key not in known)
        if not fresh:
            return
        linked = ReferencesLinked(dossier=procedure.dossier, procedure=procedure.id, refs=fresh)
        changes.add(
            self._record(now, linked, procedure.dossier),
            Reawakening(refs=tuple(ref.key for ref in fresh)),
            *(Link(dossier=procedure.dossier, procedure=procedure.id, ref=ref) for ref in fresh),
        )

    def _uncounted(self, dossier: Dossier, now: datetime) -> Uncounted:
        kind = UncountedKind.DOSSIER
        return Uncounted(id=self._ids.new(), kind=kind, subject=dossier.id, at=now)

    def _time(self, changes: _Changes, files: Files, folded: Folded, now: datetime) -> None:
        """Timers go with the state and its dates: what leaves them as they were sets nothing."""
        after = folded.procedure
        before = next((p for p in files.procedures if p.id == after.id), after)
        opened = before.version == 0
        if not opened and _timed_alike(before, after):
            return
        definition = self._catalogue.definition(after.code, after.definition)
        old = () if opened else timers_of(definition, before)
        entries = [entry for entry in files.entries if entry.procedure == after.id]
        due = retimed(old, timers_of(definition, after), [*entries, *folded.changed], now)
        if due.moot or due.live:
            changes.add(due)

    def _record(
        self,
        at: datetime,
        event: Event,
        subject: str,
        audiences: tuple[str, ...] = (),
    ) -> Record:
        return Record(id=self._ids.new(), at=at, event=event, subject=subject, audiences=audiences)


def _audited(message: AgencyEvent, dossier: Dossier, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=dossier.company,
        at=now,
        actor=_actor(message.source),
        action=f"message.{message.type}",
        subject=f"{dossier.id}/{message.receipt}",
    )


def _actor(source: str) -> str:
    return {CLOCK: "clock", OPERATOR: "company"}.get(source, f"agency:{source}")


def _timed_alike(before: Procedure, after: Procedure) -> bool:
    return (before.state, before.entered_at, before.due_at) == (
        after.state,
        after.entered_at,
        after.due_at,
    )


def _deserving(folded: Folded, message: AgencyEvent, alert: str) -> Folded:
    entry = next(e for e in folded.changed if e.message.receipt == message.receipt)
    deserving = msgspec.structs.replace(entry, alert=alert)
    return msgspec.structs.replace(folded, deserving=deserving)


def _settle(changes: _Changes, message: AgencyEvent, batch: Batch | None, now: datetime) -> None:
    if batch is not None and batch.more:
        changes.again_at = now
        changes.add(Progress(receipt=message.receipt, after=batch.after))
    else:
        changes.add(Settlement(receipt=message.receipt, state=InboxState.DONE, at=now))


def _waits_until(
    files: Files, message: AgencyEvent, procedures: Sequence[Procedure], now: datetime
) -> datetime | None:
    """Until when any of ``procedures`` waits for what comes before ``message``; None once that is over."""
    if message.seq is None:
        return None
    own = [[e for e in files.entries if e.procedure == p.id] for p in procedures]
    found = (waits_until(entries, message) for entries in own)
    return max((at for at in found if at is not None and at > now), default=None)


def _anomaly_reason(refusal: Refusal) -> AnomalyReason:
    match refusal:
        case Refusal.UNKNOWN_EVENT:
            return AnomalyReason.UNKNOWN_EVENT
        case Refusal.NOT_THAT_SOURCE:
            return AnomalyReason.NOT_THAT_SOURCE
        case Refusal.ILLEGAL_TRANSITION | Refusal.REJECTED:
            # A rejected act is the company's to correct: no anomaly is made of one.
            return AnomalyReason.ILLEGAL_TRANSITION
        case Refusal.ALREADY_FINAL:
            return AnomalyReason.ALREADY_FINAL
        case _:
            assert_never(refusal)
