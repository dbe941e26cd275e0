"""The deliveries that wait to be sent: taken for a while, sent by the taker, then settled.

At least once: a sender that dies between sending and settling leaves a delivery that another one sends again.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from portnet.domain.alerts import Alert, Attempt, Channel, Delivery
from portnet.ports.unit_of_work import Position


class AttemptOutcome(enum.StrEnum):
    """What `Attempt.outcome` may say. UNCERTAIN: the gateway may have taken it."""

    ACCEPTED = "ACCEPTED"
    PERMANENT = "PERMANENT"
    THROTTLED = "THROTTLED"
    TRANSIENT = "TRANSIENT"
    UNCERTAIN = "UNCERTAIN"


class FailureReason(enum.StrEnum):
    """What `Delivery.reason` may say of one that FAILED."""

    #: Its alert was over before it could be sent.
    EXPIRED = "EXPIRED"
    #: Somebody had acknowledged the alert, or the state had moved on.
    NO_LONGER_WANTED = "NO_LONGER_WANTED"
    #: The account was closed, or its company may no longer see the dossier.
    NOT_ALLOWED = "NOT_ALLOWED"
    #: The app is gone from the device, or its owner signed out of it.
    DEVICE_GONE = "DEVICE_GONE"
    #: The gateway will never take this message.
    BAD_REQUEST = "BAD_REQUEST"
    #: Nobody configured a gateway for the channel.
    NO_GATEWAY = "NO_GATEWAY"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that its taker alone may send until ``delivery.leased_until``, and what to look at just before.

    ``allowed``: the account is open and may see the dossier. ``uncertain_attempts`` were made and may have arrived.
    ``position`` is where the recipient's feed tells of the alert, in the feeds' ``generation``; None if it is not kept.
    """

    delivery: Delivery
    alert: Alert
    sandbox: bool
    allowed: bool
    address_dead: bool
    uncertain_attempts: int
    generation: str
    position: Position | None


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a claimed delivery: over, or QUEUED again and due at its ``due_at``.

    ``attempt`` is None when it was not sent; ``token_dead`` says that no push will ever reach the device again.
    """

    delivery: Delivery
    attempt: Attempt | None = None
    token_dead: bool = False


class Outbox(Protocol):
    async def claim(
        self, channel: Channel, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Claimed]:
        """Take at most ``limit`` due deliveries until ``now + lease``, those due first before others.

        One whose lease ran out is due again. Each claim has a higher fence than the one before.
        """
        ...

    async def settle(self, settled: Sequence[Settled]) -> Sequence[bool]:
        """Write all in one transaction; which deliveries were still their sender's.

        A delivery with another fence stays as it is; what was tried is logged all the same. A device that registered
        again after the attempt began lives on.
        """
        ...

    async def next_due(self, channel: Channel) -> datetime | None:
        """When the next delivery is due, or its lease over; None when nothing waits."""
        ...
