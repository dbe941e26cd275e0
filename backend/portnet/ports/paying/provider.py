"""The payment provider as the core needs it: orders under one key for ever, and what became of them.

Its own messages come through the agencies' inbox like everybody's. Asked, it gives the same message once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from portnet.domain.outgoing import Outgoing
from portnet.domain.paying.order import PaymentOrder
from portnet.ports.gateway import Answer


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order: the provider's message about it, byte for byte as it sends it to the inbox."""

    event_id: str
    message: bytes


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is known yet, or the provider was not reached: ``detail`` says which."""

    detail: str


class PaymentProvider(Protocol):
    async def start(self, order: Outgoing) -> Answer:
        """Order a payment under its own id as the idempotency key; again under the same key is the same payment.

        TAKEN comes with the provider's reference. Never raises for what the other side does.
        """
        ...

    async def status(self, reference: str, *, sandbox: bool) -> Outcome | Unsettled:
        """What became of an order. Never raises for what the other side does."""
        ...


class PaymentChecks(Protocol):
    """The orders of which the provider is to be asked."""

    async def claim(self, now: datetime, lease: timedelta, limit: int) -> Sequence[PaymentOrder]:
        """Take at most ``limit`` that are due; one whose taker dies is due again after ``lease``."""
        ...

    async def next_due(self) -> datetime | None:
        """When the next one is due; None when there is none."""
        ...
