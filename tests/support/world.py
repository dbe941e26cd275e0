"""A small world over a migrated database: an importer, its broker and a stranger, agencies that post, one intake."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from portnet.agencies.canonical import to_event
from portnet.domain.access import Mandate, Role, User, Viewer
from portnet.domain.adapter import Malformed
from portnet.domain.catalogue import Catalogue
from portnet.domain.dossier import Dossier
from portnet.domain.inbox import BodyChanged, RawMessage, Receipted
from portnet.domain.procedure import Entry, Procedure
from portnet.ports.alerts import AlertPlanner
from portnet.ports.unit_of_work import Change, Position
from portnet.services.approving.describing import PathDescriber
from portnet.services.identity.warning import AccountWarnings
from portnet.services.intake import Intake
from portnet.services.submission import Submissions
from portnet.services.timer import TimerService
from portnet.storage import rows
from portnet.storage.engines import Database, Row, TransactionConflict, open_database, query
from portnet.storage.queues.inbox import StorageInbox
from portnet.storage.queues.timers import StorageTimers
from portnet.storage.repositories.account import AccountRepository
from portnet.storage.repositories.agency import AgencyRepository
from portnet.storage.repositories.alert import AlertRepository
from portnet.storage.repositories.anomaly import AnomalyRepository
from portnet.storage.repositories.approving.approval import ApprovalRepository
from portnet.storage.repositories.dossier import DossierRepository
from portnet.storage.repositories.feed import FeedRepository
from portnet.storage.repositories.submission import SubmissionRepository
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_notifications.planner import Planner
from portnet_server.composition.approving import ApprovingRoom
from tests.support.acting.fakes import NoSystem, ToldProofs
from tests.support.acting.parts import nothing_blocks
from tests.support.clock import SteppedClock
from tests.support.ids import CountedIds
from tests.support.scenarios import (
    BROKER,
    IMPORTER,
    MANDATE,
    STRANGER,
    Firm,
    Line,
    catalogue,
    line,
    story,
)

_BATCH = 200


class HeardWakeups:
    """Implements `Wakeups`: remembers who was woken."""

    def __init__(self) -> None:
        self.positions: list[Position] = []
        self.renewed: list[str] = []
        self.ended: list[str] = []

    def feeds(self, positions: Sequence[Position]) -> None:
        self.positions.extend(positions)

    def inbox(self) -> None:
        """Tests look into the inbox themselves."""

    def outbox(self) -> None:
        """And into the outbox."""

    def session_renewed(self, session: str, until: datetime) -> None:
        self.renewed.append(session)

    def session_ended(self, session: str) -> None:
        self.ended.append(session)


class World:
    """One process's parts over one started database; see `open_world`.

    Two worlds over one database are two processes' worth of workers: give them lanes of their own.
    """

    def __init__(
        self,
        database: Database,
        clock: SteppedClock | None = None,
        planner: AlertPlanner | None = None,
        lane: int = 0,
        known: Catalogue | None = None,
    ) -> None:
        self.database = database
        self.clock = clock or SteppedClock()
        self.ids = CountedIds(self.clock, lane)
        self.catalogue = known or catalogue()
        self.wakeups = HeardWakeups()
        self.inbox = StorageInbox(database)
        self.files = DossierRepository(database)
        self.alerts = AlertRepository(database)
        self.accounts = AccountRepository(database)
        self.agencies = AgencyRepository(database)
        self.anomalies = AnomalyRepository(database)
        self.feed = FeedRepository(database)
        self.intake = Intake(
            self.units,
            self.catalogue,
            planner or Planner(self.catalogue),
            self.clock,
            self.ids,
            self.wakeups,
        )
        self.warnings = AccountWarnings(Planner(self.catalogue), self.ids, self.wakeups)
        self.timers = StorageTimers(database)
        self.proofs = ToldProofs()
        done = SubmissionRepository(database)
        self.approving = ApprovingRoom(
            self.units,
            ApprovalRepository(database),
            done,
            self.catalogue,
            Planner(self.catalogue),
            PathDescriber(),
            self.proofs,
            self.clock,
            self.ids,
            self.wakeups,
        )
        submissions = Submissions(
            self.units,
            done,
            self.catalogue,
            self.proofs,
            NoSystem(),
            self.clock,
            self.ids,
            self.wakeups,
            blocking=nothing_blocks,
            following=self.approving.following,
            form_of=lambda _: None,
        )
        self.bells = TimerService(
            self.units,
            self.catalogue,
            self.intake,
            Planner(self.catalogue),
            self.clock,
            self.ids,
            self.wakeups,
            self.approving.timers(submissions),
        )

    def units(self) -> StorageUnitOfWork:
        """A new unit of work."""
        return StorageUnitOfWork(self.database)

    async def write(self, *changes: Change) -> tuple[Position, ...]:
        """One transaction with these changes."""
        async with self.units() as work:
            work.add(*changes)
            return await work.commit()

    async def populate(self, mandate: Mandate | None = MANDATE) -> None:
        """Write the cast."""
        for firm in (IMPORTER, BROKER, STRANGER):
            await self.write(firm.company, *firm.people)
        if mandate is not None:
            await self.write(mandate)

    async def receive(self, said: Line, sandbox: bool = True) -> Receipted | BodyChanged:
        """Put a message on disk, as the agencies' door does."""
        return await self.inbox.receive(
            RawMessage(
                receipt=self.ids.new(),
                source=said.source,
                event_id=said.event_id,
                body=said.body,
                body_hash=said.hash,
                key="key",
                sandbox=sandbox,
                received_at=self.clock.now(),
            )
        )

    async def work(self) -> int:
        """Take in what waits, oldest first, as the worker does; how many messages, or parts of them, that were.

        Until nothing waits, or only what waits for a message that has not come.
        """
        taken = 0
        while waiting := await self.inbox.waiting(_BATCH):
            until = [await self.take_in(raw) for raw in waiting]
            # One that is taken in part by part wants to be come back to at once.
            turns = sum(at is None or at <= self.clock.now() for at in until)
            if not turns:
                break
            taken += turns
        return taken

    async def take_in(self, raw: RawMessage) -> datetime | None:
        """One message, once, and when to come back with it; a conflict with another worker leaves it waiting."""
        event = to_event(raw)
        try:
            if isinstance(event, Malformed):
                await self.intake.give_up(raw, event.message)
            else:
                return await self.intake.take_in(event)
        except TransactionConflict:
            return None
        return None

    async def ring(self) -> int:
        """Fire what is due, as the worker does, until nothing is; how many transactions that were."""
        rung = 0
        while due := await self.timers.due(self.clock.now(), _BATCH):
            for timer in due:
                rung += await self.bells.ring(timer)
        return rung

    async def ring_on(self, by: timedelta) -> int:
        """Let time pass, then `ring`."""
        self.clock.advance(by)
        return await self.ring()

    async def say(self, said: Line, sandbox: bool = True) -> Receipted | BodyChanged:
        """Receive, then take in all that waits."""
        reply = await self.receive(said, sandbox)
        await self.work()
        return reply

    async def post(
        self,
        source: str,
        type: str,
        *refs: str,
        at: datetime | None = None,
        sandbox: bool = True,
        **fields: Any,
    ) -> str:
        """`say` a message that happens now, or ``at``; its receipt. See `line` for the arguments."""
        said = line(source, type, *refs, at=at or self.clock.now(), **fields)
        return (await self.say(said, sandbox)).receipt

    async def tell(self, code: str, run: int = 1, steps: int | None = None) -> list[Line]:
        """A shipped story, or its first ``steps``, each message received a minute after it happened."""
        told = story(code, ends_at=self.clock.now() - timedelta(minutes=1), run=run)[:steps]
        end = self.clock.now()
        for said in told:
            self.clock.set(said.occurred_at + timedelta(minutes=1))
            await self.say(said)
        self.clock.set(end)
        return told

    def viewer(self, firm: Firm, role: Role = Role.DECLARANT) -> Viewer:
        return self.viewing(firm.person(role))

    def viewing(self, user: User) -> Viewer:
        return Viewer(
            user=user.id,
            company=user.company,
            session="session",
            sandbox=True,
            session_expires_at=self.clock.now() + timedelta(days=1),
        )

    async def select(self, sql: str, *args: Any) -> list[Row]:
        return await self.database.read(query(sql, *args))

    async def column(self, sql: str, *args: Any) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in await self.select(sql, *args)]

    async def dossiers(self) -> list[Dossier]:
        return [rows.dossier(row) for row in await self.select("SELECT * FROM dossier ORDER BY id")]

    async def procedures(self) -> list[Procedure]:
        found = await self.select("SELECT * FROM procedure ORDER BY code, identity")
        return [rows.procedure(row) for row in found]

    async def states(self) -> dict[str, str]:
        """The state of each procedure by its identity."""
        return {p.identity: p.state for p in await self.procedures()}

    async def entries(self) -> list[Entry]:
        """In the order in which they happened."""
        found = await self.select("SELECT * FROM entry ORDER BY occurred_at, received_at, receipt")
        return [rows.entry(row) for row in found]


@asynccontextmanager
async def open_world(
    url: str,
    *,
    clock: SteppedClock | None = None,
    planner: AlertPlanner | None = None,
    lane: int = 0,
    populate: bool = True,
    open_at: Callable[[str], Database] = open_database,
    known: Catalogue | None = None,
) -> AsyncGenerator[World]:
    """A world over the migrated database at ``url``, its inbox open; the cast is written unless it is there already."""
    database = open_at(url)
    await database.start()
    try:
        world = World(database, clock, planner, lane, known)
        if populate:
            await world.populate()
        world.inbox.start()
        try:
            yield world
        finally:
            await world.inbox.stop()
    finally:
        await database.stop()
