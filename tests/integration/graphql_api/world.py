"""A small single window for tests of the contract: four companies, the real storage, services, hub and schema.

Only time, passwords' cost, and the choice and words of alerts are fakes. Nothing listens on a port.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Self

import msgspec

from portnet.agencies.canonical import to_event
from portnet.catalogue import load_catalogue
from portnet.domain.access import Company, CompanyKind, Mandate, Role, User, Viewer
from portnet.domain.adapter import Malformed
from portnet.domain.agency import Place, Reason
from portnet.domain.authoring.scenario import Step
from portnet.domain.events import MandateRevoked, Record, company_audience
from portnet.domain.identifiers import opaque_id
from portnet.domain.identity.account import Credentials
from portnet.domain.inbox import RawMessage
from portnet.domain.localised import Locale
from portnet.indicators import load_indicators
from portnet.live.hub import Hub
from portnet.ports.unit_of_work import Change, Position
from portnet.reference import load_shipped
from portnet.reference.duties import load_duties
from portnet.scenarios import shipped
from portnet.security.invitations import InvitationCodes
from portnet.security.throttling.memory import MemoryThrottle
from portnet.security.tokens import AccessTokens, token_key
from portnet.services.act import Acts
from portnet.services.alert import Alerts
from portnet.services.answer import Answers
from portnet.services.approving.describing import FormDescriber
from portnet.services.desk.anomaly import Anomalies
from portnet.services.desk.help import Help
from portnet.services.desk.reference import ReferenceTables
from portnet.services.identity.device import Devices
from portnet.services.identity.invitation import Welcome
from portnet.services.identity.mandate import Mandates
from portnet.services.identity.member import Members
from portnet.services.identity.revoking import Revocations
from portnet.services.identity.session import Sessions, SignedIn
from portnet.services.identity.warning import AccountWarnings
from portnet.services.indicators.counting import Counter
from portnet.services.indicators.expecting import Expectations
from portnet.services.indicators.feedback import FeedbackBox
from portnet.services.indicators.reading import Indicators
from portnet.services.intake import Intake
from portnet.services.paying.debit import Debits
from portnet.services.reception import Reception
from portnet.services.submission import Submissions
from portnet.storage.engines import Database
from portnet.storage.log.audit import AuditRepository
from portnet.storage.queues.inbox import StorageInbox
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
from portnet_graphql.documents import Documents
from portnet_graphql.operations import GraphQLOperations
from portnet_graphql.schema import build_schema
from portnet_graphql.transport import OperationRequest, Origin, Refused, Single, Stream
from portnet_notifications.planner import Planner
from portnet_server.bootstrap import read_message
from portnet_server.composition.approving import ApprovingRoom
from portnet_server.composition.drafting import drafting
from portnet_server.composition.second_factor import ProofsByNeed, factor_room
from portnet_server.composition.tariff import tariff_of
from portnet_server.tokens import SessionTokens
from tests.integration.graphql_api.stand_ins import (
    MONDAY,
    CodeAndReference,
    CountedIds,
    PlainPasswords,
    SetClock,
    TellEverybody,
    Verifier,
)
from tests.support.acting.fakes import EverySystem, ToldProofs
from tests.support.declaring.forms import FORMS
from tests.support.declaring.papers import room_over

IMPORTER_ICE, OTHER_ICE = "001561191000066", "001525196000048"
DESK_ICE = "000000999000187"
BROKER_ICE, RIVAL_ICE = "001434567000011", "001434567000022"
PASSWORD = "correct horse"
SECRET = b"s" * 32
SCHEMES = {"dum": "DUM", "onssa": "ONSSA_FILE", "container": "CONTAINER"}
SCHEMA = build_schema()
INDICATORS = load_indicators()


class World:
    """People are named by their logins: declarant and manager (importer), agent (its broker), rival (a broker without
    a mandate), outsider (another importer). ``procedures`` are published beside ours, as TOML.

    With ``real_codes`` second factors are the real ones; else the code of the tests proves everything.
    """

    def __init__(
        self,
        database: Database,
        sandbox: bool = True,
        procedures: Sequence[str] = (),
        real_codes: bool = False,
    ) -> None:
        self.database = database
        self.sandbox = sandbox
        self.clock = SetClock()
        self.ids = CountedIds()
        self.companies: dict[str, Company] = {}
        self.users: dict[str, User] = {}
        self.ended: list[str] = []
        self.feeds = FeedRepository(database)
        self.hub = Hub(self.feeds, self.clock)
        self.expectations = Expectations(IndicatorRepository(database), self.clock)
        self._catalogue = load_catalogue(frozenset(f"A{n:02}" for n in range(1, 46)), procedures)
        ledger = StorageLedger(database, INDICATORS)
        self.counter = Counter(ledger, self._catalogue, INDICATORS)
        self._inbox = StorageInbox(database)
        self.anomalies = AnomalyRepository(database)
        self.references = ReferenceTables(
            load_shipped(self._catalogue.agencies),
            self._catalogue.agencies,
            ReferenceRepository(database),
            self.unit,
            self.clock,
        )
        self._hub_task: asyncio.Task[None] | None = None
        self._played = 0
        self._posted = 0
        self._wakeups = _Wakeups(self)
        self._folder = tempfile.TemporaryDirectory()
        self.papers = room_over(database, self.clock, self.ids, self._wakeups, self._folder.name)
        self.tariff = tariff_of(database, self.unit, self.clock)
        self.proofs = ToldProofs()
        self.warnings = AccountWarnings(Planner(self._catalogue), self.ids, self._wakeups)
        self.factor = factor_room(
            self.unit,
            database,
            AccountRepository(database),
            self.clock,
            SECRET,
            (),
            self.warnings,
        )
        self._shown = ProofsByNeed(
            self.factor.step_up if real_codes else self.proofs, approval=self.proofs
        )
        self._intake = Intake(
            self.unit, self._catalogue, TellEverybody(), self.clock, self.ids, self._wakeups
        )
        self.dependencies = self._dependencies()
        self.operations = GraphQLOperations(self.dependencies, Documents(SCHEMA))
        self._answers = Answers(
            self.unit,
            self._catalogue,
            self._intake,
            self.clock,
            self.ids,
            self._wakeups,
            self.approving.following,
        )

    async def __aenter__(self) -> Self:
        self._inbox.start()
        self._hub_task = asyncio.create_task(self.hub.run())
        await self._settle_people()
        await self.tariff.keep(self.references.current.headings)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._folder.cleanup()
        await self._inbox.stop()
        if self._hub_task is not None:
            self._hub_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._hub_task

    # ------------------------------------------------------------ what agencies do

    async def play(self, steps: int) -> None:
        """The next messages of S0, each at its own instant."""
        for step in shipped()["S0"].steps[self._played : self._played + steps]:
            assert isinstance(step, Step)
            self._played += 1
            self.clock.at += step.after
            due = None if step.due_in is None else self.clock.at + step.due_in
            refs = {SCHEMES[name]: f"{name.upper()}-0001" for name in step.refs}
            await self.post(
                step.source, step.event, refs, reasons=step.reasons, place=step.place, due_at=due
            )

    async def post(
        self,
        source: str,
        event: str,
        refs: Mapping[str, str],
        *,
        ices: tuple[str, str] = (IMPORTER_ICE, BROKER_ICE),
        reasons: Sequence[Reason] = (),
        place: Place | None = None,
        due_at: datetime | None = None,
        classifier: str = "ACT",
        occurred_at: datetime | None = None,
        amounts: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """One message through the inbox and the intake."""
        self._posted += 1
        operator, broker = ices
        body = msgspec.json.encode(
            {
                "type": event,
                "classifier": classifier,
                "occurred_at": occurred_at or self.clock.now(),
                "refs": [{"scheme": scheme, "value": value} for scheme, value in refs.items()],
                "parties": [
                    {"role": "OPERATOR", "scheme": "ICE", "value": operator},
                    {"role": "BROKER", "scheme": "ICE", "value": broker},
                ],
                "reasons": reasons,
                "place": place,
                "due_at": due_at,
                "amounts": amounts,
            }
        )
        raw = RawMessage(
            receipt=self.ids.new(),
            source=source,
            event_id=f"e{self._posted}",
            body=body,
            body_hash=hashlib.sha256(body).digest(),
            key="k",
            sandbox=self.sandbox,
            received_at=self.clock.now(),
        )
        await self._inbox.receive(raw)
        message = to_event(raw)
        assert not isinstance(message, Malformed), message
        await Reception(self._intake, self._answers).take_in(message)

    async def revoke_mandate(self) -> None:
        """The importer takes its broker's mandate away; both hear of it."""
        now = self.clock.now()
        importer, broker = self.companies["importer"].id, self.companies["broker"].id
        [mandate] = await AccountRepository(self.database).mandates(importer)
        event = MandateRevoked(mandate=mandate.id, company=importer, broker=broker)
        audiences = (company_audience(importer), company_audience(broker))
        positions = await self.write(
            msgspec.structs.replace(mandate, revoked_at=now),
            Record(id=self.ids.new(), at=now, event=event, subject=mandate.id, audiences=audiences),
        )
        self.hub.wake(positions)

    async def end_mandate(self, mandate: str) -> None:
        """One that was given until now, and named its broker before."""
        [known] = [
            m
            for m in await AccountRepository(self.database).mandates(self.companies["importer"].id)
            if m.id == mandate
        ]
        await self.write(msgspec.structs.replace(known, ends_at=self.clock.now()))

    async def write(self, *changes: Change) -> tuple[Position, ...]:
        async with self.unit() as work:
            work.add(*changes)
            return await work.commit()

    def unit(self) -> StorageUnitOfWork:
        return StorageUnitOfWork(self.database)

    # ------------------------------------------------------------ what apps do

    async def ask(
        self, login: str | None, text: str, language: str | None = None, **variables: object
    ) -> Any:
        """The whole answer, or the errors of a refusal under "refused"."""
        return await self.send(await self.token(login), text, language, **variables)

    async def data(self, login: str | None, text: str, **variables: object) -> Any:
        """The data of an answer without errors."""
        answer = await self.ask(login, text, None, **variables)
        assert set(answer) == {"data"}, answer
        return answer["data"]

    async def send(
        self, token: str | None, text: str, language: str | None = None, **variables: object
    ) -> Any:
        prepared = await self._prepare(token, text, language, variables)
        match prepared:
            case Refused():
                return {"refused": prepared.errors}
            case Single():
                return msgspec.json.decode(await prepared.run())
            case Stream():
                raise AssertionError("a subscription has no single answer")

    async def follow(
        self, login: str, text: str, **variables: object
    ) -> AsyncGenerator[bytes, None]:
        """The stream of a subscription."""
        prepared = await self._prepare(await self.token(login), text, None, variables)
        assert isinstance(prepared, Stream), prepared
        return prepared.payloads

    async def token(self, login: str | None) -> str | None:
        """A new session's access token."""
        if login is None:
            return None
        signed_in = await self.services.sessions.sign_in(login, PASSWORD)
        assert isinstance(signed_in, SignedIn), signed_in
        return signed_in.access.text

    def viewer(self, login: str) -> Viewer:
        user = self.users[login]
        return Viewer(
            user=user.id,
            company=user.company,
            session="",
            sandbox=self.sandbox,
            session_expires_at=MONDAY + timedelta(days=30),
        )

    def company_id(self, name: str) -> str:
        return opaque_id("Company", self.companies[name].id)

    async def _prepare(
        self, token: str | None, text: str, language: str | None, variables: dict[str, object]
    ) -> Single | Stream | Refused:
        payload = {} if token is None else {"authorization": f"Bearer {token}"}
        person = await self.operations.authenticate(payload)
        request = OperationRequest(query=text, variables=variables)
        return await self.operations.prepare(person, request, Origin(accept_language=language))

    # ------------------------------------------------------------ how it is put together

    def _dependencies(self) -> Dependencies:
        wakeups = self._wakeups
        accounts = AccountRepository(self.database)
        files = DossierRepository(self.database)
        access = AccessTokens(token_key(SECRET))
        files = DossierRepository(self.database)
        figures = IndicatorRepository(self.database)
        self.approving = approving = ApprovingRoom(
            self.unit,
            ApprovalRepository(self.database),
            SubmissionRepository(self.database),
            self._catalogue,
            Planner(self._catalogue),
            FormDescriber(FORMS),
            self._shown,
            self.clock,
            self.ids,
            wakeups,
        )
        acts = Acts(
            self.unit,
            DossierRepository(self.database),
            RequestRepository(self.database),
            SubmissionRepository(self.database),
            self._catalogue,
            self._shown,
            EverySystem(),
            self.clock,
            self.ids,
            wakeups,
            approving.asking,
        )
        room = drafting(
            self.unit,
            self.database,
            accounts,
            self._catalogue,
            self.clock,
            self.ids,
            wakeups,
            approving.following,
            references=lambda: self.references.current,
            forms=FORMS,
        )
        codes = InvitationCodes(SECRET)
        self.throttle = MemoryThrottle()
        self.services = Services(
            sessions=Sessions(
                self.unit,
                accounts,
                PlainPasswords(),
                SessionTokens(access, SECRET, self.ids),
                self.clock,
                self.ids,
                wakeups,
                timedelta(days=30),
                self.factor.step_up,
                self.throttle,
            ),
            revocations=Revocations(self.unit, accounts, self.warnings, self.clock, wakeups),
            devices=Devices(self.unit, self.clock, self.ids, self.warnings),
            alerts=Alerts(self.unit, self.clock, self.ids, wakeups),
            indicators=Indicators(figures, self.clock, INDICATORS),
            feedback=FeedbackBox(self.unit, files, self.clock, self.ids),
            tariff=self.tariff,
            documents=self.papers.documents,
            acts=acts,
            approving=approving.services(acts),
            anomalies=Anomalies(
                self.unit, self.anomalies, read_message, self.clock, self.ids, wakeups
            ),
            second_factors=self.factor.second_factors,
            help=Help(self.unit, files, self.anomalies, self.clock, self.ids, wakeups),
            debits=Debits(
                self.unit,
                self._catalogue,
                RequestRepository(self.database),
                self._intake,
                self.clock,
                self.ids,
                wakeups,
            ),
            drafts=room.drafts,
            submissions=Submissions(
                self.unit,
                SubmissionRepository(self.database),
                self._catalogue,
                self._shown,
                EverySystem(),
                self.clock,
                self.ids,
                wakeups,
                blocking=room.checks.blocking,
                following=approving.following,
                form_of=room.checks.form_of,
            ),
            checks=room.checks,
            prefills=room.prefills,
            members=Members(
                self.unit, self.proofs, codes, self.clock, self.ids, wakeups, self.warnings
            ),
            mandates=Mandates(
                self.unit, self._catalogue, self.proofs, self.clock, self.ids, wakeups
            ),
            welcome=Welcome(self.unit, codes, PlainPasswords(), self.clock, self.throttle),
        )
        return Dependencies(
            services=self.services,
            readers=Readers(
                files=files,
                desk=DeskDossierRepository(self.database),
                anomalies=self.anomalies,
                alerts=AlertRepository(self.database),
                accounts=accounts,
                feeds=self.feeds,
                agencies=AgencyRepository(self.database),
                requests=RequestRepository(self.database),
                payments=PaymentRepository(self.database),
                audit=AuditRepository(self.database),
                approvals=approving.reader,
                declarations=room.reader,
                members=MemberRepository(self.database),
            ),
            catalogue=self._catalogue,
            references=self.references,
            duties=load_duties(),
            texts=CodeAndReference(),
            clock=self.clock,
            live=self.hub,
            access=Verifier(access),
            expected=self.expectations,
        )

    async def _settle_people(self) -> None:
        for name, kind, ice in (
            ("importer", CompanyKind.OPERATOR, IMPORTER_ICE),
            ("other", CompanyKind.OPERATOR, OTHER_ICE),
            ("broker", CompanyKind.BROKER, BROKER_ICE),
            ("rivals", CompanyKind.BROKER, RIVAL_ICE),
            ("desk", CompanyKind.SINGLE_WINDOW, DESK_ICE),
        ):
            self.companies[name] = Company(
                id=self.ids.new(), kind=kind, name=name.title(), ice=ice, sandbox=self.sandbox
            )
        self._add_user("declarant", "importer", Role.DECLARANT, "fr")
        self._add_user("manager", "importer", Role.MANAGER, "en")
        self._add_user("chief", "importer", Role.ADMINISTRATOR, "en")
        self._add_user("agent", "broker", Role.DECLARANT, "ar")
        self._add_user("rival", "rivals", Role.DECLARANT, "fr")
        self._add_user("outsider", "other", Role.DECLARANT, "fr")
        self._add_user("helper", "desk", Role.HELP_DESK, "en")
        # A role that a customer gave to its own employee.
        self._add_user("pretender", "importer", Role.HELP_DESK, "en")
        mandate = Mandate(
            id=self.ids.new(),
            company=self.companies["importer"].id,
            broker=self.companies["broker"].id,
            starts_at=MONDAY - timedelta(days=30),
            ends_at=MONDAY + timedelta(days=30),
        )
        secrets = [Credentials(user=u.id, password_hash=PASSWORD) for u in self.users.values()]
        await self.write(*self.companies.values(), *self.users.values(), *secrets, mandate)

    def _add_user(self, login: str, company: str, role: Role, locale: Locale) -> None:
        self.users[login] = User(
            id=self.ids.new(),
            company=self.companies[company].id,
            login=login,
            name=login.title(),
            roles=(role,),
            locale=locale,
        )


class _Wakeups:
    """Implements `Wakeups`: the hub is told, ended sessions are noted."""

    def __init__(self, world: World) -> None:
        self._world = world

    def feeds(self, positions: Sequence[Position]) -> None:
        self._world.hub.wake(positions)

    def inbox(self) -> None:
        """Nobody waits: messages are taken in as they are posted."""

    def outbox(self) -> None:
        """Nothing is sent here."""

    def session_renewed(self, session: str, until: datetime) -> None:
        """No sockets here."""

    def session_ended(self, session: str) -> None:
        self._world.ended.append(session)
