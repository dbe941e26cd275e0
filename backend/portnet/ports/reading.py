"""What may be read, by whom. Access is part of each question: what a viewer may not see is not found.

Lists are keyset pages: ``after`` is the `end` of the page before, opaque to callers.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from portnet.domain.access import Company, Mandate, User, Viewer
from portnet.domain.agency import Reference
from portnet.domain.alerts import Alert, Delivery, Device
from portnet.domain.audit import AuditLink
from portnet.domain.catalogue import Status
from portnet.domain.desk.anomaly import Anomaly, AnomalyState
from portnet.domain.desk.help import HelpCase, HelpState, Trail
from portnet.domain.dossier import Dossier
from portnet.domain.events import FeedRow
from portnet.domain.identity.account import Credentials, Session
from portnet.domain.inbox import RawMessage
from portnet.domain.procedure import Entry, Procedure
from portnet.domain.reference.reference_table import ReferenceRow, Table
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Submission
from portnet.ports.unit_of_work import MutationDone, Position

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """``end`` is where the next page goes on, None when the page is empty; ``more`` whether there is one."""

    items: tuple[T, ...]
    end: str | None
    more: bool


class PageSize(msgspec.Struct, frozen=True):
    """``first`` items after ``after``. A cursor that is not one of ours starts at the top of nothing: an empty page."""

    first: int
    after: str | None = None


class DossierOrder(enum.StrEnum):
    URGENCY = "URGENCY"
    UPDATED = "UPDATED"


class DossierFilter(msgspec.Struct, frozen=True, kw_only=True):
    """All conditions hold; ``text`` matches the beginning of a reference, whatever its spaces and dashes."""

    text: str | None = None
    company: str | None = None
    statuses: tuple[Status, ...] = ()
    direction: str | None = None
    updated_since: datetime | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed's rows show: what its audience may see, alerts and dossiers, and what belongs to them.

    ``procedures`` are by dossier in the order in which they were opened; the rest by id.
    """

    dossiers: Mapping[str, Dossier] = {}
    procedures: Mapping[str, Sequence[Procedure]] = {}
    entries: Mapping[str, Entry] = {}
    companies: Mapping[str, Company] = {}
    alerts: Mapping[str, Alert] = {}


class FeedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one feed, and what they show to whoever follows it, as it stood ``at`` that instant."""

    rows: Sequence[FeedRow]
    at: datetime
    shown: Shown = Shown()


class FileReader(Protocol):
    """Dossiers and what hangs on them. Those that take a viewer check access; the others take what it gave."""

    async def dossiers(
        self,
        viewer: Viewer,
        now: datetime,
        filter_: DossierFilter,
        order: DossierOrder,
        page: PageSize,
    ) -> Page[Dossier]: ...

    async def dossiers_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Dossier]: ...

    async def procedures_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Procedure]: ...

    async def entries_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Entry]: ...

    async def procedures_of(self, dossiers: Sequence[str]) -> Mapping[str, Sequence[Procedure]]: ...

    async def references_of(self, dossiers: Sequence[str]) -> Mapping[str, Sequence[Reference]]: ...

    async def timeline(self, dossier: str, procedure: str | None, page: PageSize) -> Page[Entry]:
        """Newest first, of a whole dossier or of one procedure."""
        ...


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """The number on the app's icon."""

    alerts: int


class AlertReader(Protocol):
    """A viewer's own alerts, of files that they may still see."""

    async def alerts(
        self, viewer: Viewer, now: datetime, unseen_only: bool, page: PageSize
    ) -> Page[Alert]:
        """Newest first."""
        ...

    async def alerts_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Alert]: ...

    async def deliveries_of(self, alerts: Sequence[str]) -> Mapping[str, Sequence[Delivery]]: ...

    async def ledger(self, viewer: Viewer, now: datetime, dossier: str) -> Sequence[Delivery]:
        """How the viewer was told of this dossier, oldest first."""
        ...

    async def badge(self, viewer: Viewer, now: datetime) -> Badge: ...


class RequestReader(Protocol):
    """What agencies asked, of files that the viewer may see."""

    async def requests_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, InformationRequest]: ...

    async def requests_of(
        self, procedures: Sequence[str]
    ) -> Mapping[str, Sequence[InformationRequest]]:
        """By procedure, in the order in which they were asked; of procedures that may be seen."""
        ...

    async def waiting(self, viewer: Viewer, now: datetime) -> int:
        """How many wait for an answer."""
        ...


class SubmissionReader(Protocol):
    async def submission(self, company: str, submission: str) -> Submission | None:
        """A submission that is that company's, or that it drafts as a broker, under whatever mandate."""
        ...

    async def done(self, user: str, key: str) -> MutationDone | None:
        """What a user's mutation of that key did, if it was done."""
        ...


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    user: User
    company: Company
    credentials: Credentials


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that lives, and whom it speaks for."""

    session: Session
    user: User
    company: Company


class AccountReader(Protocol):
    async def sign_in(self, login: str) -> SignIn | None:
        """The active account of that login."""
        ...

    async def signed_in_on(self, login: str, device: str) -> bool:
        """Whether the device was registered under that account, by a session that nobody revoked."""
        ...

    async def users(self, ids: Sequence[str]) -> Mapping[str, User]: ...

    async def companies(self, ids: Sequence[str]) -> Mapping[str, Company]: ...

    async def mandates(self, company: str) -> Sequence[Mandate]:
        """Those that the company gave or holds."""
        ...

    async def devices(self, user: str) -> Sequence[Device]:
        """In the order in which they were registered."""
        ...

    async def sessions(self, user: str, now: datetime) -> Sequence[Session]:
        """Those that are open, newest first."""
        ...

    async def devices_by_id(self, user: str, ids: Sequence[str]) -> Mapping[str, Device]: ...

    async def open_session(self, session: str, now: datetime) -> OpenSession | None:
        """None when it has ended or is unknown, or when its user is no longer active."""
        ...

    async def session_alive(self, session: str, now: datetime) -> bool: ...


class FeedReader(Protocol):
    async def generation(self) -> str:
        """Changes when the data was restored or reset: older cursors are void."""
        ...

    async def heads(self, audiences: Sequence[str]) -> Sequence[Position]:
        """How far each feed has come; 0 for one that nothing was told yet."""
        ...

    async def floor(self, audience: str) -> int:
        """Rows up to this ``seq`` are no longer kept."""
        ...

    async def after(
        self, positions: Sequence[Position], limit: int, now: datetime
    ) -> Mapping[str, FeedPage]:
        """For each audience the next rows, in order, ``limit`` at most, with what they show; one read for all."""
        ...


class AgencyReader(Protocol):
    async def heard(self, sources: Sequence[str], *, sandbox: bool) -> Mapping[str, datetime]:
        """When the last message of each source came; a source that never spoke is left out.

        ``sandbox``: by which keys. Practice is not the agency's voice.
        """
        ...


class AnomalyMessage(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly and its message as it came."""

    anomaly: Anomaly
    message: RawMessage


class AnomalyReader(Protocol):
    """For the help desk. ``sandbox`` keeps practice and the real thing apart; None sees both."""

    async def anomalies(
        self, states: Sequence[AnomalyState], page: PageSize, sandbox: bool | None = None
    ) -> Page[Anomaly]:
        """Newest first."""
        ...

    async def anomalies_by_id(
        self, ids: Sequence[str], sandbox: bool | None = None
    ) -> Mapping[str, Anomaly]: ...

    async def anomaly_message(self, anomaly: str) -> AnomalyMessage | None: ...

    async def trail(self, dossier: str) -> Trail | None:
        """A dossier as it is now, with its newest entries and what waits for the help desk."""
        ...

    async def help_cases(
        self, states: Sequence[HelpState], first: int, sandbox: bool | None = None
    ) -> Sequence[HelpCase]:
        """The ``first`` newest."""
        ...

    async def help_cases_of(self, user: str, first: int) -> Sequence[HelpCase]:
        """The ``first`` newest that this user opened."""
        ...

    async def help_cases_by_id(
        self, ids: Sequence[str], sandbox: bool | None = None
    ) -> Mapping[str, HelpCase]: ...


class ReferenceReader(Protocol):
    """What operators imported of the reference tables."""

    async def generation(self) -> int:
        """Grows with every import of any table; 0 before the first."""
        ...

    async def imported(self) -> tuple[int, Mapping[Table, Sequence[ReferenceRow]]]:
        """All imported rows, and the generation that they are of."""
        ...


class TrailPage(msgspec.Struct, frozen=True, kw_only=True):
    """``verified``: every line still has the hash that its content and the line before it in the chain give."""

    page: Page[AuditLink]
    verified: bool


class AuditReader(Protocol):
    """Companies' audit trails. Who may read one is for the caller to know."""

    async def trail_of(self, company: str, subject: str | None, page: PageSize) -> TrailPage:
        """Of a company's chain what is about ``subject``, or all of it; newest first."""
        ...

    async def line(self, company: str, position: int) -> AuditLink | None:
        """One line of a company's chain."""
        ...
