"""The timers' worker, in virtual time: each on time, and nobody held up by somebody else's trouble."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from portnet.domain.timers import Timer, TimerKind
from portnet.storage.engines import DatabaseUnavailable, TransactionConflict
from portnet_server.timers import TimerWorker
from tests.support.clock import NOON
from tests.support.virtual_time import run_in_virtual_time

SECOND = timedelta(seconds=1)


class LoopClock:
    """Implements `Clock` by the loop's own time."""

    def now(self) -> datetime:
        return NOON + timedelta(seconds=asyncio.get_running_loop().time())


class Shelf:
    """`Timers` and the use case in memory."""

    def __init__(self, clock: LoopClock) -> None:
        self._clock = clock
        self.set: dict[str, Timer] = {}
        self.rung: list[tuple[str, float]] = []
        self.trouble: dict[str, list[Exception]] = {}
        self.busy: set[str] = set()
        self.unreadable: list[Exception] = []

    def add(self, subject: str, seconds: float) -> None:
        due_at = NOON + timedelta(seconds=seconds)
        self.set[subject] = Timer(subject=subject, kind=TimerKind.ALARM, due_at=due_at)

    async def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        await asyncio.sleep(0)
        if self.unreadable:
            raise self.unreadable.pop(0)
        due = sorted((t for t in self.set.values() if t.due_at <= now), key=lambda t: t.due_at)
        return due[:limit]

    async def next_due(self) -> datetime | None:
        return min((timer.due_at for timer in self.set.values()), default=None)

    async def put_off(self, timer: Timer, until: datetime) -> None:
        self.add(timer.subject, (until - NOON).total_seconds())

    async def ring(self, timer: Timer) -> bool:
        await asyncio.sleep(0)
        if self.trouble.get(timer.subject):
            raise self.trouble[timer.subject].pop(0)
        if timer.subject in self.busy:
            return False
        del self.set[timer.subject]
        self.rung.append((timer.subject, (self._clock.now() - NOON).total_seconds()))
        return True


@asynccontextmanager
async def working() -> AsyncGenerator[Shelf]:
    clock = LoopClock()
    shelf = Shelf(clock)
    task = asyncio.create_task(TimerWorker(shelf, shelf, clock).run())
    try:
        yield shelf
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_each_timer_fires_when_it_is_due() -> None:
    async def scenario() -> None:
        async with working() as shelf:
            shelf.add("later", 42.5)
            shelf.add("sooner", 7)
            shelf.add("overdue", -60)
            await asyncio.sleep(100)
            assert shelf.rung == [("overdue", 0.0), ("sooner", 7.0), ("later", 42.5)]

    run_in_virtual_time(scenario())


def test_a_timer_that_is_set_while_it_sleeps_is_seen_soon() -> None:
    async def scenario() -> None:
        async with working() as shelf:
            shelf.add("tomorrow", 86_400)
            await asyncio.sleep(1)
            shelf.add("near", 2)
            await asyncio.sleep(10)
            assert shelf.rung == [("near", 5.0)]

    run_in_virtual_time(scenario())


def test_one_that_cannot_be_fired_is_put_off_and_stops_no_other() -> None:
    async def scenario() -> None:
        async with working() as shelf:
            shelf.trouble["broken"] = [ZeroDivisionError()]
            shelf.add("broken", 1)
            shelf.add("sound", 2)
            await asyncio.sleep(1_000)
            assert shelf.rung == [("sound", 2.0), ("broken", 301.0)]

    run_in_virtual_time(scenario())


def test_one_that_another_worker_has_is_looked_at_again() -> None:
    async def scenario() -> None:
        async with working() as shelf:
            shelf.busy.add("theirs")
            shelf.add("theirs", 1)
            await asyncio.sleep(3.5)
            shelf.busy.clear()
            await asyncio.sleep(10)
            assert shelf.rung == [("theirs", 4.0)]

    run_in_virtual_time(scenario())


def test_a_database_that_is_away_for_a_while_delays_and_loses_nothing() -> None:
    async def scenario() -> None:
        async with working() as shelf:
            shelf.unreadable = [DatabaseUnavailable("away"), DatabaseUnavailable("away")]
            shelf.trouble["t"] = [TransactionConflict("busy"), DatabaseUnavailable("away")]
            shelf.add("t", 0)
            await asyncio.sleep(20)
            assert shelf.rung == [("t", 4.0)]

    run_in_virtual_time(scenario())
