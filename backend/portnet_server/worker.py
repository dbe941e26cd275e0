"""The intake's worker: raw messages out of the inbox, in order, through the adapters into the core.

Messages that share a reference are one lane and are taken in as they came; lanes run side by side, and what stops one
stops no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol, assert_never

from portnet.domain.adapter import Malformed, NotUnderstood, Understood
from portnet.domain.agency import AgencyEvent
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.inbox import RawMessage
from portnet.ports.clock import Clock
from portnet.ports.inbox import Inbox
from portnet.storage.engines import DatabaseUnavailable, TransactionConflict

_logger = logging.getLogger(__name__)

_BATCH = 200
#: A message that fails this often for no expected reason is set aside, so that it does not hold up its file for ever.
_PATIENCE = 5
#: Of the clock that says how long a message waits, and of this one, either may be a little ahead.
_SHORTEST_REST = 0.01

Mapper = Callable[[RawMessage], Understood]


class Intake(Protocol):
    """What the worker needs of the use case; each call is one transaction."""

    async def take_in(self, message: AgencyEvent) -> datetime | None:
        """Returns when to come back with a message that waits for another one, or at once for its next part."""
        ...

    async def give_up(
        self,
        message: RawMessage | AgencyEvent,
        detail: str,
        reason: AnomalyReason = AnomalyReason.UNREADABLE,
    ) -> None: ...


class IntakeWorker:
    """Runs until cancelled; several may run on one database, in this process or others.

    Args:
        lanes: how many messages at most are under way at once.
        poll_seconds: the inbox is looked at this often without a wake-up: hints may be lost.
        overdue_seconds: parked messages wait for days; a minute more does not matter.
    """

    def __init__(
        self,
        inbox: Inbox,
        intake: Intake,
        mapper: Mapper,
        clock: Clock,
        lanes: int,
        poll_seconds: float = 1.0,
        overdue_seconds: float = 60.0,
    ) -> None:
        self._inbox = inbox
        self._intake = intake
        self._mapper = mapper
        self._clock = clock
        self._room = asyncio.Semaphore(lanes)
        self._poll_seconds = poll_seconds
        self._overdue_seconds = overdue_seconds
        self._wake = asyncio.Event()
        self._failures: Counter[str] = Counter()
        #: Messages that wait for one that comes before them, and until when.
        self._waiting: dict[str, datetime] = {}
        #: Messages that are taken in part by part, by receipt, and the references that they name.
        self._long: dict[str, frozenset[str]] = {}
        #: Of the run that goes on; each has its own.
        self._tasks: asyncio.TaskGroup

    def wake(self) -> None:
        """Messages wait."""
        self._wake.set()

    async def run(self) -> None:
        self._long.clear()
        async with asyncio.TaskGroup() as self._tasks:
            tasks = self._tasks
            tasks.create_task(self._take_in_forever(), name="intake")
            tasks.create_task(self._wake_overdue_forever(), name="parked messages")

    async def _take_in_forever(self) -> None:
        while True:
            self._wake.clear()
            try:
                settled = await self._take_in_batch()
            except Exception:
                _logger.exception("the inbox could not be read; trying again")
                settled = 0
            if not settled:
                await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._rest_seconds()):
                await self._wake.wait()

    def _rest_seconds(self) -> float:
        """Until the next look at the inbox, or until a message has waited long enough."""
        ends = [until for r, until in self._waiting.items() if r not in self._long]
        if not ends:
            return self._poll_seconds
        left = (min(ends) - self._clock.now()).total_seconds()
        return min(self._poll_seconds, max(left, _SHORTEST_REST))

    async def _take_in_batch(self) -> int:
        """How many of the waiting messages were settled."""
        settled = 0
        understood: list[AgencyEvent] = []
        # Those that wait for another message, or are under way, take nobody's place.
        lying_by = len(self._waiting) + len(self._long)
        raws = [
            raw
            for raw in await self._inbox.waiting(_BATCH + lying_by)
            if raw.receipt not in self._long
        ]
        lying = {raw.receipt for raw in raws} | self._long.keys()
        self._waiting = {r: until for r, until in self._waiting.items() if r in lying}
        for raw in raws:
            match self._understand(raw):
                case Malformed() as malformed:
                    settled += await self._give_up(raw, malformed.message)
                case NotUnderstood() as new:
                    settled += await self._give_up(raw, new.message, new.reason)
                case AgencyEvent() as event:
                    if not self._follows_long(event):
                        understood.append(event)
                case _ as unreachable:
                    assert_never(unreachable)
        async with asyncio.TaskGroup() as tasks:
            lanes = [tasks.create_task(self._run_lane(lane)) for lane in _lanes(understood)]
        return settled + sum(lane.result() for lane in lanes)

    def _understand(self, raw: RawMessage) -> Understood:
        try:
            return self._mapper(raw)
        except Exception:
            # Pure, so that it would fail again; and no message may keep the others from being read.
            _logger.exception("message %s of %s could not be read", raw.receipt, raw.source)
            return Malformed("the message could not be read; see the log")

    async def _run_lane(self, lane: Sequence[AgencyEvent]) -> int:
        """How many messages were settled; the others keep their turn, which comes again."""
        async with self._room:
            settled = 0
            held: list[AgencyEvent] = []
            for event in lane:
                if self._waits(event):
                    held.append(event)
                elif not await self._settle(event):
                    return settled
                elif self._goes_on(event):
                    self._begin_long(event)
                    return settled
                elif self._waits(event):
                    held.append(event)
                else:
                    settled += 1
            # What they wait for may have been among the others.
            for event in sorted(held, key=_number) if settled else ():
                if await self._settle(event) and not self._waits(event):
                    settled += 1
        return settled

    def _goes_on(self, event: AgencyEvent) -> bool:
        """Whether what was taken in of a message was one part of many."""
        return event.receipt in self._waiting and not self._waits(event)

    def _begin_long(self, event: AgencyEvent) -> None:
        """Go on with a message's other parts beside the batches: neither waits for the other."""
        self._long[event.receipt] = frozenset(ref.key for ref in event.refs)
        self._tasks.create_task(self._take_in_parts(event), name=f"parts of {event.receipt}")

    async def _take_in_parts(self, event: AgencyEvent) -> None:
        while self._goes_on(event):
            async with self._room:
                if not await self._settle(event):
                    break
        # What is left of one that failed is found in the inbox, like what waited behind it.
        del self._long[event.receipt]
        self._waiting.pop(event.receipt, None)
        self.wake()

    def _follows_long(self, event: AgencyEvent) -> bool:
        """Whether a message names what one that came before it is still being applied to."""
        return any(ref.key in named for named in self._long.values() for ref in event.refs)

    def _waits(self, event: AgencyEvent) -> bool:
        until = self._waiting.get(event.receipt)
        return until is not None and until > self._clock.now()

    async def _settle(self, event: AgencyEvent) -> bool:
        try:
            until = await self._intake.take_in(event)
            self._waiting.pop(event.receipt, None)
            if until is not None:
                self._waiting[event.receipt] = until
        except (TransactionConflict, DatabaseUnavailable):
            _logger.warning("the database was in the way of %s", event.receipt, exc_info=True)
            return False
        except Exception:
            _logger.exception("message %s of %s could not be taken in", event.receipt, event.source)
            self._failures[event.receipt] += 1
            if self._failures[event.receipt] < _PATIENCE:
                return False
            if not await self._give_up(event, "the message could not be taken in; see the log"):
                return False
        self._failures.pop(event.receipt, None)
        return True

    async def _give_up(
        self,
        message: RawMessage | AgencyEvent,
        detail: str,
        reason: AnomalyReason = AnomalyReason.UNREADABLE,
    ) -> bool:
        try:
            await self._intake.give_up(message, detail, reason)
        except Exception:
            _logger.exception("message %s could not be set aside; trying again", message.receipt)
            return False
        return True

    async def _wake_overdue_forever(self) -> None:
        while True:
            await asyncio.sleep(self._overdue_seconds)
            try:
                if await self._inbox.wake_overdue(self._clock.now()):
                    self.wake()
            except Exception:
                _logger.exception("parked messages could not be looked through; trying again")


def _number(event: AgencyEvent) -> int:
    return event.seq or 0


def _lanes(events: Sequence[AgencyEvent]) -> list[list[AgencyEvent]]:
    """Messages that share a reference, be it through others, together and in the order in which they came."""
    roots: dict[str, str] = {}

    def root(key: str) -> str:
        while roots.setdefault(key, key) != key:
            roots[key] = key = roots[roots[key]]
        return key

    for event in events:
        for ref in event.refs[1:]:
            roots[root(ref.key)] = root(event.refs[0].key)
    lanes: dict[str, list[AgencyEvent]] = defaultdict(list)
    for event in events:
        lanes[root(event.refs[0].key)].append(event)
    return list(lanes.values())
