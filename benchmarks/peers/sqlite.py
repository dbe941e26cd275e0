"""SQLite through the standard library's driver: one connection, WAL, `synchronous=FULL`, prepared beforehand."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.data.recording import Written
from benchmarks.peers.statements import Statements, Write

#: As much cache as our own writer has.
_CACHE_KIB = 16 * 1024

_STATEMENTS = Statements(lambda _: "?")


def write(path: Path, messages: Sequence[Written], together: int) -> float:
    """Write ``messages``, ``together`` inbox rows to a commit, then a commit for each; seconds it took."""
    prepared = [
        (_STATEMENTS.kept(group), [list(_STATEMENTS.taken_in(message)) for message in group])
        for group in _groups(messages, together)
    ]
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    try:
        began = time.perf_counter()
        for kept, taken_in in prepared:
            _commit(connection, [kept])
            for writes in taken_in:
                _commit(connection, writes)
        return time.perf_counter() - began
    finally:
        connection.close()


def _commit(connection: sqlite3.Connection, writes: Sequence[Write]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for write in writes:
        connection.executemany(write.sql, write.rows)
    connection.execute("COMMIT")


def _groups(messages: Sequence[Written], size: int) -> list[Sequence[Written]]:
    return [messages[start : start + size] for start in range(0, len(messages), size)]
