"""What waits to leave us: taken for a while, sent by the taker, settled; and where it can go.

At least once, always under one key: a sender that dies between sending and settling leaves a message that another one
sends again as it is, which the receiver knows by its key.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from portnet.domain.agency import Reason
from portnet.domain.outgoing import Outgoing


class Handover(enum.StrEnum):
    """How an agency's system answered a message. UNKNOWN: it may have it."""

    TAKEN = "TAKEN"
    REJECTED = "REJECTED"
    NOT_NOW = "NOT_NOW"
    UNKNOWN = "UNKNOWN"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``reasons`` say why it was REJECTED; ``detail`` is one line for whoever looks after the gateway; ``reference`` is
    what a system that has TAKEN it calls it.
    """

    handover: Handover
    reasons: tuple[Reason, ...] = ()
    detail: str | None = None
    reference: str | None = None


class Gateway(Protocol):
    async def send(self, outgoing: Outgoing) -> Answer:
        """Hand a message over. Never raises for what the other side does."""
        ...


class Routes(Protocol):
    def route(self, source: str, sandbox: bool) -> str | None:
        """The system that takes messages to that source: its own, or one that passes on; None when none is reached."""
        ...


class OutgoingQueue(Protocol):
    async def claim(
        self, source: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Outgoing]:
        """Take at most ``limit`` of the messages to ``source`` that are due until ``now + lease``, those due first
        before others.

        One whose lease ran out is due again. Each claim has a higher fence than the one before.
        """
        ...

    async def settle(self, outgoing: Outgoing) -> bool:
        """Write what became of a claimed message; False, and nothing written, when it was answered or taken since."""
        ...

    async def next_due(self, source: str) -> datetime | None:
        """When the next message to ``source`` is due, or its lease over; None when nothing waits."""
        ...
