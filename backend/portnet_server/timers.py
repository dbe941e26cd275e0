"""The timers' worker: what is due is fired, one after the other; then it sleeps until the next, and looks now and then.

No wake-up tells it of a new timer: the shortest is set minutes ahead, and it looks more often than that.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Protocol

from portnet.domain.timers import Timer
from portnet.ports.clock import Clock
from portnet.ports.timers import Timers
from portnet.storage.engines import DatabaseUnavailable, TransactionConflict

_logger = logging.getLogger(__name__)

_BATCH = 100
#: A timer that cannot be fired for no expected reason waits, so that it holds up no other.
_PUT_OFF = timedelta(minutes=5)


class Rings(Protocol):
    """What the worker needs of the use case; each call is one transaction."""

    async def ring(self, timer: Timer) -> bool: ...


class TimerWorker:
    """Runs until cancelled; several may run on one database, in this process or others.

    Args:
        poll_seconds: how long it sleeps at most; the clock may have been moved, or a nearer timer been set.
        busy_seconds: how long it leaves what others work on, or a database that is in the way.
    """

    def __init__(
        self,
        timers: Timers,
        rings: Rings,
        clock: Clock,
        poll_seconds: float = 5.0,
        busy_seconds: float = 1.0,
    ) -> None:
        self._timers = timers
        self._rings = rings
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._busy_seconds = busy_seconds

    async def run(self) -> None:
        while True:
            try:
                pause = await self._fire_due()
            except Exception:
                _logger.exception("the timers could not be read; trying again")
                pause = self._busy_seconds
            await asyncio.sleep(pause)

    async def _fire_due(self) -> float:
        """Fire a batch; how many seconds there is nothing to do then."""
        due = await self._timers.due(self._clock.now(), _BATCH)
        if due:
            # In turn, not together: a full hour brings many, and the intake must have the writer between two of them.
            fired = [await self._fire(timer) for timer in due]
            return 0.0 if any(fired) else self._busy_seconds
        following = await self._timers.next_due()
        if following is None:
            return self._poll_seconds
        left = (following - self._clock.now()).total_seconds()
        return min(max(left, 0.0), self._poll_seconds)

    async def _fire(self, timer: Timer) -> bool:
        try:
            return await self._rings.ring(timer)
        except (TransactionConflict, DatabaseUnavailable):
            _logger.warning("the database was in the way of %s", timer, exc_info=True)
        except Exception:
            _logger.exception("%s could not be fired; putting it off", timer)
            await self._timers.put_off(timer, self._clock.now() + _PUT_OFF)
        return False
