"""Time and chance that a test drives."""

import asyncio
from datetime import datetime, timedelta

from tests.integration.mobile.world import START


class DrivenClock:
    """Stands still until `advance`."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._moved = asyncio.Condition()
        self.sleepers = 0

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        due = self._now + timedelta(seconds=seconds)
        async with self._moved:
            self.sleepers += 1
            self._moved.notify_all()
            try:
                await self._moved.wait_for(lambda: self._now >= due)
            finally:
                self.sleepers -= 1
        # Even no time at all lets others run.
        await asyncio.sleep(0)

    async def advance(self, span: timedelta, *, sleepers: int = 1) -> None:
        """Move on once so many sleep."""
        async with self._moved:
            await asyncio.wait_for(self._moved.wait_for(lambda: self.sleepers >= sleepers), 10)
            self._now += span
            self._moved.notify_all()


class Steady:
    """Always the same share of the widest wait."""

    def __init__(self, share: float = 0.0) -> None:
        self._share = share

    def random(self) -> float:
        return self._share
