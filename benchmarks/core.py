"""The intake as the server composes it, over a given database, without web and without gateways."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TypeVar, cast

from portnet.agencies.canonical import to_event
from portnet.catalogue import load_catalogue
from portnet.domain.agency import AgencyEvent
from portnet.domain.inbox import RawMessage
from portnet.live.memory import MemoryRelay
from portnet.live.relay import Hint, RelayedWakeups
from portnet.ports.unit_of_work import UnitOfWork
from portnet.services.intake import Intake
from portnet.storage.engines import Database, Program, Transaction
from portnet.storage.queues.inbox import StorageInbox
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.planner import Planner
from portnet_server.system import GrowingIds, SystemClock
from portnet_server.worker import IntakeWorker

T = TypeVar("T")


class CountedIntake(Intake):
    """The intake, which says when it has taken so many messages in."""

    _left = 0
    _settled: asyncio.Event

    def expect(self, messages: int) -> None:
        """Count ``messages`` from now on."""
        self._left = messages
        self._settled = asyncio.Event()

    async def all_settled(self) -> None:
        """Wait until as many as expected are settled."""
        await self._settled.wait()

    async def take_in(self, message: AgencyEvent) -> datetime | None:
        waits_until = await super().take_in(message)
        self._left -= waits_until is None
        if not self._left:
            self._settled.set()
        return waits_until


class CountedDatabase:
    """A database that counts the transactions which are begun through it."""

    def __init__(self, database: Database) -> None:
        self.transactions = 0
        self._database = database

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        self.transactions += 1
        return self._database.transaction()

    async def read(self, program: Program[T]) -> T:
        return await self._database.read(program)


class Core:
    """Inbox, intake and its worker on ``database``, as `bootstrap.House` puts them together."""

    def __init__(self, database: Database, *, lanes: int) -> None:
        self.clock = SystemClock()
        self.ids = GrowingIds(self.clock)
        self._database = database
        self._relay = MemoryRelay()
        self._counted = CountedDatabase(database)
        self.inbox = StorageInbox(cast("Database", self._counted))
        self.intake = CountedIntake(
            self.units,
            load_catalogue(frozenset(ALERTS)),
            Planner(load_catalogue(frozenset(ALERTS))),
            self.clock,
            self.ids,
            RelayedWakeups(self._relay),
        )
        self._worker = IntakeWorker(self.inbox, self.intake, to_event, self.clock, lanes)

    @property
    def inbox_commits(self) -> int:
        """How many transactions the inbox took so far."""
        return self._counted.transactions

    def units(self) -> UnitOfWork:
        return StorageUnitOfWork(self._database)

    async def take_in_one_by_one(self, message: RawMessage) -> None:
        """One message through the whole path, nothing beside it."""
        await self.inbox.receive(message)
        event = to_event(message)
        if not isinstance(event, AgencyEvent):
            raise TypeError(event.message)
        await self.intake.take_in(event)

    async def take_in_all(self, messages: Sequence[RawMessage], *, posters: int) -> None:
        """``posters`` post at once, each waiting for its answer; returns when the last message is settled."""
        await self._relay.start(self._on_hint)
        working = asyncio.create_task(self._worker.run())
        waiting = iter(messages)

        async def post() -> None:
            for message in waiting:
                await self.inbox.receive(message)
                self._worker.wake()

        try:
            self.intake.expect(len(messages))
            await asyncio.gather(*(post() for _ in range(posters)))
            await self.intake.all_settled()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await self._relay.stop()

    def _on_hint(self, hint: Hint) -> None:
        if hint.inbox:
            self._worker.wake()
