"""What is done to a SQLite connection within one hop, on its own thread. No asyncio here."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, assert_never

import msgspec

from portnet.storage.engines.dialect import sqlite_sql
from portnet.storage.engines.errors import (
    ConstraintViolated,
    DatabaseBusy,
    DatabaseUnavailable,
    TransactionOver,
)
from portnet.storage.engines.program import (
    Batch,
    Gather,
    Program,
    Statement,
    Step,
    T,
    Together,
    drive,
)

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNAVAILABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
# The low byte of an extended result code names its family.
_FAMILY = 0xFF
# Kept per connection: more than the distinct statements of the hot paths.
_CACHED_STATEMENTS = 512
# Bytes that the write-ahead log keeps on disk; a long read may have let it grow.
_WAL_LIMIT = 64 * 1024 * 1024
# Pages of a write-ahead log whose end was not reached for long: writers wait once until it is.
_WAL_TOO_LONG = 4 * 1024
# What the connection that folds the log in needs of both: its cache stays all but empty.
_CHECKPOINTER_TIMEOUT = 0.5
_CHECKPOINTER_CACHE_KIB = 256
# Seconds between two attempts to enter WAL mode.
_WAL_RETRY = 0.01


class SQLiteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be tuned of a SQLite database."""

    #: FULL keeps what was committed through a power cut; NORMAL through a crash of the process.
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    #: Seconds to wait for another process's write before `DatabaseBusy`.
    busy_timeout: float = 5.0
    #: How many programs may read at once.
    readers: int = 2
    #: Page caches, in KiB of private memory: the writer's, and each reader's.
    writer_cache_kib: int = 16 * 1024
    reader_cache_kib: int = 8 * 1024


def connect_writer(path: Path, settings: SQLiteSettings) -> sqlite3.Connection:
    """The connection that writes; it makes the file and puts it in WAL mode.

    It does not fold the log in: each commit that did would wait for the disk for some hundred milliseconds.
    """
    with _typed_errors():
        connection = _connect(path, settings, settings.writer_cache_kib)
        _enter_wal_mode(connection, settings.busy_timeout)
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
        connection.execute(f"PRAGMA synchronous = {settings.synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def connect_reader(path: Path, settings: SQLiteSettings) -> sqlite3.Connection:
    """A connection that is refused every write."""
    with _typed_errors():
        connection = _connect(path, settings, settings.reader_cache_kib)
        connection.execute("PRAGMA query_only = ON")
        return connection


def connect_checkpointer(path: Path, settings: SQLiteSettings) -> sqlite3.Connection:
    """The connection that folds the write-ahead log in while others read and write."""
    patience = msgspec.structs.replace(settings, busy_timeout=_CHECKPOINTER_TIMEOUT)
    with _typed_errors():
        return _connect(path, patience, _CHECKPOINTER_CACHE_KIB)


def checkpoint(connection: sqlite3.Connection) -> None:
    """Fold the write-ahead log in as far as readers allow, and to its end where nobody writes meanwhile."""
    with _typed_errors():
        # What is written during the first pass is little, so that the second one comes to the end, as a rule.
        left = _fold_in(connection) and _fold_in(connection)
        if left > _WAL_TOO_LONG:
            connection.execute("PRAGMA wal_checkpoint(RESTART)")


def _fold_in(connection: sqlite3.Connection) -> int:
    """The pages of the log if its end was not reached, else 0."""
    _, pages, folded = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return 0 if pages == folded else int(pages)


def read(connection: sqlite3.Connection, *, program: Program[T]) -> T:
    """Run a program on one snapshot."""
    with _typed_errors():
        connection.execute("BEGIN")
        try:
            return drive(program, partial(_execute, connection))
        finally:
            rollback(connection)


def write(
    connection: sqlite3.Connection,
    *,
    program: Program[T],
    begin: bool,
    commit: bool,
    forgiving: bool,
) -> T:
    """Run a program inside the open transaction, which `begin` opens and `commit` closes.

    A failure rolls the transaction back, unless `forgiving`, which leaves it as SQLite did.
    """
    with _typed_errors():
        try:
            if begin:
                connection.execute("BEGIN IMMEDIATE")
            elif not connection.in_transaction:
                # SQLite rolls back by itself when the disk is full, for one: a statement that
                # came after it would commit alone.
                raise TransactionOver("SQLite has rolled this transaction back")
            result = drive(program, partial(_execute, connection))
            if commit:
                connection.execute("COMMIT")
        except BaseException:
            if not forgiving:
                rollback(connection)
            raise
        return result


def rollback(connection: sqlite3.Connection) -> None:
    """End the open transaction, if there is one."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _connect(path: Path, settings: SQLiteSettings, cache_kib: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=settings.busy_timeout,
        isolation_level=None,
        cached_statements=_CACHED_STATEMENTS,
    )
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _enter_wal_mode(connection: sqlite3.Connection, patience: float) -> None:
    # Two processes that open a new file at once: SQLite refuses one without waiting its timeout.
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _family(error) not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_WAL_RETRY)


def _execute(connection: sqlite3.Connection, step: Step) -> list[Any]:
    match step:
        case Statement(sql, args):
            return connection.execute(sqlite_sql(sql), args).fetchall()
        case Batch(sql, rows):
            connection.executemany(sqlite_sql(sql), rows)
            return []
        case Together(writes):
            for write in writes:
                _execute(connection, write)
            return []
        case Gather(selects):
            return [_execute(connection, select) for select in selects]
        case _:
            assert_never(step)


@contextmanager
def _typed_errors() -> Generator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ConstraintViolated(str(error)) from error
    except sqlite3.Error as error:
        family = _family(error)
        if family in _BUSY:
            raise DatabaseBusy(str(error)) from error
        if family in _UNAVAILABLE:
            raise DatabaseUnavailable(str(error)) from error
        raise


def _family(error: sqlite3.Error) -> int:
    # An error of the Python module itself has no code.
    return getattr(error, "sqlite_errorcode", 0) & _FAMILY
