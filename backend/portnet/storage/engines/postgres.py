"""PostgreSQL as our `Database`: a pool of asyncpg connections, transactions READ COMMITTED."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, assert_never

import msgspec

from portnet.storage.engines.dialect import PostgresDialect, advisory_key, gathered, joined, spread
from portnet.storage.engines.errors import (
    DatabaseUnavailable,
    TransactionNested,
    TransactionOver,
)
from portnet.storage.engines.piccolo_postgres import PortnetPostgresEngine
from portnet.storage.engines.postgres_driver import Session, SessionPool
from portnet.storage.engines.program import (
    Batch,
    Gather,
    Program,
    Statement,
    Step,
    T,
    Together,
    drive_async,
)


class PostgresSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be tuned of a PostgreSQL database."""

    #: The most connections this process opens.
    pool_size: int = 10


#: Any number will do, as long as nobody else takes it.
_MIGRATION = advisory_key("migration")


class PostgresTransaction:
    """A transaction on a borrowed connection; see the protocol `Transaction`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._begun = False
        self._over = False

    async def run(self, program: Program[T]) -> T:
        self._refuse_if_over()
        try:
            if not self._begun:
                self._begun = True
                await self._session.execute("BEGIN")
            return await drive_async(program, partial(_execute, self._session))
        except BaseException:
            self._over = True
            raise

    async def commit(self, program: Program[T] | None = None) -> T | None:
        result = None if program is None else await self.run(program)
        self._refuse_if_over()
        self._over = True
        if self._begun:
            await self._session.commit()
        return result

    def leave(self) -> None:
        """Refuse whatever comes late; the connection's return rolls back."""
        self._over = True

    def _refuse_if_over(self) -> None:
        if self._over:
            raise TransactionOver("this transaction has failed or ended")


class PostgresDatabase:
    """One PostgreSQL database; see the protocol `Database`."""

    def __init__(self, url: str, settings: PostgresSettings | None = None) -> None:
        self.dialect = PostgresDialect()
        self.piccolo_engine = PortnetPostgresEngine(self)
        self._url = url
        self._settings = settings or PostgresSettings()
        self._pool: SessionPool | None = None
        self._holders: set[asyncio.Task[object] | None] = set()

    async def start(self) -> None:
        self._pool = await SessionPool.open(self._url, self._settings.pool_size)

    async def stop(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    def lend(self) -> AbstractAsyncContextManager[Session]:
        """A connection for the block; what it leaves uncommitted is rolled back."""
        if self._pool is None:
            raise DatabaseUnavailable("the database is not started")
        return self._pool.lend()

    async def read(self, program: Program[T], *, snapshot: bool = False) -> T:
        async with self.lend() as session:
            if snapshot:
                await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            result = await drive_async(program, partial(_execute, session))
            if snapshot:
                await session.execute("COMMIT")
            return result

    @asynccontextmanager
    async def migration_lock(self) -> AsyncGenerator[None]:
        async with self.lend() as session:
            # A transaction's lock goes with it, even when its holder is cancelled; a session's
            # would stay on the pooled connection.
            await session.execute("BEGIN")
            await session.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            await session.fetch("SELECT pg_advisory_xact_lock($1)", _MIGRATION)
            yield

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[PostgresTransaction]:
        async with self.hold() as session:
            transaction = PostgresTransaction(session)
            try:
                yield transaction
            finally:
                transaction.leave()

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[Session]:
        """Lend a connection for a transaction, one to a task: else tasks could use up the pool,
        each waiting for its second."""
        task = asyncio.current_task()
        if task in self._holders:
            raise TransactionNested("this task already holds a transaction")
        self._holders.add(task)
        try:
            async with self.lend() as session:
                yield session
        finally:
            self._holders.discard(task)


async def _execute(session: Session, step: Step) -> list[Any]:
    match step:
        case Statement(sql, args):
            return await session.fetch(sql, *args)
        case Batch(sql, rows):
            if len(rows) == 1:
                await session.fetch(sql, *rows[0])
            elif rows:
                await session.executemany(sql, rows)
            return []
        case Together(writes):
            single: list[Statement] = []
            for write in writes:
                if isinstance(write, Statement):
                    single.append(write)
                elif (one := _as_one(write)) is not None:
                    single.append(one)
                else:
                    await _execute(session, write)
            if single:
                sql = joined(tuple(write.sql for write in single))
                await session.fetch(sql, *(value for write in single for value in write.args))
            return []
        case Gather(selects):
            sql = gathered(tuple(select.sql for select in selects))
            args = [value for select in selects for value in select.args]
            found = (await session.fetch(sql, *args))[0]
            return [msgspec.json.decode(found[i]) for i in range(len(selects))]
        case _:
            assert_never(step)


def _as_one(batch: Batch) -> Statement | None:
    """All rows of a batch in one statement; None where there is no such statement."""
    if len(batch.rows) == 1:
        return Statement(batch.sql, batch.rows[0])
    inserting = spread(batch.sql)
    if inserting is None or not batch.rows:
        return None
    rows = batch.rows
    if inserting.key:
        # As one after the other would: one statement may not write a row twice.
        rows = list({tuple(row[i] for i in inserting.key): row for row in rows}.values())
    texts = [tuple(map(_json_value, row)) for row in rows]
    records = [dict(zip(inserting.columns, row, strict=True)) for row in texts]
    return Statement(inserting.sql, (msgspec.json.encode(records).decode(),))


def _json_value(value: object) -> object:
    # Bytes as PostgreSQL writes them, not in base64.
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value
