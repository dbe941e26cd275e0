"""Attempts to get in, counted before anything costly is done for them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from portnet.domain.identity.throttling import Entry


class Throttle(Protocol):
    async def admit(self, entry: Entry, now: datetime) -> float:
        """Count an attempt and let it in: 0. Or the seconds after which to come back, nothing being counted.

        Atomic: of twenty at once no more get in than of twenty in a row.
        """
        ...

    async def forgive(self, entry: Entry, now: datetime) -> None:
        """The attempt that was let in was right, or could not be looked at: it does not count."""
        ...
