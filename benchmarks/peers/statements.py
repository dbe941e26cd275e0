"""The SQL of a program that knows which rows it has: plain inserts, and updates of what changes only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from benchmarks.data.recording import Row, Written

#: Columns of a table's whole row, and those that change from message to message; the first is the key.
_DOSSIER = [
    "id",
    "company",
    "broker",
    "reference",
    "title",
    "direction",
    "phase",
    "status",
    "urgency",
    "perishable",
    "what_now",
    "sandbox",
    "opened_at",
    "updated_at",
    "version",
]
_PROCEDURE = [
    "id",
    "dossier",
    "code",
    "definition",
    "identity",
    "state",
    "previous",
    "entered_at",
    "opened_at",
    "updated_at",
    "due_at",
    "reasons",
    "place",
    "version",
    "expected_at",
    "requested",
    "taken_by",
    "taken_at",
]
_CHANGING = {
    "dossier": (_DOSSIER, ("broker", "reference", "status", "urgency", "what_now", "updated_at", "version")),
    "procedure": (
        _PROCEDURE,
        ("state", "previous", "entered_at", "updated_at", "due_at", "reasons", "place", "version"),
    ),
}  # fmt: skip


class Write(msgspec.Struct, frozen=True, gc=False):
    """One statement, for each of these rows of arguments."""

    sql: str
    rows: Sequence[Row]


class Statements:
    """``place`` writes the n-th argument, from 1, as the driver reads it."""

    def __init__(self, place: Callable[[int], str]) -> None:
        self._place = place
        self._head = (
            f"INSERT INTO feed_head (audience, seq, floor) VALUES ({place(1)}, {place(2)}, 0)"
            " ON CONFLICT (audience) DO UPDATE SET seq = feed_head.seq + excluded.seq"
        )
        self._settle = (
            f"UPDATE agency_inbox SET state = {place(1)}, settled_at = {place(2)}"
            f" WHERE receipt = {place(3)}"
        )

    def kept(self, messages: Sequence[Written]) -> Write:
        """The inbox rows of several messages."""
        return self._insert("agency_inbox", [message.inbox for message in messages])

    def taken_in(self, message: Written) -> Iterator[Write]:
        """Everything else that a message wrote; the feeds' counters last, in order."""
        for table, rows in message.changed.items():
            yield self._update(table, rows)
        for table, rows in message.added.items():
            yield self._insert(table, rows)
        yield Write(self._settle, [(*message.settled, message.receipt)])
        yield Write(self._head, sorted(message.moved.items()))

    def _insert(self, table: str, rows: Sequence[Row]) -> Write:
        places = ", ".join(self._place(i) for i in range(1, len(rows[0]) + 1))
        return Write(f"INSERT INTO {table} VALUES ({places})", rows)

    def _update(self, table: str, rows: Sequence[Row]) -> Write:
        columns, changing = _CHANGING[table]
        changes = ", ".join(f"{c} = {self._place(i)}" for i, c in enumerate(changing, start=1))
        sql = f"UPDATE {table} SET {changes} WHERE id = {self._place(len(changing) + 1)}"
        return Write(sql, [_picked(row, columns, changing) for row in rows])


def _picked(row: Row, columns: Sequence[str], changing: Sequence[str]) -> tuple[Any, ...]:
    return (*(row[columns.index(column)] for column in changing), row[0])
