"""The intake's worker: raw messages out of the inbox, in order, through the adapters into the core.

Messages of one file keep to one lane, so that they are folded in the order in which they came; lanes run side by side.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from portnet.agencies.canonical import Malformed
from portnet.domain.agency import AgencyEvent
from portnet.domain.inbox import RawMessage
from portnet.ports.clock import Clock
from portnet.ports.inbox import Inbox
from portnet.services.intake import Intake
from portnet.storage.engines import DatabaseError

_logger = logging.getLogger(__name__)

_BATCH = 200
#: The inbox is looked at this often without a wake-up: hints may be lost.
_POLL_SECONDS = 1.0
#: Parked messages wait for days; a minute more does not matter.
_OVERDUE_SECONDS = 60.0
#: A message that fails this often for no expected reason is set aside, so that it does not hold up the others.
_PATIENCE = 5

Mapper = Callable[[RawMessage], AgencyEvent | Malformed]


class IntakeWorker:
    """Runs until cancelled; several may run on one database, in this process or others."""

    def __init__(
        self, inbox: Inbox, intake: Intake, mapper: Mapper, clock: Clock, lanes: int
    ) -> None:
        self._inbox = inbox
        self._intake = intake
        self._mapper = mapper
        self._clock = clock
        self._lanes = lanes
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
                taken = await self._take_in_batch()
            except Exception:
                _logger.exception("the inbox could not be read; trying again")
                taken = 0
            if not taken:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _take_in_batch(self) -> int:
        """How many of the waiting messages were settled."""
        waiting = await self._inbox.waiting(_BATCH)
        lanes: dict[int, list[AgencyEvent]] = defaultdict(list)
        settled = 0
        for raw in waiting:
            event = self._mapper(raw)
            if isinstance(event, Malformed):
                await self._intake.give_up(raw, event.message)
                settled += 1
            else:
                lanes[_lane(event, self._lanes)].append(event)
        return settled + sum(await asyncio.gather(*map(self._run_lane, lanes.values())))

    async def _run_lane(self, lane: Sequence[AgencyEvent]) -> int:
        settled = 0
        for event in lane:
            try:
                await self._intake.take_in(event)
            except DatabaseError:
                _logger.warning(
                    "the database was in the way of %s; trying again", event.receipt, exc_info=True
                )
                return settled
            except Exception:
                _logger.exception(
                    "message %s of %s could not be taken in", event.receipt, event.source
                )
                if not await self._failed(event):
                    return settled
            settled += 1
        return settled

    async def _failed(self, event: AgencyEvent) -> bool:
        """Whether the message was set aside; until then it is tried again, after the others' turn."""
        self._failures[event.receipt] += 1
        if self._failures[event.receipt] < _PATIENCE:
            return False
        del self._failures[event.receipt]
        await self._intake.give_up(event, "the message could not be taken in; see the log")
        return True

    async def _wake_overdue_forever(self) -> None:
        while True:
            await asyncio.sleep(_OVERDUE_SECONDS)
            try:
                if await self._inbox.wake_overdue(self._clock.now()):
                    self.wake()
            except Exception:
                _logger.exception("parked messages could not be looked through; trying again")


def _lane(event: AgencyEvent, lanes: int) -> int:
    return zlib.crc32(event.refs[0].key.encode()) % lanes
