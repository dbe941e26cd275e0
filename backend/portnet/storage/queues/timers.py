"""The timers over either engine. A timer is claimed by locking what it is about, never by locking the timer first.

Whoever changes a procedure holds its dossier and then writes its timers; firing takes the same locks in the same
order, so that neither waits for the other crosswise, and a timer is fired or replaced, never both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portnet.domain.timers import Timer, TimerKind
from portnet.ports.unit_of_work import Ringing
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, Row, Statement, query
from portnet.storage.files import of_companies, of_dossier

#: A subject's timers fire one after the other, each in a transaction that looks at all of them.
_DUE = "SELECT * FROM timer WHERE due_at <= $1 ORDER BY due_at, subject, kind, detail LIMIT $2"
_DUE_OF = "SELECT * FROM timer WHERE subject = $1 AND due_at <= $2 ORDER BY due_at, kind, detail"
_NEXT = "SELECT min(due_at) AS due FROM timer"
#: Acts that wait for an approval in a state that their procedure has left since. The intake, which moves procedures,
#: looks at no approvals: few wait, and each message would pay for them.
_OVERTAKEN = (
    "SELECT a.id FROM approval a JOIN procedure p ON p.id = a.subject"
    " WHERE a.state = 'PENDING' AND a.standing_state IS NOT NULL"
    " AND (p.state <> a.standing_state OR p.entered_at <> a.standing_entered_at)"
    " ORDER BY a.id LIMIT $1"
)
_PUT_OFF = "UPDATE timer SET due_at = $2 WHERE subject = $1 AND due_at < $2"


class StorageTimers:
    """See the port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int) -> Sequence[Timer]:
        found = await self._database.read(query(_DUE, rows.micros(now), limit))
        first: dict[str, Row] = {}
        for row in found:
            first.setdefault(row["subject"], row)
        overtaken = await self._database.read(query(_OVERTAKEN, limit))
        moved = TimerKind.APPROVAL_OVERTAKEN
        return [
            *(rows.timer(row) for row in first.values()),
            *(Timer(subject=row["id"], kind=moved, due_at=now) for row in overtaken),
        ]

    async def next_due(self) -> datetime | None:
        found = await self._database.read(query(_NEXT))
        return rows.instant_or_none(found[0]["due"])

    async def put_off(self, timer: Timer, until: datetime) -> None:
        async with self._database.transaction() as transaction:
            await transaction.commit(query(_PUT_OFF, timer.subject, rows.micros(until)))


def ringing(dialect: Dialect, timer: Timer, now: datetime) -> Program[Ringing | None]:
    """What ``timer`` is about, locked, with its timers that are due; None when it is busy or none is due any more."""
    subject = timer.subject
    if timer.dossier is not None:
        lock = f"SELECT id FROM dossier WHERE id = $1{dialect.skip_locked}"
        if not (yield Statement(lock, (timer.dossier,))):
            return None
        due = yield Statement(_DUE_OF, (subject, rows.micros(now)))
        if not due:
            return None
        files = yield from of_dossier(dialect, timer.dossier, subject)
        return Ringing(timers=tuple(map(rows.timer, due)), files=files)
    lock = f"SELECT * FROM mandate WHERE id = $1{dialect.skip_locked}"
    locked = yield Statement(lock, (subject,))
    due = (yield Statement(_DUE_OF, (subject, rows.micros(now)))) if locked else []
    if not due:
        return None
    mandate = rows.mandate(locked[0])
    files = yield from of_companies(dialect, [mandate.company, mandate.broker])
    return Ringing(timers=tuple(map(rows.timer, due)), files=files, mandate=mandate)
