"""What happened, as the append-only log keeps it: facts in the past tense, enough to rebuild every read model.

A feed frame is one of these facts as a phone hears it; which facts make a frame is said by `frame_of`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

import msgspec

from portnet.domain.agency import Reference
from portnet.domain.alerts import Alert
from portnet.domain.approving.approval import Approval
from portnet.domain.declaring.document import Document
from portnet.domain.declaring.drafting import DraftSaved
from portnet.domain.dossier import Dossier
from portnet.domain.procedure import Entry, Procedure
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Submission


class DossierOpened(msgspec.Struct, frozen=True, kw_only=True, tag="dossier_opened"):
    dossier: Dossier


class ProcedureOpened(msgspec.Struct, frozen=True, kw_only=True, tag="procedure_opened"):
    procedure: Procedure


class ReferencesLinked(msgspec.Struct, frozen=True, kw_only=True, tag="references_linked"):
    dossier: str
    procedure: str
    refs: tuple[Reference, ...]


class BrokerNamed(msgspec.Struct, frozen=True, kw_only=True, tag="broker_named"):
    """A message named the broker who works on the dossier; the first one stays."""

    dossier: str
    broker: str


class MessageFolded(msgspec.Struct, frozen=True, kw_only=True, tag="message_folded"):
    """A message came in, our clock brought one, or a later one changed what became of it.

    ``arrived``: it came in now, or was tried again; each such fold is a version of its procedure.
    """

    entry: Entry
    arrived: bool = False


class StepVanished(msgspec.Struct, frozen=True, kw_only=True, tag="step_vanished"):
    """A step that had been inferred is not any more: its entry is gone. No message ever is."""

    dossier: str
    procedure: str
    entry: str


class AlertRaised(msgspec.Struct, frozen=True, kw_only=True, tag="alert_raised"):
    alert: Alert


class AlertSeen(msgspec.Struct, frozen=True, kw_only=True, tag="alert_seen"):
    alert: str
    at: datetime


class AlertAcknowledged(msgspec.Struct, frozen=True, kw_only=True, tag="alert_acknowledged"):
    """``own``: its recipient took it, and so has seen it; else somebody of the same chain."""

    alert: str
    by: str
    at: datetime
    own: bool = False


class StepTaken(msgspec.Struct, frozen=True, kw_only=True, tag="step_taken"):
    """Somebody said "I am on it" of what an alert told them: the file shows who, until it leaves ``state``. ``by`` is
    None when whoever had said so has left their company.
    """

    dossier: str
    procedure: str
    state: str
    entered_at: datetime
    by: str | None
    at: datetime


class MessageAttached(msgspec.Struct, frozen=True, kw_only=True, tag="message_attached"):
    """The help desk filed a message to a dossier, whose ``refs`` it then shares. Folding it is another event."""

    dossier: str
    procedure: str
    receipt: str
    refs: tuple[Reference, ...]


class AlertSuperseded(msgspec.Struct, frozen=True, kw_only=True, tag="alert_superseded"):
    """What it told holds no longer."""

    alert: str
    at: datetime


class MandateGranted(msgspec.Struct, frozen=True, kw_only=True, tag="mandate_granted"):
    mandate: str
    company: str
    broker: str


class MandateRevoked(msgspec.Struct, frozen=True, kw_only=True, tag="mandate_revoked"):
    mandate: str
    company: str
    broker: str


class MandateStarted(msgspec.Struct, frozen=True, kw_only=True, tag="mandate_started"):
    """The day came from which a mandate that was granted before holds."""

    mandate: str
    company: str
    broker: str


class MandateEnded(msgspec.Struct, frozen=True, kw_only=True, tag="mandate_ended"):
    """A mandate's last day is over; nobody revoked it."""

    mandate: str
    company: str
    broker: str


class MemberChanged(msgspec.Struct, frozen=True, kw_only=True, tag="member_changed"):
    """Somebody was invited, has other roles now, left, or came back."""

    member: str
    company: str


class ActRequested(msgspec.Struct, frozen=True, kw_only=True, tag="act_requested"):
    """Somebody of the company asked an agency for something; ``procedure`` says what, and until when it waits."""

    procedure: Procedure


class PaymentChecked(msgspec.Struct, frozen=True, kw_only=True, tag="payment_checked"):
    """The provider has a payment's order, or was asked about it and knew nothing new: it is asked again later."""

    procedure: Procedure


class SubmissionChanged(msgspec.Struct, frozen=True, kw_only=True, tag="submission_changed"):
    submission: Submission


class SubmissionReceived(msgspec.Struct, frozen=True, kw_only=True, tag="submission_received"):
    """The gateway took a submission: the procedure that it asked for has opened."""

    submission: str
    dossier: str
    procedure: str


class DocumentStored(msgspec.Struct, frozen=True, kw_only=True, tag="document_stored"):
    """A paper of a procedure, or of what was asked in one, came whole; other papers are no part of a dossier."""

    document: Document


class ApprovalChanged(msgspec.Struct, frozen=True, kw_only=True, tag="approval_changed"):
    """An approval was asked for, decided, or is void."""

    approval: Approval


class RequestChanged(msgspec.Struct, frozen=True, kw_only=True, tag="request_changed"):
    """An agency asked for something, or what it asked for was answered, cancelled or left too long."""

    request: InformationRequest


class HelpCaseChanged(msgspec.Struct, frozen=True, kw_only=True, tag="help_case_changed"):
    """Somebody asked the help desk, or was answered; only they are told."""

    case: str


Event = (
    DossierOpened
    | ProcedureOpened
    | ReferencesLinked
    | BrokerNamed
    | MessageFolded
    | StepVanished
    | AlertRaised
    | AlertSeen
    | AlertAcknowledged
    | StepTaken
    | MessageAttached
    | AlertSuperseded
    | MandateGranted
    | MandateRevoked
    | MandateStarted
    | MandateEnded
    | MemberChanged
    | ActRequested
    | PaymentChecked
    | SubmissionChanged
    | DraftSaved
    | SubmissionReceived
    | RequestChanged
    | HelpCaseChanged
    | DocumentStored
    | ApprovalChanged
)


class FrameKind(enum.StrEnum):
    """What a phone hears: the shape of a feed frame's item."""

    DOSSIER_CHANGED = "DOSSIER_CHANGED"
    ENTRY_REMOVED = "ENTRY_REMOVED"
    ALERT_CHANGED = "ALERT_CHANGED"
    ACCESS_CHANGED = "ACCESS_CHANGED"
    REQUEST_CHANGED = "REQUEST_CHANGED"
    HELP_CHANGED = "HELP_CHANGED"
    APPROVAL_CHANGED = "APPROVAL_CHANGED"
    DECLARATION_CHANGED = "DECLARATION_CHANGED"
    RESET = "RESET"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is written: ``audiences`` hear it, in the order of each audience's own counter.

    ``subject`` is the dossier, alert, mandate, person, request, submission, case or approval that the event is about;
    ``procedure`` and ``entry`` say more where they can.
    """

    id: str
    at: datetime
    event: Event
    subject: str
    audiences: tuple[str, ...] = ()
    procedure: str | None = None
    entry: str | None = None


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an audience's feed: ``seq`` is dense and grows by one within ``audience``.

    A RESET is never stored: it tells a phone whose cursor is of no use any more where the feed stands; ``subject``
    is the reason.
    """

    audience: str
    seq: int
    at: datetime
    kind: FrameKind
    subject: str
    procedure: str | None = None
    entry: str | None = None


#: The kind of frame that phones hear of each event; None when another fact of the same transaction tells it.
FRAMES: Mapping[type[Event], FrameKind | None] = {
    MessageFolded: FrameKind.DOSSIER_CHANGED,
    ActRequested: FrameKind.DOSSIER_CHANGED,
    PaymentChecked: FrameKind.DOSSIER_CHANGED,
    SubmissionReceived: FrameKind.DOSSIER_CHANGED,
    StepTaken: FrameKind.DOSSIER_CHANGED,
    MessageAttached: FrameKind.DOSSIER_CHANGED,
    DocumentStored: FrameKind.DOSSIER_CHANGED,
    StepVanished: FrameKind.ENTRY_REMOVED,
    AlertRaised: FrameKind.ALERT_CHANGED,
    AlertSeen: FrameKind.ALERT_CHANGED,
    AlertAcknowledged: FrameKind.ALERT_CHANGED,
    AlertSuperseded: FrameKind.ALERT_CHANGED,
    MandateGranted: FrameKind.ACCESS_CHANGED,
    MandateRevoked: FrameKind.ACCESS_CHANGED,
    MandateStarted: FrameKind.ACCESS_CHANGED,
    MandateEnded: FrameKind.ACCESS_CHANGED,
    MemberChanged: FrameKind.ACCESS_CHANGED,
    RequestChanged: FrameKind.REQUEST_CHANGED,
    HelpCaseChanged: FrameKind.HELP_CHANGED,
    ApprovalChanged: FrameKind.APPROVAL_CHANGED,
    SubmissionChanged: FrameKind.DECLARATION_CHANGED,
    DraftSaved: FrameKind.DECLARATION_CHANGED,
    DossierOpened: None,
    ProcedureOpened: None,
    ReferencesLinked: None,
    BrokerNamed: None,
}


def frame_of(event: Event) -> FrameKind | None:
    """See `FRAMES`, which has every event: a test proves it."""
    return FRAMES[type(event)]


def tag_of(kind: type[Event]) -> str:
    """The word for an event in the log."""
    return str(kind.__struct_config__.tag)


def company_audience(company: str) -> str:
    """The stream that all phones of a company share; a brokerage has one for all its mandates."""
    return f"company:{company}"


def submission_audiences(submission: Submission) -> tuple[str, ...]:
    """Whose phones hear of a submission: the company's, and its broker's as long as they may see it."""
    companies = dict.fromkeys((submission.company, submission.broker or submission.company))
    return tuple(map(company_audience, companies))


def user_audience(user: str) -> str:
    """The stream of one person: their alerts."""
    return f"user:{user}"
