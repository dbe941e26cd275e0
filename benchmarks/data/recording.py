"""What our path wrote for each message, row by row, so that a baseline can write the very same."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.core import Core
from portnet.domain.inbox import RawMessage
from portnet.storage.engines import open_database

Row = tuple[Any, ...]

#: Tables that a message only adds to, in the order in which they are written.
#: Not the timers', which are deleted too: the baseline is spared them.
ADDED = (
    "entry",
    "reference",
    "anomaly",
    "event",
    "feed",
    "audit",
    "alert",
    "delivery",
    "indicator_uncounted",
)
#: Tables whose rows a message adds or changes.
CHANGED = ("dossier", "procedure")


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One message's rows, whole and in their tables' order of columns.

    ``inbox`` was committed before the rest; ``moved`` are feeds and by how much they grew.
    """

    receipt: str
    inbox: Row
    settled: tuple[str, int]
    added: Mapping[str, Sequence[Row]]
    changed: Mapping[str, Sequence[Row]]
    moved: Mapping[str, int]

    @property
    def rows(self) -> Counter[str]:
        """How many rows of each table were written; the inbox row twice."""
        counts = Counter(agency_inbox=2, feed_head=len(self.moved))
        for tables in (self.added, self.changed):
            counts.update({table: len(rows) for table, rows in tables.items()})
        return counts


async def record(path: Path, messages: Sequence[RawMessage]) -> list[Written]:
    """Take ``messages`` in on the database at ``path``, and see after each what it wrote."""
    database = open_database(f"sqlite://{path.resolve()}", synchronous="NORMAL")
    await database.start()
    core = Core(database, lanes=1)
    core.inbox.start()
    seen = _Reader(path)
    written: list[Written] = []
    try:
        for message in messages:
            await core.take_in_one_by_one(message)
            written.append(seen.written(message))
    finally:
        seen.close()
        await core.inbox.stop()
        await database.stop()
    return written


class _Reader:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._last = {table: self._newest(table) for table in (*ADDED, *CHANGED)}

    def close(self) -> None:
        self._connection.close()

    def written(self, message: RawMessage) -> Written:
        added = {table: self._added(table) for table in ADDED}
        new = {table: self._added(table) for table in CHANGED}
        entry = added["entry"]
        if [row[6] for row in entry] != ["APPLIED"]:
            raise AssertionError(f"the story was not told to its end: {message.body!r}")
        changed = {
            table: self._rows(f"SELECT * FROM {table} WHERE id = ?", row_id)
            for table, row_id in (("dossier", entry[0][2]), ("procedure", entry[0][1]))
            if not new[table]
        }
        (inbox,) = self._rows("SELECT * FROM agency_inbox WHERE receipt = ?", message.receipt)
        return Written(
            receipt=message.receipt,
            inbox=(*inbox[:8], "NEW", None, *inbox[10:]),
            settled=(inbox[8], inbox[9]),
            added={table: rows for table, rows in (added | new).items() if rows},
            changed=changed,
            moved=Counter(row[0] for row in added["feed"]),
        )

    def _added(self, table: str) -> list[Row]:
        rows = self._rows(
            f"SELECT * FROM {table} WHERE rowid > ? ORDER BY rowid", self._last[table]
        )
        self._last[table] += len(rows)
        return rows

    def _newest(self, table: str) -> int:
        ((newest,),) = self._rows(f"SELECT coalesce(max(rowid), 0) FROM {table}")
        return int(newest)

    def _rows(self, sql: str, *arguments: object) -> list[Row]:
        return self._connection.execute(sql, arguments).fetchall()
