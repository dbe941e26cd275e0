"""Timers that wait for their time. Setting one is a change of the unit of work, firing one is its `ring`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portnet.domain.timers import Timer


class Timers(Protocol):
    async def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        """Those whose time has come, one for each subject, the oldest first. They are nobody's yet."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next one is due; None when none is set."""
        ...

    async def put_off(self, timer: Timer, until: datetime) -> None:
        """Leave the subject of ``timer`` alone until then: its timers due before are due then."""
        ...
