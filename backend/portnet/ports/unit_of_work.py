"""One use case, one transaction: load once, collect what changes, write it all at the end.

A unit is entered once. Leaving it without `commit` changes nothing, whatever happened inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import msgspec

from portnet.domain.access import Company, Mandate, User, Viewer
from portnet.domain.agency import AgencyEvent
from portnet.domain.alerts import Alert, Attempt, Delivery, Device
from portnet.domain.approving.approval import Approval
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Matrix
from portnet.domain.approving.seen import Seen
from portnet.domain.declaring.document import Document
from portnet.domain.declaring.drafting import DraftField
from portnet.domain.desk.anomaly import Anomaly
from portnet.domain.desk.help import HelpCase
from portnet.domain.dossier import Dossier
from portnet.domain.events import Record
from portnet.domain.filing import Files, Link
from portnet.domain.identity.account import Credentials, Session
from portnet.domain.identity.member import Invitation
from portnet.domain.identity.second_factor import SecondFactor
from portnet.domain.inbox import InboxState, Progress, RawMessage, Reawakening, Settlement
from portnet.domain.indicators.counting import Uncounted
from portnet.domain.indicators.feedback import Feedback
from portnet.domain.outgoing import Outgoing
from portnet.domain.paying.order import PaymentOrder
from portnet.domain.procedure import Entry, Procedure
from portnet.domain.reference.reference_table import ReferenceRow, Table
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Revision, Submission
from portnet.domain.timers import Retimed, Timer
from portnet.ports.approving.work import ApprovingWork


class AuditDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a company's audit trail before it is chained: who did what to which subject, and in whose stead."""

    company: str
    at: datetime
    actor: str
    action: str
    subject: str
    on_behalf_of: str | None = None


class MutationDone(msgspec.Struct, frozen=True, kw_only=True):
    """What a user's mutation of that key did, so that it is done once: ``key`` is the app's, ``fingerprint`` says what
    was asked.
    """

    user: str
    key: str
    subject: str
    fingerprint: str
    at: datetime


class TableImport(msgspec.Struct, frozen=True, kw_only=True):
    """All that operators import of one reference table: ``rows`` replace what they imported of it before."""

    table: Table
    rows: tuple[ReferenceRow, ...]
    at: datetime
    by: str


class TariffInForce(msgspec.Struct, frozen=True, kw_only=True):
    """An edition of the tariff, wholly loaded, takes the place of the one before; ``shipped`` as `keep_shipped` has it.

    Committing raises `TariffEditionGone` where another import dropped it.
    """

    edition: int
    shipped: str


class AnomalyCase(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly with its message as it came, the state of that message in the inbox, and the files at stake."""

    anomaly: Anomaly
    message: RawMessage
    state: InboxState
    files: Files


class AcknowledgedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert told of: when that happened, and the file of which it is a step."""

    occurred_at: datetime
    dossier: Dossier
    procedures: tuple[Procedure, ...]
    mandates: tuple[Mandate, ...]


class DraftCase(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as it stands, what its writer has not read of it, and by what right they write.

    ``done`` is what their mutation did before; ``people`` are the writer's company's, ``mandates`` those that another
    company gave to it; ``reads_only`` whether the writer's company may only read.
    """

    draft: Submission | None
    done: MutationDone | None
    later: tuple[DraftField, ...]
    people: tuple[User, ...]
    mandates: tuple[Mandate, ...]
    reads_only: bool = False


class Vanished(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that had been inferred, and is not any more."""

    entry: str


#: What a unit of work can write; rows of one id replace each other.
Change = (
    Dossier
    | Procedure
    | Entry
    | Link
    | Alert
    | Delivery
    | Attempt
    | Device
    | Anomaly
    | Settlement
    | Progress
    | Reawakening
    | Vanished
    | Session
    | Company
    | User
    | Credentials
    | SecondFactor
    | Mandate
    | Invitation
    | Feedback
    | Uncounted
    | Timer
    | Retimed
    | HelpCase
    | TableImport
    | TariffInForce
    | AuditDraft
    | Record
    | Submission
    | DraftField
    | Revision
    | Outgoing
    | InformationRequest
    | MutationDone
    | PaymentOrder
    | Document
    | Approval
    | Matrix
    | Delegation
    | Seen
)


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far an audience's feed has come."""

    audience: str
    seq: int


class Ringing(msgspec.Struct, frozen=True, kw_only=True):
    """The timers of one subject that are due, theirs alone to fire who has them, and the subject as it stands.

    ``files`` are a procedure's dossier and its people, ``entries`` being the procedure's own; ``mandate`` is set when
    that is the subject, ``files`` then the two companies and their people.
    """

    timers: tuple[Timer, ...]
    files: Files
    mandate: Mandate | None = None


class UnitOfWork(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def add(self, *changes: Change) -> None:
        """Collect; nothing is written before `commit`."""
        ...

    async def commit(self) -> tuple[Position, ...]:
        """Write everything in one go; the feeds that moved, and how far."""
        ...

    async def take(self, receipt: str) -> bool:
        """Take an inbox row; False when it is not new any more, or another worker has it."""
        ...

    async def take_in(
        self,
        message: AgencyEvent,
        decide: Callable[[Files], Iterable[Change]],
        correcting: bool = False,
    ) -> tuple[Position, ...] | None:
        """Take the inbox row of ``message``, lock and load its files, write what ``decide`` makes of them, and commit.

        All in one go: nobody who waits for the files waits for this process's other work. ``decide`` must only compute;
        it may run on another thread. ``correcting`` loads the alerts that may have to be corrected, too. None when
        another worker took the message.
        """
        ...

    async def ring(
        self, timer: Timer, now: datetime, decide: Callable[[Ringing], Iterable[Change]]
    ) -> tuple[Position, ...] | None:
        """Lock the subject of ``timer``, load it with those of its timers that are due, write what ``decide`` makes of
        them, and commit. ``decide`` must only compute; it may run on another thread.

        None when somebody else works on the subject, or no timer of its is due any more.
        """
        ...

    async def file(self, procedure: str) -> Files | None:
        """All that is known of a procedure's dossier, locked until the unit ends; its own entries only."""
        ...

    async def files(self, message: AgencyEvent) -> Files:
        """What is known about a message's references and parties, locked as `take_in` does."""
        ...

    @property
    def approving(self) -> ApprovingWork:
        """What the unit knows of approvals."""
        ...

    async def submission(self, submission: str) -> Submission | None:
        """A submission, locked until the unit ends."""
        ...

    async def draft(
        self, viewer: Viewer, key: str, draft: str, company: str, after: int
    ) -> DraftCase:
        """What ``viewer`` writes a draft of ``company`` on, locked until the unit ends.

        Args:
            key: their mutation's.
            after: the version of the draft that they have read; fields that were written later are told.
        """
        ...

    async def outgoing(self, outgoing: str) -> Outgoing | None:
        """A message that left or will leave, locked until the unit ends."""
        ...

    async def outgoing_of(self, submission: str) -> Outgoing | None:
        """What a submission left as last, locked until the unit ends."""
        ...

    async def request(self, request: str) -> InformationRequest | None:
        """An agency's question as it is now; who changes one holds its dossier's lock."""
        ...

    async def payments(self, company: str, refs: Sequence[str]) -> Sequence[Procedure]:
        """The payments of a company that share one of the keys ``refs``; nobody else asks for the same until the unit
        ends."""
        ...

    async def payment_order(self, procedure: str) -> PaymentOrder | None:
        """A payment's last order; who changes one holds its dossier's lock."""
        ...

    async def document(self, document: str) -> Document | None:
        """A paper, locked until the unit ends."""
        ...

    async def company(self, company: str) -> Company | None: ...

    async def people(self, company: str) -> Sequence[User]:
        """The active users of a company."""
        ...

    async def reads_only(self, company: str) -> bool:
        """Whether the company's subscription is suspended or closed."""
        ...

    async def members(self, company: str) -> Sequence[User]:
        """Everybody whom a company has or had; nobody else changes them until the unit ends."""
        ...

    async def account(self, login: str) -> User | None:
        """Whose login it is, active or not."""
        ...

    async def login_is_free(self, login: str) -> bool:
        """Whether nobody has it; nobody takes it until the unit ends."""
        ...

    async def invitation(self, user: str) -> Invitation | None:
        """The newest of somebody, locked until the unit ends."""
        ...

    async def has_password(self, user: str) -> bool: ...

    async def sessions_of(self, user: str) -> Sequence[Session]:
        """Those that nobody ended yet, locked until the unit ends."""
        ...

    async def mandates(self, company: str) -> Sequence[Mandate]:
        """Those that a company gave."""
        ...

    async def done(self, user: str, key: str) -> MutationDone | None:
        """What a mutation of that key did, if it was done."""
        ...

    async def session(self, session: str) -> Session | None:
        """A sign-in, ended or not, locked until the unit ends."""
        ...

    async def second_factor(self, user: str) -> SecondFactor | None:
        """An account's second factor, locked until the unit ends; nobody enrols a first one meanwhile."""
        ...

    async def devices_at(self, address: str) -> Sequence[Device]:
        """Everybody's devices at a gateway's address, locked until the unit ends."""
        ...

    async def devices_of(self, session: str) -> Sequence[Device]:
        """The devices that a sign-in registered, locked until the unit ends."""
        ...

    async def mandate(self, mandate: str) -> Mandate | None:
        """A mandate, locked until the unit ends."""
        ...

    async def alerts(self, user: str, ids: Sequence[str]) -> Sequence[Alert]:
        """Those of ``ids`` that are ``user``'s, locked until the unit ends."""
        ...

    async def chain(self, user: str, alert: str) -> Sequence[Alert]:
        """Everybody's alerts of the chain that ``user``'s alert is part of, locked; none when it is not theirs."""
        ...

    async def step_of(self, alert: Alert) -> AcknowledgedStep | None:
        """The step that ``alert`` told of, its dossier locked until the unit ends."""
        ...

    async def taken_steps(self, user: User) -> Sequence[AcknowledgedStep]:
        """Those of which ``user`` said "I am on it" and at which files still stand; as for `step_of`."""
        ...

    async def anomaly(
        self, anomaly: str, refs: Sequence[str], dossier: str | None
    ) -> AnomalyCase | None:
        """An anomaly and its message, locked until the unit ends, as its own dossier and ``dossier`` are.

        ``refs`` are the keys of the message's references: nobody files by them meanwhile. The files hold whom those
        references and ``dossier`` belong to.
        """
        ...

    async def help_case(self, user: str, mutation: str) -> HelpCase | None:
        """The case that this question opened before; nobody opens it meanwhile."""
        ...


class UnitsOfWork(Protocol):
    def __call__(self) -> UnitOfWork:
        """A unit that has not begun."""
        ...
