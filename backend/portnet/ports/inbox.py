"""Where agency messages land before anybody reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portnet.domain.agency import AgencyEvent
from portnet.domain.inbox import BodyChanged, RawMessage, Receipted


class InboxFull(Exception):
    """More messages wait for the disk than the inbox holds in memory; nothing was kept."""


class Inbox(Protocol):
    async def receive(self, message: RawMessage) -> Receipted | BodyChanged:
        """Put the raw message on disk; returns only once it is there. A repeat answers the first receipt.

        Raises:
            InboxFull: try again later.
        """
        ...

    async def waiting(self, limit: int) -> Sequence[RawMessage]:
        """The oldest messages that the intake has not settled."""
        ...

    async def wake_overdue(self, now: datetime) -> int:
        """Hand parked messages whose time is over back to the intake; how many there were."""
        ...


class MessageReader(Protocol):
    def __call__(self, message: RawMessage, /) -> AgencyEvent | None:
        """What the message says, by its source's adapter; None when that cannot be read. Pure."""
        ...
