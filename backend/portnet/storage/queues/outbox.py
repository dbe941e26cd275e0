"""The outbox over either engine. Who holds a lease is said by the row alone: processes never talk to each other.

A claim moves ``due_at`` to the end of its lease: a delivery whose sender died is then due again like any other.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from portnet.domain.alerts import Attempt, Channel, Delivery, DeliveryState
from portnet.domain.events import user_audience
from portnet.domain.indicators.counting import Uncounted, UncountedKind
from portnet.ports.outbox import AttemptOutcome, Claimed, Settled
from portnet.ports.unit_of_work import Position
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Batch, Program, Row, Statement, query
from portnet.storage.repositories.dossier import VISIBLE

#: Materialised, so that the rows are chosen and locked once, however PostgreSQL joins them.
_CLAIM = (
    "WITH due AS MATERIALIZED (SELECT id FROM delivery"
    " WHERE state = 'QUEUED' AND channel = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT $4{skip_locked})"
    " UPDATE delivery SET due_at = $3, leased_until = $3, fence = fence + 1, updated_at = $2"
    " WHERE id IN (SELECT id FROM due) RETURNING *"
)
#: The recipient's company stands where a viewer's does elsewhere: one rule of access, $2 being the instant.
_MAY_SEE = VISIBLE.replace("$1", "u.company")
_CONTEXT = (
    "SELECT a.*, v.id AS delivery, COALESCE(d.sandbox, c.sandbox) AS sandbox,"
    f" CASE WHEN u.active = 1 AND (a.dossier = '' OR {_MAY_SEE}) THEN 1 ELSE 0 END AS allowed,"
    " CASE WHEN x.dead_at IS NULL THEN 0 ELSE 1 END AS address_dead,"
    " (SELECT CAST(count(*) AS bigint) FROM attempt t"
    f" WHERE t.delivery = v.id AND t.outcome = '{AttemptOutcome.UNCERTAIN}') AS uncertain_attempts,"
    " (SELECT value FROM installation WHERE key = 'generation') AS generation,"
    # Newest first: the alert is young, and so its frame is among the last of its feed.
    " (SELECT f.seq FROM feed f JOIN event e ON e.id = f.event"
    " WHERE f.audience = $3 || v.user_id AND e.kind = 'alert_raised' AND e.subject = a.id"
    " ORDER BY f.seq DESC LIMIT 1) AS seq"
    " FROM delivery v JOIN alert a ON a.id = v.alert LEFT JOIN dossier d ON d.id = a.dossier"
    " JOIN user_account u ON u.id = v.user_id JOIN company c ON c.id = u.company"
    " LEFT JOIN device x ON x.id = v.device"
    " WHERE {these}"
)
_SETTLE = (
    "UPDATE delivery SET state = $3, due_at = $4, updated_at = $5, attempts = $6,"
    " provider_reference = $7, reason = $8, leased_until = NULL"
    " WHERE id = $1 AND fence = $2 AND state = 'QUEUED' RETURNING id"
)
_BURY = "UPDATE device SET dead_at = $2 WHERE id = $1 AND dead_at IS NULL AND last_seen_at <= $2"
_NEXT = "SELECT min(due_at) AS due FROM delivery WHERE state = 'QUEUED' AND channel = $1"


class StorageOutbox:
    """See the port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, channel: Channel, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Claimed]:
        async with self._database.transaction() as transaction:
            claimed = await transaction.commit(self._claim(channel, now, lease, limit))
        return claimed or ()

    async def settle(self, settled: Sequence[Settled]) -> Sequence[bool]:
        async with self._database.transaction() as transaction:
            held = await transaction.commit(_settle(settled))
        return held or ()

    async def next_due(self, channel: Channel) -> datetime | None:
        found = await self._database.read(query(_NEXT, channel.value))
        return rows.instant_or_none(found[0]["due"])

    def _claim(
        self, channel: Channel, now: datetime, lease: timedelta, limit: int
    ) -> Program[list[Claimed]]:
        dialect = self._database.dialect
        at, until = rows.micros(now), rows.micros(now + lease)
        claim = _CLAIM.format(skip_locked=dialect.skip_locked)
        taken = yield Statement(claim, (channel.value, at, until, limit))
        deliveries = {row["id"]: rows.delivery(row) for row in taken}
        if not deliveries:
            return []
        context = _CONTEXT.format(these=dialect.any_of("v.id", "$1"))
        found = yield Statement(context, (dialect.array(list(deliveries)), at, user_audience("")))
        claimed = [_claimed(deliveries[row["delivery"]], row) for row in found]
        return sorted(claimed, key=lambda c: c.delivery.id)


def _claimed(delivery: Delivery, row: Row) -> Claimed:
    audience, seq = user_audience(delivery.user), row["seq"]
    return Claimed(
        delivery=delivery,
        alert=rows.alert(row),
        sandbox=bool(row["sandbox"]),
        allowed=bool(row["allowed"]),
        address_dead=bool(row["address_dead"]),
        uncertain_attempts=row["uncertain_attempts"],
        generation=row["generation"],
        position=None if seq is None else Position(audience=audience, seq=seq),
    )


def _settle(settled: Sequence[Settled]) -> Program[list[bool]]:
    held: set[str] = set()
    # In one order everywhere, so that no two settlers wait for each other crosswise.
    for each in sorted(settled, key=lambda s: s.delivery.id):
        changed = yield Statement(_SETTLE, _settling(each.delivery))
        held.update(row["id"] for row in changed)
    attempts = [each.attempt for each in settled if each.attempt is not None]
    writing = rows.WRITINGS[Attempt]
    yield Batch(writing.sql, [writing.row(attempt) for attempt in attempts])
    noting = rows.WRITINGS[Uncounted]
    yield Batch(noting.sql, [noting.row(note) for note in _accepted(settled, held)])
    for device, at in sorted(_buried(settled)):
        yield Statement(_BURY, (device, at))
    return [each.delivery.id in held for each in settled]


def _accepted(settled: Sequence[Settled], held: Set[str]) -> list[Uncounted]:
    """Notes of the deliveries that their gateway has just taken."""
    return [
        Uncounted(
            id=each.attempt.id,
            kind=UncountedKind.DELIVERY,
            subject=each.delivery.id,
            at=each.delivery.updated_at,
        )
        for each in settled
        if each.attempt is not None
        and each.delivery.state is DeliveryState.SENT
        and each.delivery.id in held
    ]


def _settling(delivery: Delivery) -> tuple[Any, ...]:
    return (
        delivery.id,
        delivery.fence,
        delivery.state.value,
        rows.micros(delivery.due_at),
        rows.micros(delivery.updated_at),
        delivery.attempts,
        delivery.provider_reference,
        delivery.reason,
    )


def _buried(settled: Sequence[Settled]) -> set[tuple[str, int]]:
    return {
        (each.delivery.device, rows.micros(each.attempt.at))
        for each in settled
        if each.token_dead and each.attempt is not None and each.delivery.device is not None
    }
