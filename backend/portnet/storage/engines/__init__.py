"""The storage engines: SQL programs and the two databases that run them; `open_database`."""

from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from portnet.storage.engines.database import Database, Transaction
from portnet.storage.engines.dialect import Dialect, EngineName
from portnet.storage.engines.errors import (
    ConstraintViolated,
    DatabaseBusy,
    DatabaseError,
    DatabaseUnavailable,
    TransactionConflict,
    TransactionNested,
    TransactionOver,
)
from portnet.storage.engines.postgres import PostgresDatabase, PostgresSettings
from portnet.storage.engines.program import (
    Batch,
    Gather,
    Program,
    Row,
    Statement,
    Step,
    Together,
    gather,
    nothing,
    query,
)
from portnet.storage.engines.sqlite import SQLiteDatabase
from portnet.storage.engines.sqlite_hops import SQLiteSettings

__all__ = [
    "Batch",
    "ConstraintViolated",
    "Database",
    "DatabaseBusy",
    "DatabaseError",
    "DatabaseUnavailable",
    "Dialect",
    "EngineName",
    "Gather",
    "Program",
    "Row",
    "Statement",
    "Step",
    "Together",
    "Transaction",
    "TransactionConflict",
    "TransactionNested",
    "TransactionOver",
    "gather",
    "nothing",
    "open_database",
    "query",
]


def open_database(
    url: str,
    *,
    synchronous: Literal["FULL", "NORMAL"] = "FULL",
    busy_timeout: float = 5.0,
    readers: int = 2,
    pool_size: int = 10,
) -> Database:
    """The database at `url`, not yet started.

    Args:
        url: `sqlite:///absolute/path`, `sqlite:relative/path`, or `postgresql://…`.
        synchronous: SQLite. FULL survives a power cut, NORMAL a crash of the process.
        busy_timeout: SQLite. Seconds to wait while another process writes.
        readers: SQLite. How many programs read at once.
        pool_size: PostgreSQL. The most connections this process opens.

    Raises:
        ValueError: the URL is of neither kind.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.path and not parts.netloc:
        settings = SQLiteSettings(
            synchronous=synchronous, busy_timeout=busy_timeout, readers=readers
        )
        return SQLiteDatabase(Path(unquote(parts.path)), settings)
    if parts.scheme in {"postgresql", "postgres"}:
        return PostgresDatabase(url, PostgresSettings(pool_size=pool_size))
    # The URL itself may hold a password, so the message does not repeat it.
    raise ValueError("a database URL reads sqlite:///path/to/file or postgresql://host/name")
