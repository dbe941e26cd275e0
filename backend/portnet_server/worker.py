"""The intake's worker: raw messages out of the inbox, in order, through the adapters into the core.

Messages that share a reference are one lane and are taken in as they came; lanes run side by side, and what stops one
stops no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from portnet.agencies.canonical import Malformed
from portnet.domain.agency import AgencyEvent
from portnet.domain.inbox import RawMessage
from portnet.ports.clock import Clock
from portnet.ports.inbox import Inbox
from portnet.services.intake import Intake
from portnet.storage.engines import ConstraintViolated, DatabaseError

_logger = logging.getLogger(__name__)

_BATCH = 200
#: A message that fails this often for no expected reason is set aside, so that it does not hold up its file for ever.
_PATIENCE = 5

Mapper = Callable[[RawMessage], AgencyEvent | Malformed]
Lane = list[tuple[RawMessage, AgencyEvent]]


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

    def wake(self) -> None:
        """Messages wait."""
        self._wake.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
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
            async with asyncio.timeout(self._poll_seconds):
                await self._wake.wait()

    async def _take_in_batch(self) -> int:
        """How many of the waiting messages were settled."""
        waiting = await self._inbox.waiting(_BATCH)
        read: Lane = []
        unread = 0
        for raw in waiting:
            event = await self._understood(raw)
            if event is None:
                unread += 1
            else:
                read.append((raw, event))
        async with asyncio.TaskGroup() as tasks:
            lanes = [tasks.create_task(self._run_lane(lane)) for lane in _lanes(read)]
        return unread + sum(lane.result() for lane in lanes)
