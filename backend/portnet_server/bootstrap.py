"""The only place where the house is put together: settings in, running parts out."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import AsyncGenerator, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from random import SystemRandom

from litestar import Litestar

from portnet.catalogue import load_catalogue
from portnet.domain.act import GATEWAY
from portnet.domain.agency import AgencyEvent
from portnet.domain.inbox import RawMessage
from portnet.indicators import load_indicators
from portnet.live.hub import Hub
from portnet.live.memory import MemoryRelay
from portnet.live.redis import RedisRelay
from portnet.live.relay import Hint, Relay, RelayedWakeups
from portnet.ports.unit_of_work import UnitOfWork
from portnet.reference import load_shipped
from portnet.reference.duties import load_duties
from portnet.security.keys import derive_key
from portnet.security.passwords import Passwords
from portnet.security.secrets_box import SecretsBox
from portnet.security.tokens import AccessClaims, AccessTokens, token_key
from portnet.services.act import Acts
from portnet.services.alert import Alerts
from portnet.services.answer import Answers
from portnet.services.approving.describing import FormDescriber
from portnet.services.desk.anomaly import Anomalies
from portnet.services.desk.help import Help
from portnet.services.desk.reference import ReferenceTables
from portnet.services.identity.device import Devices
from portnet.services.identity.revoking import Revocations
from portnet.services.identity.session import Sessions
from portnet.services.identity.warning import AccountWarnings
from portnet.services.indicators.counting import Counter
from portnet.services.indicators.expecting import Expectations
from portnet.services.indicators.feedback import FeedbackBox
from portnet.services.indicators.reading import Indicators
from portnet.services.intake import Intake
from portnet.services.reception import Reception
from portnet.services.submission import Submissions
from portnet.services.timer import TimerService
from portnet.storage.agency_keys import AgencyKeys
from portnet.storage.engines import Database, DatabaseError, open_database
from portnet.storage.log.audit import AuditRepository
from portnet.storage.migrate import migrate
from portnet.storage.queues.gateway import StorageOutgoingQueue
from portnet.storage.queues.inbox import StorageInbox
from portnet.storage.queues.outbox import StorageOutbox
from portnet.storage.queues.timers import StorageTimers
from portnet.storage.queues.uncounted import StorageLedger
from portnet.storage.repositories.account import AccountRepository
from portnet.storage.repositories.agency import AgencyRepository
from portnet.storage.repositories.alert import AlertRepository
from portnet.storage.repositories.anomaly import AnomalyRepository
from portnet.storage.repositories.approving.approval import ApprovalRepository
from portnet.storage.repositories.dossier import DeskDossierRepository, DossierRepository
from portnet.storage.repositories.feed import FeedRepository
from portnet.storage.repositories.identity.member import MemberRepository
from portnet.storage.repositories.indicator import IndicatorRepository
from portnet.storage.repositories.paying.payment import PaymentRepository
from portnet.storage.repositories.reference import ReferenceRepository
from portnet.storage.repositories.request import RequestRepository
from portnet.storage.repositories.submission import SubmissionRepository
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_graphql.context import Dependencies, Readers, Services
from portnet_graphql.cursors import cursor_of
from portnet_graphql.operations import GraphQLOperations
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.channels import Channels
from portnet_notifications.dispatcher import Dispatcher
from portnet_notifications.planner import Planner
from portnet_notifications.wording import AlertWording, short_link
from portnet_server.adapters import to_event
from portnet_server.composition.approving import ApprovingRoom
from portnet_server.composition.company import company_room
from portnet_server.composition.documents import DocumentRoom
from portnet_server.composition.drafting import Drafting, drafting, published_forms
from portnet_server.composition.paying import paying_room
from portnet_server.composition.second_factor import NoApprovals, ProofsByNeed, factor_room
from portnet_server.composition.tariff import tariff_of
from portnet_server.composition.throttling import throttle_of
from portnet_server.config import Config, Mode
from portnet_server.gateway import AgencySystems, GatewayWorker, HttpGateway, signing_key
from portnet_server.system import GrowingIds, SystemClock
from portnet_server.timers import TimerWorker
from portnet_server.tokens import SessionTokens
from portnet_server.web.agencies import AgencyEndpoint
from portnet_server.web.app import create_app
from portnet_server.web.health import Health
from portnet_server.web.http import HttpEndpoint
from portnet_server.web.page import Page
from portnet_server.web.pages.indicators import IndicatorPage
from portnet_server.web.rest.raw_messages import RawMessages
from portnet_server.web.socket import SocketEndpoint
from portnet_server.web.sockets import Sockets
from portnet_server.worker import IntakeWorker

_logger = logging.getLogger(__name__)

#: One writer serves SQLite: while it takes one message in, the next is made ready behind it.
SQLITE_LANES = 2
#: Seconds after which an import by another process, such as a command, is in force here at the latest.
_REFERENCES_SECONDS = 5.0


class SessionVerifier:
    """Implements the GraphQL edge's `AccessVerifier` over our access tokens."""

    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens

    def session(self, token: str, now: datetime) -> str | None:
        claims = self._tokens.verify(token, now)
        return claims.session if isinstance(claims, AccessClaims) else None


class House:
    """The parts of one process, built and not yet running; see `running`."""

    def __init__(self, config: Config, secret: bytes) -> None:
        self.config = config
        self.clock = SystemClock()
        self.ids = GrowingIds(self.clock)
        self.catalogue = load_catalogue(frozenset(ALERTS))
        self.database: Database = open_database(
            database_url(config),
            synchronous=config.sqlite_synchronous.value,
            pool_size=config.postgres_pool,
        )
        self.relay: Relay = (
            MemoryRelay() if config.redis_url is None else RedisRelay(config.redis_url)
        )
        self.wakeups = RelayedWakeups(self.relay)
        self.accounts = AccountRepository(self.database)
        self.agencies = AgencyRepository(self.database)
        self.anomalies = AnomalyRepository(self.database)
        self.references = ReferenceTables(
            load_shipped(self.catalogue.agencies),
            self.catalogue.agencies,
            ReferenceRepository(self.database),
            self.units,
            self.clock,
        )
        self.tariff = tariff_of(self.database, self.units, self.clock)
        self.feed = FeedRepository(self.database)
        self.hub = Hub(self.feed, self.clock)
        self.sockets = Sockets()
        self.passwords = Passwords()
        self.throttle = throttle_of(config.redis_url)
        self.keyring = AgencyKeys(_secrets_box(config, secret))
        self.inbox = StorageInbox(self.database)
        self.channels = Channels(_gateways(config))
        self.wording = AlertWording(
            self.catalogue, cursor=cursor_of, link=short_link(config.public_url)
        )
        self.access = AccessTokens(
            token_key(secret),
            tuple(map(token_key, config.previous_secrets)),
            lifetime=config.access_token_lifetime,
        )
        measured = load_indicators()
        figures = IndicatorRepository(self.database)
        self.indicators = Indicators(figures, self.clock, measured)
        self.expectations = Expectations(figures, self.clock)
        ledger = StorageLedger(self.database, measured)
        self.counter = Counter(ledger, self.catalogue, measured)
        self.requests = RequestRepository(self.database)
        self.files = DossierRepository(self.database)
        self.systems = AgencySystems(config.gateway_urls, config.sandbox_gateway_urls, GATEWAY)
        planner = Planner(self.catalogue)
        self.warnings = AccountWarnings(planner, self.ids, self.wakeups)
        self.factor = factor_room(
            self.units, self.database, self.accounts, self.clock, secret, config.previous_secrets,
            self.warnings,
        )  # fmt: skip
        self.proofs = ProofsByNeed(self.factor.step_up, NoApprovals())
        self.gateway = HttpGateway(self.systems, signing_key(secret), self.clock)
        intake = Intake(self.units, self.catalogue, planner, self.clock, self.ids, self.wakeups)
        self.forms = published_forms(self.catalogue, self.references.current)
        self.approving = ApprovingRoom(
            self.units,
            ApprovalRepository(self.database),
            SubmissionRepository(self.database),
            self.catalogue,
            planner,
            FormDescriber(self.forms),
            self.proofs,
            self.clock,
            self.ids,
            self.wakeups,
        )
        self.drafting = self._drafting()
        self.acts, self.submissions = self._acts(), self._submissions()
        self.bells = TimerService(
            self.units,
            self.catalogue,
            intake,
            planner,
            self.clock,
            self.ids,
            self.wakeups,
            self.approving.timers(self.submissions),
        )
        self.timers = StorageTimers(self.database)
        self.timer_worker = TimerWorker(self.timers, self.bells, self.clock)
        answers = Answers(
            self.units,
            self.catalogue,
            intake,
            self.clock,
            self.ids,
            self.wakeups,
            self.approving.following,
        )
        self.paying = paying_room(
            self.database, self.units, self.catalogue, intake, self.inbox, self.gateway,
            self.systems, signing_key(secret), self.clock, self.ids, self.wakeups,
        )  # fmt: skip
        self.worker = self._worker(Reception(intake, answers))
        self.sender = GatewayWorker(
            StorageOutgoingQueue(self.database),
            self.gateway,
            answers,
            self.systems.sources,
            self.clock,
            SystemRandom().random,
            payments=self.paying.payments,
        )
        self.papers = DocumentRoom(
            config,
            secret,
            self.database,
            self.units,
            self.catalogue,
            self._paper_kinds,
            self.clock,
            self.ids,
            self.wakeups,
        )
        self.dispatcher = Dispatcher(
            StorageOutbox(self.database),
            self.channels,
            self.wording,
            self.clock,
            self.ids,
            SystemRandom().random,
        )
        self.app = self._app(secret)

    def units(self) -> UnitOfWork:
        """A new unit of work."""
        return StorageUnitOfWork(self.database)

    def _paper_kinds(self) -> Collection[str]:
        return self.references.current.documents.keys()

    async def refresh_references(self) -> None:
        """Take up what was imported since, and let it be found."""
        await self.references.refresh()
        await self.tariff.keep(self.references.current.headings)

    def on_hint(self, hint: Hint) -> None:
        """Pass a wake-up on to the parts of this process."""
        if hint.feeds:
            self.hub.wake(hint.feeds)
        if hint.inbox:
            self.worker.wake()
        if hint.outbox:
            self.dispatcher.wake()
            self.sender.wake()
        if hint.session is not None:
            self._session(hint.session, hint.session_until)

    def _session(self, session: str, until: datetime | None) -> None:
        if until is None:
            self.sockets.close_session(session)
        else:
            self.sockets.renew(session, until)

    def _worker(self, reception: Reception) -> IntakeWorker:
        lanes = SQLITE_LANES if self.config.sqlite_path else self.config.workers_concurrency
        return IntakeWorker(self.inbox, reception, to_event, self.clock, lanes)

    def _acts(self) -> Acts:
        return Acts(
            self.units,
            self.files,
            self.requests,
            SubmissionRepository(self.database),
            self.catalogue,
            self.proofs,
            self.systems,
            self.clock,
            self.ids,
            self.wakeups,
            self.approving.asking,
        )

    def _submissions(self) -> Submissions:
        return Submissions(
            self.units,
            SubmissionRepository(self.database),
            self.catalogue,
            self.proofs,
            self.systems,
            self.clock,
            self.ids,
            self.wakeups,
            blocking=self.drafting.checks.blocking,
            following=self.approving.following,
            form_of=self.drafting.checks.form_of,
        )

    def _drafting(self) -> Drafting:
        return drafting(
            self.units,
            self.database,
            self.accounts,
            self.catalogue,
            self.clock,
            self.ids,
            self.wakeups,
            self.approving.following,
            references=lambda: self.references.current,
            forms=self.forms,
        )

    def _app(self, secret: bytes) -> Litestar:
        operations = GraphQLOperations(self._dependencies(secret))
        agencies = AgencyEndpoint(
            self.inbox,
            self.keyring,
            self.wakeups,
            self.clock,
            self.ids,
            self.config.inbox_body_limit,
        )
        return create_app(
            HttpEndpoint(operations),
            SocketEndpoint(operations, self.sockets, now=self.clock.now),
            agencies,
            Page(self.config.port if self.config.mode is Mode.DEMO else None),
            Health(self.database),
            RawMessages(operations, self.anomalies),
            IndicatorPage(self.indicators, self.catalogue, self.clock),
            self.papers.uploads,
            self.papers.contents,
        )

    def _dependencies(self, secret: bytes) -> Dependencies:
        files = DossierRepository(self.database)
        tokens = SessionTokens(self.access, secret, self.ids)
        sessions = Sessions(
            self.units,
            self.accounts,
            self.passwords,
            tokens,
            self.clock,
            self.ids,
            self.wakeups,
            self.config.session_lifetime,
            self.factor.step_up,
            self.throttle,
        )
        company = company_room(
            self.units, self.catalogue, self.proofs, self.passwords, self.clock, self.ids,
            self.wakeups, self.throttle, self.warnings, secret,
        )  # fmt: skip
        return Dependencies(
            services=Services(
                sessions=sessions,
                revocations=Revocations(
                    self.units, self.accounts, self.warnings, self.clock, self.wakeups
                ),
                devices=Devices(self.units, self.clock, self.ids, self.warnings),
                alerts=Alerts(self.units, self.clock, self.ids, self.wakeups),
                indicators=self.indicators,
                feedback=FeedbackBox(self.units, self.files, self.clock, self.ids),
                acts=self.acts,
                approving=self.approving.services(self.acts),
                anomalies=Anomalies(
                    self.units, self.anomalies, read_message, self.clock, self.ids, self.wakeups
                ),
                second_factors=self.factor.second_factors,
                help=Help(self.units, files, self.anomalies, self.clock, self.ids, self.wakeups),
                debits=self.paying.debits,
                tariff=self.tariff,
                documents=self.papers.documents,
                drafts=self.drafting.drafts,
                submissions=self.submissions,
                checks=self.drafting.checks,
                prefills=self.drafting.prefills,
                members=company.members,
                mandates=company.mandates,
                welcome=company.welcome,
            ),
            readers=Readers(
                files=self.files,
                desk=DeskDossierRepository(self.database),
                anomalies=self.anomalies,
                alerts=AlertRepository(self.database),
                accounts=self.accounts,
                feeds=self.feed,
                agencies=self.agencies,
                requests=self.requests,
                payments=PaymentRepository(self.database),
                audit=AuditRepository(self.database),
                approvals=self.approving.reader,
                declarations=self.drafting.reader,
                members=MemberRepository(self.database),
            ),
            catalogue=self.catalogue,
            references=self.references,
            duties=load_duties(),
            texts=self.wording,
            clock=self.clock,
            live=self.hub,
            access=SessionVerifier(self.access),
            expected=self.expectations,
        )


class Role(enum.Enum):
    """What a process does: answer phones and agencies, take messages in and send alerts, or both."""

    WEB = "web"
    WORKER = "worker"
    ALL = "all"


@asynccontextmanager
async def running(config: Config, secret: bytes, role: Role = Role.ALL) -> AsyncGenerator[House]:
    """A house with its database migrated and its loops running; on leaving, everything is stopped and given back.

    Raises:
        DatabaseError: the database cannot be used.
        WrongChannelUrls: the gateways' URLs cannot.
    """
    house = House(config, secret)
    async with AsyncExitStack() as stack:
        stack.callback(house.passwords.close)
        stack.push_async_callback(house.throttle.close)
        stack.push_async_callback(house.channels.close)
        await house.database.start()
        stack.push_async_callback(house.database.stop)
        await migrate(house.database)
        await house.gateway.open()
        stack.push_async_callback(house.gateway.close)
        await house.refresh_references()
        await house.relay.start(house.on_hint)
        stack.push_async_callback(house.relay.stop)
        house.inbox.start()
        stack.push_async_callback(house.inbox.stop)
        loops = [_loop(loop, name) for name, loop in _loops(house, role)]
        stack.push_async_callback(_cancelled, loops)
        yield house


def _loops(house: House, role: Role) -> list[tuple[str, Coroutine[None, None, None]]]:
    loops: list[tuple[str, Coroutine[None, None, None]]] = []
    if role is not Role.WORKER:
        loops.append(("hub", house.hub.run()))
        loops.append(("expected delays", house.expectations.run()))
        loops.append(("reference tables", _keep_references(house)))
        loops.append(("papers", house.papers.sweep()))
    if role is not Role.WEB:
        loops.append(("intake", house.worker.run()))
        loops.append(("dispatcher", house.dispatcher.run()))
        loops.append(("indicators", house.counter.run()))
        loops.append(("timers", house.timer_worker.run()))
        loops.append(("gateway", house.sender.run()))
        loops.append(("payments", house.paying.worker.run()))
    return loops


async def _keep_references(house: House) -> None:
    """Notice what other processes import; a table is read again only when one did."""
    while True:
        await asyncio.sleep(_REFERENCES_SECONDS)
        try:
            await house.refresh_references()
        except DatabaseError:
            _logger.warning("reference tables could not be read; trying again", exc_info=True)


def read_message(message: RawMessage) -> AgencyEvent | None:
    """Implements `MessageReader` over the agencies' adapters."""
    event = to_event(message)
    return event if isinstance(event, AgencyEvent) else None


def _loop(loop: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
    task = asyncio.create_task(loop, name=name)
    task.add_done_callback(_say_if_broken)
    return task


def _say_if_broken(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _logger.critical("%s ended for no expected reason", task.get_name(), exc_info=error)


async def _cancelled(loops: Sequence[asyncio.Task[None]]) -> None:
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


def _gateways(config: Config) -> dict[str, tuple[str, ...]]:
    """The gateways' URLs by channel; a channel without one is left out, and its deliveries wait."""
    urls = {"PUSH": config.push_urls, "SMS": config.sms_urls}
    return {channel: given for channel, given in urls.items() if given}


def database_url(config: Config) -> str:
    """The engines' URL of the configured database, its folder made."""
    path = config.sqlite_path
    if path is None:
        return config.database_url
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite://{path.resolve()}"


def _secrets_box(config: Config, secret: bytes) -> SecretsBox:
    sealing = "agency secrets"
    previous = [derive_key(old, sealing) for old in config.previous_secrets]
    return SecretsBox(derive_key(secret, sealing), previous)
