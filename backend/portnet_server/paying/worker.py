"""Asks the provider about orders whose end is not known, by the clock, until it is cancelled; several may run."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from portnet.domain.paying.order import PaymentOrder
from portnet.ports.clock import Clock
from portnet.ports.paying.provider import PaymentChecks
from portnet.services.paying.payment import Payments

_logger = logging.getLogger(__name__)

#: A claim outlives the question that it is for.
_LEASE = timedelta(minutes=1)
_BATCH = 20


class PaymentWorker:
    """Runs until cancelled.

    Args:
        poll_seconds: how long it sleeps when nothing is due; no wake-up tells it of a new order.
    """

    def __init__(
        self, queue: PaymentChecks, payments: Payments, clock: Clock, poll_seconds: float = 5.0
    ) -> None:
        self._queue = queue
        self._payments = payments
        self._clock = clock
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        while True:
            try:
                asked = await self.check_due()
            except Exception:
                _logger.exception("payments could not be asked about; trying again")
                asked = 0
            if not asked:
                await asyncio.sleep(self._poll_seconds)

    async def check_due(self) -> int:
        """Ask about all that is due now; how many orders that were."""
        # Reading first: the claim is a write, and most of the time nothing is due.
        due = await self._queue.next_due()
        if due is None or due > self._clock.now():
            return 0
        claimed = await self._queue.claim(self._clock.now(), _LEASE, _BATCH)
        async with asyncio.TaskGroup() as asking:
            for order in claimed:
                asking.create_task(self._check(order), name=f"payment {order.procedure}")
        return len(claimed)

    async def _check(self, order: PaymentOrder) -> None:
        try:
            await self._payments.check(order)
        except Exception:
            # Its lease will end, and it is asked again.
            _logger.exception("payment %s could not be asked about", order.procedure)
