"""Piccolo's SQLite engine on the connections of our `Database`, for migrations and cold ORM code.

Values come back as SQLite keeps them (int, str, bytes, None): no column converters.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NoReturn, Protocol, cast

from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, TransactionType

from portnet.storage.engines.dialect import is_select
from portnet.storage.engines.errors import TransactionOver
from portnet.storage.engines.program import Program, Statement, T

Rows = list[dict[str, Any]]


class ForgivingTransaction(Protocol):
    """A transaction that can outlive a failed statement, as Piccolo's savepoints expect."""

    async def run(self, program: Program[T], *, forgiving: bool = False) -> T: ...

    async def commit(self, program: Program[T] | None = None) -> T | None: ...


class Host(Protocol):
    """The part of the SQLite database that this engine sends everything through."""

    async def read(self, program: Program[T]) -> T: ...

    def transaction(self) -> AbstractAsyncContextManager[ForgivingTransaction]: ...


class _TurnConnection:
    """The open transaction, in the words that Piccolo uses of a connection.

    As on PostgreSQL, a failed statement spoils it until it is rolled back to a savepoint.
    """

    def __init__(self, transaction: ForgivingTransaction) -> None:
        self._transaction = transaction
        self._spoiled = False

    async def execute(self, sql: str) -> None:
        await self.fetch(sql, ())

    async def fetch(self, sql: str, args: Sequence[Any]) -> Rows:
        if self._spoiled and not sql.startswith("ROLLBACK TO "):
            raise TransactionOver("after a failed statement this transaction must be rolled back")
        self._spoiled = True
        rows = await self._transaction.run(_rows(sql, args), forgiving=True)
        self._spoiled = False
        return rows

    async def commit(self) -> None:
        if self._spoiled:
            raise TransactionOver("after a failed statement this transaction must be rolled back")
        await self._transaction.commit()


class PortnetSQLiteTransaction(SQLiteTransaction):
    """Piccolo's transaction as a turn on the writer, always IMMEDIATE, begun by its first query."""

    __slots__ = ("_transaction", "_turn", "_turn_connection")

    async def __aenter__(self) -> SQLiteTransaction:
        if self._parent is not None:
            return self._parent
        self._turn = cast("PortnetSQLiteEngine", self.engine).host.transaction()
        self._transaction = await self._turn.__aenter__()
        self._turn_connection = _TurnConnection(self._transaction)
        self.connection = cast("Any", self._turn_connection)
        self.context = self.engine.current_transaction.set(self)
        return self

    async def commit(self) -> None:
        await self._turn_connection.commit()
        self._committed = True

    async def rollback(self) -> None:
        # Also ends the turn's transaction: what follows in the block is refused.
        await self._transaction.run(_rows("ROLLBACK", ()))
        self._rolled_back = True

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        if self._parent is not None:
            return False
        self.engine.current_transaction.reset(self.context)
        try:
            if exception is None and not self._committed and not self._rolled_back:
                await self.commit()
        finally:
            await self._turn.__aexit__(exception_type, exception, traceback)
        return False


class PortnetSQLiteEngine(SQLiteEngine):
    """Sends selects to the readers, all else to the writer, each statement its own transaction."""

    __slots__ = ("host",)

    def __init__(self, path: Path, host: Host) -> None:
        self.host = host
        super().__init__(path=str(path))  # pyright: ignore[reportUnknownMemberType]  # untyped **kwargs

    async def check_version(self) -> None:
        """Nothing to ask: the library is linked into the interpreter."""

    def transaction(
        self,
        transaction_type: TransactionType = TransactionType.immediate,  # noqa: ARG002 - always
        allow_nested: bool = True,
    ) -> SQLiteTransaction:
        return PortnetSQLiteTransaction(
            engine=self, transaction_type=TransactionType.immediate, allow_nested=allow_nested
        )

    async def batch(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: a cursor kept between two awaits would pin a reader's snapshot."""
        raise RuntimeError("read slices by key instead")

    async def _run_in_new_connection(
        self, query: str, args: list[Any] | None = None, *_args: Any, **_kwargs: Any
    ) -> Rows:
        program = _rows(query, args or ())
        if is_select(query):
            return await self.host.read(program)
        async with self.host.transaction() as transaction:
            return await transaction.commit(program) or []

    async def _run_in_existing_connection(
        self,
        connection: _TurnConnection,
        query: str,
        args: list[Any] | None = None,
        *_args: Any,
        **_kwargs: Any,
    ) -> Rows:
        return await connection.fetch(query, args or ())


def _rows(sql: str, args: Sequence[Any]) -> Program[Rows]:
    rows = yield Statement(sql, args)
    return [dict(row) for row in rows]
