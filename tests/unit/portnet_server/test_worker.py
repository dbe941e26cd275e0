"""The intake's worker, in virtual time: order, patience, and nobody held up by somebody else's trouble."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.adapter import Malformed, NotUnderstood, Understood
from portnet.domain.agency import AgencyEvent, Reference
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.inbox import BodyChanged, RawMessage, Receipted
from portnet.storage.engines import (
    ConstraintViolated,
    DatabaseBusy,
    DatabaseUnavailable,
    TransactionConflict,
)
from portnet_server.worker import IntakeWorker
from tests.support.clock import NOON, SteppedClock
from tests.support.virtual_time import run_in_virtual_time

POLL = 1.0
OVERDUE = 60.0


class Desk:
    """`Inbox` and `Intake` in memory. A message's body is the references that it names, parted by spaces."""

    def __init__(self) -> None:
        self._receipts = count()
        self.lying: dict[str, RawMessage] = {}
        self.taken: list[str] = []
        self.set_aside: dict[str, str] = {}
        self.reasons: dict[str, AnomalyReason] = {}
        self.parked: list[str] = []
        self.tries: Counter[str] = Counter()
        #: By receipt: the body that must have been taken in before, and until when that is waited for.
        self.gaps: dict[str, tuple[str, datetime]] = {}
        #: By receipt: how many parts a message is taken in by.
        self.parts: dict[str, int] = {}
        self.clock = SteppedClock()
        self.most_at_once = 0
        self._at_once = 0
        #: By receipt: what taking it in raises, again and again.
        self.poison: dict[str, Exception] = {}
        #: What the next reads of the inbox raise, one each.
        self.unreadable: list[Exception] = []
        #: What the next attempts to set something aside raise.
        self.stuck: list[Exception] = []

    def post(self, *bodies: str) -> list[str]:
        receipts = [f"{next(self._receipts):026}" for _ in bodies]
        self.lying.update({r: raw(r, body) for r, body in zip(receipts, bodies, strict=True)})
        return receipts

    async def receive(self, message: RawMessage) -> Receipted | BodyChanged:
        raise AssertionError("a worker receives nothing")

    async def waiting(self, limit: int) -> Sequence[RawMessage]:
        await asyncio.sleep(0)
        if self.unreadable:
            raise self.unreadable.pop(0)
        return [self.lying[receipt] for receipt in sorted(self.lying)][:limit]

    async def wake_overdue(self, now: datetime) -> int:
        woken, self.parked = self.parked, []
        self.post(*woken)
        return len(woken)

    async def take_in(self, message: AgencyEvent) -> datetime | None:
        self.tries[message.receipt] += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(0.001)
            if message.receipt in self.poison:
                raise self.poison[message.receipt]
            before, until = self.gaps.get(message.receipt, ("", NOON))
            if before and before not in self.taken and self.clock.now() < until:
                return until
            self.parts[message.receipt] = self.parts.get(message.receipt, 1) - 1
            if self.parts[message.receipt] > 0:
                return self.clock.now()
            if message.receipt in self.lying:
                del self.lying[message.receipt]
                self.taken.append(message.receipt)
        finally:
            self._at_once -= 1
        return None

    async def give_up(
        self,
        message: RawMessage | AgencyEvent,
        detail: str,
        reason: AnomalyReason = AnomalyReason.UNREADABLE,
    ) -> None:
        await asyncio.sleep(0)
        if self.stuck:
            raise self.stuck.pop(0)
        del self.lying[message.receipt]
        self.set_aside[message.receipt] = detail
        self.reasons[message.receipt] = reason


def raw(receipt: str, body: str) -> RawMessage:
    return RawMessage(
        receipt=receipt,
        source="BADR",
        event_id=receipt,
        body=body.encode(),
        body_hash=b"",
        key="key",
        sandbox=True,
        received_at=NOON,
    )


def mapper(message: RawMessage) -> Understood:
    text = message.body.decode()
    if text == "malformed":
        return Malformed("not ours")
    if text == "new":
        return NotUnderstood(AnomalyReason.UNKNOWN_EVENT, "new to us")
    if text == "unmappable":
        raise OverflowError("a mapper with a bug")
    return AgencyEvent(
        receipt=message.receipt,
        source=message.source,
        event_id=message.event_id,
        code="DUM_IMPORT",
        event="registered",
        occurred_at=NOON,
        received_at=NOON,
        refs=tuple(Reference(scheme="DUM", value=value) for value in text.split()),
    )


@asynccontextmanager
async def working(desk: Desk, lanes: int = 4) -> AsyncGenerator[IntakeWorker]:
    worker = IntakeWorker(desk, desk, mapper, desk.clock, lanes, POLL, OVERDUE)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def timeless(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run an async test in virtual time."""

    def run() -> None:
        run_in_virtual_time(test())

    return run


@timeless
async def test_a_woken_worker_does_not_wait_for_its_poll() -> None:
    desk = Desk()
    async with working(desk) as worker:
        await asyncio.sleep(POLL / 10)
        posted = desk.post("a")
        worker.wake()
        await asyncio.sleep(POLL / 10)
        assert desk.taken == posted


@timeless
async def test_without_a_wake_up_the_inbox_is_looked_at() -> None:
    desk = Desk()
    async with working(desk):
        await asyncio.sleep(POLL / 10)
        posted = desk.post("a", "b")
        await asyncio.sleep(2 * POLL)
        assert sorted(desk.taken) == posted


@timeless
async def test_a_worker_that_was_stopped_runs_again() -> None:
    desk = Desk()
    worker = IntakeWorker(desk, desk, mapper, desk.clock, 4, POLL, OVERDUE)
    for body in ("a", "b"):
        running = asyncio.create_task(worker.run())
        posted = desk.post(body)
        await asyncio.sleep(2 * POLL)
        assert desk.taken[-1:] == posted
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@timeless
async def test_more_than_one_batch_is_taken_in_without_a_rest() -> None:
    desk = Desk()
    posted = desk.post(*(f"file-{number}" for number in range(450)))
    async with working(desk, lanes=8):
        await asyncio.sleep(POLL * 0.9)
        assert sorted(desk.taken) == posted
        assert desk.most_at_once == 8


@timeless
async def test_a_message_of_many_parts_holds_up_only_those_that_share_its_references() -> None:
    desk = Desk()
    ship, behind, *others = desk.post("box-1 box-2", "box-2", "box-3", "box-4")
    desk.parts[ship] = 50
    async with working(desk, lanes=1):
        await asyncio.sleep(POLL * 0.9)
        later = desk.post("box-5")
        await asyncio.sleep(POLL * 3)
        assert desk.taken == [*others, ship, behind, *later]
        assert desk.tries[ship] == 50


@timeless
async def test_a_message_that_fails_between_its_parts_is_set_aside_after_a_while() -> None:
    desk = Desk()
    ship, behind = desk.post("box-1 box-2", "box-2")
    desk.parts[ship] = 1000
    async with working(desk):
        await asyncio.sleep(POLL / 10)
        desk.poison[ship] = LookupError("a bug")
        await asyncio.sleep(POLL * 10)
        assert list(desk.set_aside) == [ship]
        assert desk.taken == [behind]


@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=40))
def test_messages_that_share_a_reference_keep_their_order(bodies: list[set[str]]) -> None:
    async def main() -> None:
        desk = Desk()
        posted = desk.post(*(" ".join(sorted(refs)) for refs in bodies))
        async with working(desk):
            await asyncio.sleep(POLL)
        assert sorted(desk.taken) == posted
        for reference in "abcdefgh":
            own = [r for r, refs in zip(posted, bodies, strict=True) if reference in refs]
            assert [r for r in desk.taken if r in own] == own

    run_in_virtual_time(main())


@pytest.mark.parametrize("error", [LookupError("a bug"), ConstraintViolated("a bug in the rows")])
def test_a_poison_message_is_set_aside_after_a_few_failures(error: Exception) -> None:
    async def main() -> None:
        desk = Desk()
        poison, after, other = desk.post("a", "a", "b")
        desk.poison[poison] = error
        async with working(desk, lanes=1):
            await asyncio.sleep(POLL / 10)
            assert desk.taken == [other]
            await asyncio.sleep(10 * POLL)
        assert list(desk.set_aside) == [poison]
        assert desk.tries[poison] == 5
        assert desk.taken == [other, after]

    run_in_virtual_time(main())


@timeless
async def test_many_poison_messages_do_not_hold_up_the_files_of_others() -> None:
    desk = Desk()
    poison = desk.post(*(f"bad-{number}" for number in range(50)))
    desk.poison.update({receipt: LookupError("a bug") for receipt in poison})
    sound = desk.post(*(f"good-{number}" for number in range(50)))
    async with working(desk, lanes=2):
        await asyncio.sleep(POLL / 2)
        assert sorted(desk.taken) == sound
        await asyncio.sleep(10 * POLL)
        assert sorted(desk.set_aside) == poison


@pytest.mark.parametrize(
    "error", [DatabaseBusy("locked"), TransactionConflict("again"), DatabaseUnavailable("away")]
)
def test_what_only_the_database_stopped_is_tried_until_it_works(error: Exception) -> None:
    async def main() -> None:
        desk = Desk()
        [receipt] = desk.post("a")
        desk.poison[receipt] = error
        async with working(desk):
            await asyncio.sleep(30 * POLL)
            assert desk.tries[receipt] > 20
            assert not desk.set_aside
            del desk.poison[receipt]
            await asyncio.sleep(2 * POLL)
            assert desk.taken == [receipt]

    run_in_virtual_time(main())


@timeless
async def test_an_inbox_that_cannot_be_read_is_read_again() -> None:
    desk = Desk()
    desk.unreadable = [DatabaseUnavailable("away"), LookupError("a bug")]
    posted = desk.post("a")
    async with working(desk):
        await asyncio.sleep(4 * POLL)
        assert desk.taken == posted


@timeless
async def test_what_no_mapper_understands_is_set_aside_and_stops_nobody() -> None:
    desk = Desk()
    malformed, unmappable, new, sound = desk.post("malformed", "unmappable", "new", "a")
    async with working(desk):
        await asyncio.sleep(POLL / 2)
        assert desk.taken == [sound]
        assert desk.set_aside[malformed] == "not ours"
        assert "see the log" in desk.set_aside[unmappable]
        assert desk.set_aside[new] == "new to us"
        assert desk.reasons[new] is AnomalyReason.UNKNOWN_EVENT
        assert desk.reasons[malformed] is AnomalyReason.UNREADABLE


@timeless
async def test_setting_aside_is_tried_again_while_the_database_is_away() -> None:
    desk = Desk()
    malformed, poison, sound = desk.post("malformed", "a", "b")
    desk.poison[poison] = LookupError("a bug")
    desk.stuck = [DatabaseUnavailable("away")] * 8
    async with working(desk):
        await asyncio.sleep(POLL / 2)
        assert desk.taken == [sound]
        await asyncio.sleep(30 * POLL)
        assert desk.set_aside.keys() == {malformed, poison}


@timeless
async def test_messages_whose_parking_is_over_are_woken() -> None:
    desk = Desk()
    desk.parked = ["a", "b"]
    async with working(desk):
        await asyncio.sleep(OVERDUE / 2)
        assert not desk.taken
        await asyncio.sleep(OVERDUE / 2 + POLL / 2)
        assert len(desk.taken) == 2


def test_the_worker_can_be_cancelled_at_any_time() -> None:
    async def cancelled_after(steps: int) -> None:
        desk = Desk()
        posted = desk.post("a", "a", "malformed", "b")
        desk.poison[posted[1]] = LookupError("a bug")
        worker = IntakeWorker(desk, desk, mapper, SteppedClock(), 2, POLL, OVERDUE)
        running = asyncio.create_task(worker.run())
        for _ in range(steps):
            await asyncio.sleep(0.0005 if steps % 2 else 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not set(desk.taken) & set(desk.lying)

    for steps in range(40):
        run_in_virtual_time(cancelled_after(steps))


@given(st.integers(1, 300))
def test_a_long_lane_is_no_deeper_than_a_short_one(length: int) -> None:
    async def main() -> None:
        desk = Desk()
        bodies = [f"ref-{number} ref-{number + 1}" for number in range(length)]
        posted = desk.post(*bodies)
        async with working(desk):
            await asyncio.sleep(POLL)
        assert desk.taken == posted

    run_in_virtual_time(main())


@timeless
async def test_a_message_that_waits_holds_up_nobody_and_comes_right_after_what_it_waits_for() -> (
    None
):
    desk = Desk()
    held, other = desk.post("a", "b")
    missing = f"{int(other) + 1:026}"
    desk.gaps[held] = (missing, NOON + timedelta(seconds=2))
    async with working(desk) as worker:
        await asyncio.sleep(POLL * 3.5)
        assert desk.taken == [other]
        assert desk.tries[held] == 1, "it is not asked about again and again"
        assert desk.post("a") == [missing]
        worker.wake()
        await asyncio.sleep(POLL / 10)
        assert desk.taken == [other, missing, held]


@timeless
async def test_a_message_that_has_waited_long_enough_is_taken_in() -> None:
    desk = Desk()
    (held,) = desk.post("a")
    desk.gaps[held] = ("lost", NOON + timedelta(seconds=2))
    async with working(desk):
        await asyncio.sleep(POLL / 10)
        assert desk.taken == []
        desk.clock.advance(timedelta(seconds=2))
        await asyncio.sleep(POLL)
        assert desk.taken == [held]


@timeless
async def test_messages_that_wait_take_nobodys_place_in_the_inbox() -> None:
    desk = Desk()
    for receipt in desk.post(*(f"held-{number}" for number in range(250))):
        desk.gaps[receipt] = ("lost", NOON + timedelta(seconds=2))
    async with working(desk):
        await asyncio.sleep(POLL)
        posted = desk.post("other")
        await asyncio.sleep(3 * POLL)
        assert desk.taken == posted
