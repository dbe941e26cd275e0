"""Payments to ask the provider about, over either engine: a claim puts the next question off, and that is the lease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from portnet.domain.paying.order import PaymentOrder
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query

_CLAIM = (
    "WITH due AS MATERIALIZED (SELECT procedure FROM payment_order WHERE next_check_at <= $1"
    " ORDER BY next_check_at, procedure LIMIT $3{skip_locked})"
    " UPDATE payment_order SET next_check_at = $2 WHERE procedure IN (SELECT procedure FROM due)"
    " RETURNING *"
)
_NEXT = "SELECT min(next_check_at) AS due FROM payment_order WHERE next_check_at IS NOT NULL"


class StoragePaymentChecks:
    """Implements `PaymentChecks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, lease: timedelta, limit: int) -> Sequence[PaymentOrder]:
        claim = _CLAIM.format(skip_locked=self._database.dialect.skip_locked)
        args = (rows.micros(now), rows.micros(now + lease), limit)
        async with self._database.transaction() as transaction:
            taken = await transaction.commit(query(claim, *args))
        return sorted(map(rows.payment_order, taken or ()), key=lambda order: order.procedure)

    async def next_due(self) -> datetime | None:
        found = await self._database.read(query(_NEXT))
        return rows.instant_or_none(found[0]["due"])
