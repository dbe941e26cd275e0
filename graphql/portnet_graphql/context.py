"""What resolvers work with: who is asking, in which language, at which instant, and the core's services and readers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Protocol, TypeAlias

import msgspec
import strawberry

from portnet.domain.access import Company, User, Viewer, helps
from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.document import Document
from portnet.domain.declaring.duties import DutyTables
from portnet.domain.events import FrameKind, company_audience, user_audience
from portnet.domain.localised import Locale
from portnet.domain.reference.references import References
from portnet.ports.alerts import AlertTexts
from portnet.ports.approving.describing import Describer
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.clock import Clock
from portnet.ports.declaring.reading import DeclarationReader
from portnet.ports.identity.members import MemberReader
from portnet.ports.indicators import ExpectedDelays
from portnet.ports.live import LiveFeeds
from portnet.ports.paying.reading import PaymentReader
from portnet.ports.reading import (
    AccountReader,
    AgencyReader,
    AlertReader,
    AnomalyReader,
    AuditReader,
    FeedPage,
    FeedReader,
    FileReader,
    RequestReader,
)
from portnet.ports.unit_of_work import Position
from portnet.services.act import Acts
from portnet.services.alert import Alerts
from portnet.services.approving.decision import Decisions
from portnet.services.approving.delegation import Delegations
from portnet.services.approving.inbox import ApprovalInbox
from portnet.services.approving.matrix import Matrices
from portnet.services.declaring.checks import Checks
from portnet.services.declaring.document import Documents
from portnet.services.declaring.drafts import Drafts
from portnet.services.declaring.prefill import Prefills
from portnet.services.declaring.tariff import Tariff
from portnet.services.desk.anomaly import Anomalies, Helper
from portnet.services.desk.help import Help
from portnet.services.identity.device import Devices
from portnet.services.identity.invitation import Welcome
from portnet.services.identity.mandate import Mandates
from portnet.services.identity.member import Members
from portnet.services.identity.revoking import Revocations
from portnet.services.identity.second_factor import SecondFactors
from portnet.services.identity.session import Sessions
from portnet.services.indicators.feedback import FeedbackBox
from portnet.services.indicators.reading import Indicators
from portnet.services.paying.debit import Debits
from portnet.services.submission import Submissions
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.loaders import (
    AlertLoaders,
    ApprovalLoaders,
    DeclarationLoaders,
    FileLoaders,
    Loader,
    PaperLoaders,
    grouped,
)


class AccessVerifier(Protocol):
    def session(self, token: str, now: datetime) -> str | None:
        """The session that an access token proves at ``now``; None for any other text. Never raises."""
        ...


class ApprovingServices(msgspec.Struct, frozen=True, kw_only=True):
    """The room of approvals."""

    inbox: ApprovalInbox
    decisions: Decisions
    matrices: Matrices
    delegations: Delegations
    describer: Describer


class Services(msgspec.Struct, frozen=True, kw_only=True):
    sessions: Sessions
    revocations: Revocations
    devices: Devices
    alerts: Alerts
    indicators: Indicators
    feedback: FeedbackBox
    acts: Acts
    approving: ApprovingServices
    anomalies: Anomalies
    help: Help
    second_factors: SecondFactors
    debits: Debits
    tariff: Tariff
    documents: Documents
    drafts: Drafts
    submissions: Submissions
    checks: Checks
    prefills: Prefills
    members: Members
    mandates: Mandates
    welcome: Welcome


class ReferenceShelf(Protocol):
    @property
    def current(self) -> References:
        """The reference tables in force."""
        ...


class Readers(msgspec.Struct, frozen=True, kw_only=True):
    """``desk`` shows the help desk every company's files, on its own side of the sandbox; nobody else anything."""

    files: FileReader
    desk: FileReader
    anomalies: AnomalyReader
    alerts: AlertReader
    accounts: AccountReader
    feeds: FeedReader
    agencies: AgencyReader
    requests: RequestReader
    payments: PaymentReader
    audit: AuditReader
    approvals: ApprovalReader
    declarations: DeclarationReader
    members: MemberReader


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """All that the schema needs of the rest of the house."""

    services: Services
    readers: Readers
    catalogue: Catalogue
    references: ReferenceShelf
    duties: DutyTables
    texts: AlertTexts
    clock: Clock
    live: LiveFeeds
    access: AccessVerifier
    expected: ExpectedDelays


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in, as they were when the operation or the socket began."""

    viewer: Viewer
    user: User
    company: Company

    @property
    def helper(self) -> Helper | None:
        """Them as one of the help desk, if they are."""
        if not helps(self.user, self.company):
            return None
        actor = f"user:{self.user.id}"
        return Helper(name=self.user.name, actor=actor, sandbox=self.company.sandbox)

    @property
    def session_id(self) -> str:
        return self.viewer.session

    @property
    def session_expires_at(self) -> datetime:
        return self.viewer.session_expires_at


async def person_of(dependencies: Dependencies, session: str, now: datetime) -> Person | None:
    """Whom a session speaks for; None when it is over or its user may no longer sign in."""
    account = await dependencies.readers.accounts.open_session(session, now)
    if account is None:
        return None
    viewer = Viewer(
        user=account.user.id,
        company=account.company.id,
        session=account.session.id,
        sandbox=account.company.sandbox,
        session_expires_at=account.session.expires_at,
    )
    return Person(viewer=viewer, user=account.user, company=account.company)


class Context:
    """One operation's or one batch of frames'.

    Args:
        shared: frames for all phones of ``person``'s company; asking who is watching is a bug then.
        address: where the operation comes from, if that is known.
    """

    def __init__(
        self,
        dependencies: Dependencies,
        person: Person | None,
        locale: Locale,
        *,
        shared: bool = False,
        address: str | None = None,
    ) -> None:
        self._dependencies = dependencies
        self._person = person
        self._shared = shared
        self.address = address
        #: How often a resolver asked whose the answer is; a frame that never does is the same for every audience.
        self.asked = 0
        self.locale: Locale = locale
        self.now = dependencies.clock.now()
        self.services = dependencies.services
        self.readers = dependencies.readers
        self.catalogue = dependencies.catalogue
        self.references = dependencies.references.current
        self.duties = dependencies.duties
        self.texts = dependencies.texts
        self.expected = dependencies.expected
        #: Where each of the person's feeds stood before anything else was read.
        self.positions: Sequence[Position] = ()

    @property
    def person(self) -> Person:
        if self._shared:
            raise RuntimeError("a frame that phones share asks who is watching")
        return self._somebody

    @property
    def viewer(self) -> Viewer:
        return self.person.viewer

    @property
    def company(self) -> Company:
        """The company that asks; known in shared frames too."""
        return self._somebody.company

    @property
    def helper(self) -> Helper:
        """The viewer as one of the help desk.

        Raises:
            ContractError: they are not.
        """
        helper = self.person.helper
        if helper is None:
            raise ContractError(ErrorCode.FORBIDDEN, "This is for the help desk.")
        return helper

    @property
    def file_reader(self) -> FileReader:
        """Whose files may be seen: the company's own, or for the help desk everybody's."""
        return self.readers.files if self._somebody.helper is None else self.readers.desk

    @cached_property
    def files(self) -> FileLoaders:
        readers = self.readers
        viewer = self._somebody.viewer
        return FileLoaders(
            self.file_reader,
            readers.accounts,
            readers.agencies,
            readers.requests,
            readers.payments,
            viewer,
            self.now,
        )

    @cached_property
    def documents_of(self) -> Loader[Sequence[Document]]:
        """Stored papers by procedure."""
        return grouped(self.services.documents.of_procedures)

    @cached_property
    def papers(self) -> PaperLoaders:
        return PaperLoaders(self.services.documents, self._somebody.viewer)

    @cached_property
    def approvals(self) -> ApprovalLoaders:
        return ApprovalLoaders(self.readers.approvals, self._somebody.viewer)

    @cached_property
    def alerts(self) -> AlertLoaders:
        return AlertLoaders(self.readers.alerts, self.viewer, self.now)

    @cached_property
    def declarations(self) -> DeclarationLoaders:
        return DeclarationLoaders(self.readers.declarations, self._somebody.viewer, self.now)

    def hold(self, page: FeedPage) -> None:
        """Show the files and alerts of ``page`` as they stood when it was read; for a context that has read nothing."""
        self.now = page.at
        self.files.hold(page)
        if any(row.kind is FrameKind.ALERT_CHANGED for row in page.rows):
            self.alerts.hold(page)

    async def take_positions(self) -> None:
        """Note where the feeds stand: what is read from now on holds all that came before."""
        audiences = [company_audience(self.viewer.company), user_audience(self.viewer.user)]
        self.positions = await self.readers.feeds.heads(audiences)

    async def signed_in(self, session: str) -> Context:
        """The context of somebody who has just signed in: their answer is theirs, in their language."""
        self._person = await person_of(self._dependencies, session, self.now)
        self.locale = self.person.user.locale
        for cached in ("files", "alerts", "declarations", "papers", "approvals"):
            self.__dict__.pop(cached, None)
        return self

    @property
    def _somebody(self) -> Person:
        self.asked += 1
        if self._person is None:
            raise ContractError(ErrorCode.UNAUTHENTICATED, "Sign in first.")
        return self._person


Info: TypeAlias = strawberry.Info[Context, None]
