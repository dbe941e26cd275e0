"""Time and identity come in through here, so that the domain stays pure and a test decides both."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, aware UTC, to the microsecond."""
        ...


class Ids(Protocol):
    def new(self) -> str:
        """A new ULID; those of one process grow."""
        ...
