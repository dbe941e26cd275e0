"""Outgoing messages over either engine, claimed like deliveries: the row alone says who holds a lease.

A message that was answered meanwhile is nobody's to settle any more, whoever still holds its lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from portnet.domain.outgoing import Outgoing
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query

#: Materialised, so that the rows are chosen and locked once, however PostgreSQL joins them.
_CLAIM = (
    "WITH due AS MATERIALIZED (SELECT id FROM outgoing"
    " WHERE state IN ('QUEUED', 'IN_DOUBT') AND source = $4 AND due_at <= $1"
    " ORDER BY due_at, id LIMIT $3{skip_locked})"
    " UPDATE outgoing SET due_at = $2, leased_until = $2, fence = fence + 1, updated_at = $1"
    " WHERE id IN (SELECT id FROM due) RETURNING *"
)
_SETTLE = (
    "UPDATE outgoing SET state = $3, due_at = $4, updated_at = $5, attempts = $6, reason = $7,"
    " leased_until = NULL WHERE id = $1 AND fence = $2 AND state IN ('QUEUED', 'IN_DOUBT') RETURNING id"
)
_NEXT = (
    "SELECT min(due_at) AS due FROM outgoing WHERE state IN ('QUEUED', 'IN_DOUBT') AND source = $1"
)


class StorageOutgoingQueue:
    """See the port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, source: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Outgoing]:
        claim = _CLAIM.format(skip_locked=self._database.dialect.skip_locked)
        args = (rows.micros(now), rows.micros(now + lease), limit, source)
        async with self._database.transaction() as transaction:
            taken = await transaction.commit(query(claim, *args))
        return sorted(map(rows.outgoing, taken or ()), key=lambda o: o.id)

    async def settle(self, outgoing: Outgoing) -> bool:
        args = (
            outgoing.id,
            outgoing.fence,
            outgoing.state.value,
            rows.micros(outgoing.due_at),
            rows.micros(outgoing.updated_at),
            outgoing.attempts,
            outgoing.reason,
        )
        async with self._database.transaction() as transaction:
            settled = await transaction.commit(query(_SETTLE, *args))
        return bool(settled)

    async def next_due(self, source: str) -> datetime | None:
        found = await self._database.read(query(_NEXT, source))
        return rows.instant_or_none(found[0]["due"])
