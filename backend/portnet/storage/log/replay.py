"""The read model out of the log: a dossier with all that hangs on it, or an alert, as their events leave them.

Messages are folded again, so that it does not matter in which order several workers' events were written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar, assert_never

import msgspec

from portnet.domain.alerts import Alert, AlertState
from portnet.domain.approving.approval import Approval
from portnet.domain.catalogue import OPERATOR, Catalogue, Definition
from portnet.domain.declaring.drafting import DraftField, DraftSaved
from portnet.domain.dossier import Dossier
from portnet.domain.events import (
    ActRequested,
    AlertAcknowledged,
    AlertRaised,
    AlertSeen,
    AlertSuperseded,
    ApprovalChanged,
    BrokerNamed,
    DocumentStored,
    DossierOpened,
    Event,
    HelpCaseChanged,
    MandateEnded,
    MandateGranted,
    MandateRevoked,
    MandateStarted,
    MemberChanged,
    MessageAttached,
    MessageFolded,
    PaymentChecked,
    ProcedureOpened,
    ReferencesLinked,
    RequestChanged,
    StepTaken,
    StepVanished,
    SubmissionChanged,
    SubmissionReceived,
)
from portnet.domain.filing import Link
from portnet.domain.folding import refresh
from portnet.domain.outgoing import SUBMISSION
from portnet.domain.procedure import Entry, Procedure, Requested, Standing, fold
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Revision, Submission
from portnet.storage.log.declared import Declared, version_of

Versioned = TypeVar("Versioned", InformationRequest, Approval)

#: Nobody sees for the first time what is superseded or taken, and what is taken is not superseded any more.
_ALERTS_END: Mapping[type[Event], int] = {AlertSuperseded: 1, AlertAcknowledged: 2}


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """An event and when it was written."""

    at: datetime
    event: Event


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the read model; a dossier's, an alert's, a request's, a submission's or an approval's."""

    dossiers: tuple[Dossier, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    entries: tuple[Entry, ...] = ()
    links: tuple[Link, ...] = ()
    alerts: tuple[Alert, ...] = ()
    requests: tuple[InformationRequest, ...] = ()
    submissions: tuple[Submission, ...] = ()
    approvals: tuple[Approval, ...] = ()
    fields: tuple[DraftField, ...] = ()
    revisions: tuple[Revision, ...] = ()


def rebuild(catalogue: Catalogue, logged: Sequence[Logged]) -> Rebuilt:
    """What the events of one subject, in the order of their ids, make of it; nothing for a mandate's."""
    subject = _Subject()
    # Several workers' ids tell the order by their clocks only.
    for each in sorted(logged, key=lambda each: _ALERTS_END.get(type(each.event), 0)):
        subject.take(each)
    return subject.rebuilt(catalogue)


class _Subject:
    def __init__(self) -> None:
        self.dossier: Dossier | None = None
        self.procedures: dict[str, Procedure] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self.entries: dict[str, Entry] = {}
        #: By (procedure, receipt), how often a message came in.
        self.arrivals: Counter[tuple[str, str]] = Counter()
        self.acts: list[Procedure] = []
        self.taken: list[StepTaken] = []
        #: How many papers came, by procedure: each is a version of it.
        self.papers: Counter[str | None] = Counter()
        #: Submissions received and messages attached: what else was a version of the dossier.
        self.others = 0
        self.changed_at: dict[str, datetime] = {}
        self.alert: Alert | None = None
        self.request: InformationRequest | None = None
        self.approval: Approval | None = None
        self.submission: list[Logged] = []

    def take(self, logged: Logged) -> None:
        event = logged.event
        match event:
            case DossierOpened():
                self.dossier = event.dossier
            case BrokerNamed():
                self.dossier = _known(self.dossier, event.broker, logged.at)
            case ProcedureOpened():
                self.procedures[event.procedure.id] = event.procedure
            case ReferencesLinked():
                self._link(event)
            case MessageFolded():
                self._folded(event, logged.at)
            case AlertRaised():
                self.alert = event.alert
            case AlertSeen():
                self.alert = _seen(self.alert, event)
            case AlertAcknowledged():
                self.alert = _acknowledged(self.alert, event)
            case ActRequested() | PaymentChecked():
                self.acts.append(event.procedure)
                self._changed(event.procedure.id, logged.at)
            case DocumentStored():
                subject = event.document.subject
                self.papers[subject.procedure] += 1
                self._changed(subject.procedure or subject.id, logged.at)
            case SubmissionReceived():
                self.others += 1
                self._changed(event.dossier, logged.at)
            case StepTaken():
                self.taken.append(event)
                self._changed(event.procedure, logged.at)
            case MessageAttached():
                self.others += 1
                self._link(event)
                self._changed(event.dossier, logged.at)
            case RequestChanged():
                self.request = _newer(self.request, event.request)
            case ApprovalChanged():
                self.approval = _newer(self.approval, event.approval)
            case SubmissionChanged() | DraftSaved():
                self.submission.append(logged)
            case AlertSuperseded():
                self.alert = _superseded(self.alert)
            case StepVanished():
                # Inferred steps are inferred again.
                return
            case MandateGranted() | MandateRevoked() | MandateStarted() | MandateEnded():
                return
            case HelpCaseChanged() | MemberChanged():
                # Cases and members are no read model of the log.
                return
            case _ as unreachable:
                assert_never(unreachable)

    def rebuilt(self, catalogue: Catalogue) -> Rebuilt:
        if self.alert is not None:
            return Rebuilt(alerts=(self.alert,))
        if self.request is not None:
            return Rebuilt(requests=(self.request,))
        if self.approval is not None:
            return Rebuilt(approvals=(self.approval,))
        if self.submission:
            return _declared(self.submission)
        if self.dossier is None:
            return Rebuilt()
        procedures: list[Procedure] = []
        entries: list[Entry] = []
        for procedure in self.procedures.values():
            own = [entry for entry in self.entries.values() if entry.procedure == procedure.id]
            definition = catalogue.definition(procedure.code, procedure.definition)
            outcome = fold(definition, procedure.opened_at, own)
            entries += outcome.entries
            standing = outcome.standing
            acts = [act for act in self.acts if act.id == procedure.id]
            taken = [step for step in self.taken if step.procedure == procedure.id]
            holder = _taken(taken, standing)
            folds = sum(n for (of, _), n in self.arrivals.items() if of == procedure.id)
            procedures.append(
                msgspec.structs.replace(
                    procedure,
                    state=standing.state,
                    previous=standing.previous,
                    entered_at=standing.entered_at,
                    due_at=standing.due_at,
                    reasons=standing.reasons,
                    place=standing.place,
                    expected_at=outcome.expected_at,
                    amounts=standing.amounts,
                    obligation=outcome.obligation,
                    identity=_identity(definition, procedure, own),
                    requested=_under_way(acts, own),
                    updated_at=self.changed_at.get(procedure.id, procedure.updated_at),
                    version=procedure.version
                    + folds
                    + len(acts)
                    + len(taken)
                    + self.papers[procedure.id],
                    taken_by=None if holder is None else holder.by,
                    taken_at=None if holder is None else holder.at,
                )
            )
        return Rebuilt(
            dossiers=(self._refreshed(catalogue, self.dossier, procedures),),
            procedures=tuple(procedures),
            entries=tuple(entries),
            links=tuple(self.links.values()),
        )

    def _link(self, event: ReferencesLinked | MessageAttached) -> None:
        for ref in event.refs:
            link = Link(dossier=event.dossier, procedure=event.procedure, ref=ref)
            self.links[ref.key, event.procedure] = link

    def _folded(self, event: MessageFolded, at: datetime) -> None:
        entry = event.entry
        self.arrivals[entry.procedure, entry.message.receipt] += event.arrived
        known = self.entries.get(entry.id)
        alerted = entry.alerted or (known is not None and known.alerted)
        self.entries[entry.id] = msgspec.structs.replace(entry, alerted=alerted)
        self._changed(entry.procedure, at)

    def _changed(self, subject: str, at: datetime) -> None:
        self.changed_at[subject] = max(at, self.changed_at.get(subject, at))

    def _refreshed(
        self, catalogue: Catalogue, dossier: Dossier, procedures: Sequence[Procedure]
    ) -> Dossier:
        """As the last change left it: whatever touched it was one version, were it of two procedures."""
        if not procedures:
            return dossier
        folds: Counter[str] = Counter()
        for (_, receipt), times in self.arrivals.items():
            folds[receipt] = max(folds[receipt], times)
        now = max(self.changed_at.values(), default=dossier.updated_at)
        changes = len(self.acts) + len(self.taken) + self.others + self.papers.total()
        version = dossier.version + folds.total() + changes
        refreshed = refresh(catalogue, dossier, procedures, now)
        return msgspec.structs.replace(refreshed, version=version)


def _identity(definition: Definition, procedure: Procedure, entries: Sequence[Entry]) -> str:
    """What left without a number has the one that its agency gave it first."""
    for entry in sorted(entries, key=lambda e: (e.message.received_at, e.message.receipt)):
        named = entry.message.reference(definition.identity)
        if named is not None and entry.message.reference(SUBMISSION) == procedure.identity:
            return named
    return procedure.identity


def _taken(taken: Sequence[StepTaken], standing: Standing) -> StepTaken | None:
    """Who took the step at which the procedure stands."""
    last = sorted(taken, key=lambda step: step.at)[-1] if taken else None
    at_it = (
        last is not None
        and last.by is not None
        and (last.state, last.entered_at)
        == (
            standing.state,
            standing.entered_at,
        )
    )
    return last if at_it else None


def _under_way(acts: Sequence[Procedure], entries: Sequence[Entry]) -> Requested | None:
    """The act that was asked for last, unless its agency's system has answered."""
    answered = {entry.message.event_id for entry in entries if entry.message.source == OPERATOR}
    last = max(acts, key=lambda act: act.version, default=None)
    requested = None if last is None else last.requested
    return None if requested is None or requested.outgoing in answered else requested


def _declared(logged: Sequence[Logged]) -> Rebuilt:
    declared = Declared()
    for each in sorted(logged, key=lambda each: version_of(each.event)):
        declared.take(each.event, each.at)
    return Rebuilt(
        submissions=declared.submissions,
        fields=tuple(declared.fields.values()),
        revisions=tuple(declared.revisions.values()),
    )


def _newer(known: Versioned | None, found: Versioned) -> Versioned:
    return found if known is None or found.version >= known.version else known


def _known(dossier: Dossier | None, broker: str, at: datetime) -> Dossier | None:
    if dossier is None:
        return None
    return msgspec.structs.replace(dossier, broker=broker, broker_since=at)


def _seen(alert: Alert | None, event: AlertSeen) -> Alert | None:
    if alert is None:
        return None
    return msgspec.structs.replace(
        alert, state=AlertState.SEEN, seen_at=event.at, version=alert.version + 1
    )


def _superseded(alert: Alert | None) -> Alert | None:
    if alert is None:
        return None
    return msgspec.structs.replace(alert, state=AlertState.SUPERSEDED, version=alert.version + 1)


def _acknowledged(alert: Alert | None, event: AlertAcknowledged) -> Alert | None:
    if alert is None:
        return None
    return msgspec.structs.replace(
        alert,
        state=AlertState.ACKNOWLEDGED,
        acknowledged_by=event.by,
        acknowledged_at=event.at,
        seen_at=alert.seen_at or (event.at if event.own else None),
        version=alert.version + 1,
    )
