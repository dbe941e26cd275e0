"""The phone's own time and patience, as it takes them: tests give it others."""

import asyncio
import importlib.resources
import random
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

#: Seconds: the widest first wait, and the widest ever.
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0


def _casablanca() -> ZoneInfo:
    # Out of the tzdata package: a phone whose own files are older would show another hour than the server's texts.
    file = importlib.resources.files("tzdata.zoneinfo.Africa").joinpath("Casablanca")
    with file.open("rb") as data:
        return ZoneInfo.from_file(data, key="Africa/Casablanca")


#: The clock on the wall of every reader.
CASABLANCA = _casablanca()


class Clock(Protocol):
    """Time as the phone knows it."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """At least that long."""
        ...


class SystemClock:
    """The machine's."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """At least that long."""
        await asyncio.sleep(seconds)


class Chance(Protocol):
    """Where a phone takes its jitter from."""

    def random(self) -> float:
        """In [0, 1)."""
        ...


class Patience:
    """Waits between tries: doubled each time and drawn at random between nothing and that.

    Ten thousand phones cut at once must not come back at once.
    """

    def __init__(self, clock: Clock, chance: Chance | None = None) -> None:
        self._clock = clock
        # Spreads load, guards nothing.
        self._chance = chance or random.Random()  # noqa: S311  # jitter, not a secret
        self._tries = 0

    async def wait(self) -> None:
        """Before the next try."""
        widest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(self._tries, 16))
        self._tries += 1
        await self._clock.sleep(self._chance.random() * widest)

    def restore(self) -> None:
        """It went well: start over."""
        self._tries = 0
