"""The one typed edge to asyncpg: borrowed connections that come back, errors in our words."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol, cast

import asyncpg

from portnet.storage.engines.errors import (
    ConstraintViolated,
    DatabaseUnavailable,
    TransactionConflict,
    TransactionOver,
)
from portnet.storage.engines.program import Row

_CONFLICT = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    # A migration changed a table under a cached statement; the cache is dropped by now.
    asyncpg.InvalidCachedStatementError,
)
_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    OSError,
)
_SERVER_SETTINGS = {
    "application_name": "portnet",
    # Our statements are short; compiling one costs more than it saves.
    "jit": "off",
    # A process that stands still must not keep its advisory locks from the others.
    "idle_in_transaction_session_timeout": "60s",
}
# Kept per connection: more than the distinct statements of the hot paths.
_CACHED_STATEMENTS = 512
# Seconds a rollback may take before its connection is given up.
_ROLLBACK_TIMEOUT = 10.0
# Seconds that borrowers have to finish when the pool closes.
_CLOSE_TIMEOUT = 10.0


class _Connection(Protocol):
    async def fetch(self, sql: str, *args: Any) -> list[Row]: ...
    async def execute(self, sql: str) -> str: ...
    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None: ...
    def is_in_transaction(self) -> bool: ...
    def is_closed(self) -> bool: ...
    def terminate(self) -> None: ...


class _Pool(Protocol):
    async def acquire(self) -> _Connection: ...
    async def release(self, connection: _Connection) -> None: ...
    async def close(self) -> None: ...


class Session:
    """A borrowed connection. Used by one task, and not after it went back."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        with self._typed_errors():
            return await self._connection.fetch(sql, *args)

    async def execute(self, sql: str) -> str:
        """Run SQL without arguments; returns PostgreSQL's word for what it did."""
        with self._typed_errors():
            return await self._connection.execute(sql)

    async def commit(self) -> None:
        """Commit, or raise: after a failed statement PostgreSQL answers COMMIT with a rollback."""
        if await self.execute("COMMIT") != "COMMIT":
            raise TransactionOver("PostgreSQL has rolled this transaction back")

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._typed_errors():
            await self._connection.executemany(sql, rows)

    @contextmanager
    def _typed_errors(self) -> Generator[None]:
        with typed_errors():
            try:
                yield
            except asyncpg.InterfaceError as error:
                # Also asyncpg's word for a caller's mistake, which stays what it is.
                if _is_gone(self._connection):
                    raise DatabaseUnavailable("the connection was lost") from error
                raise


class SessionPool:
    """The connections to one PostgreSQL database."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        # Strong references to what goes on after its caller was cancelled.
        self._returns: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str, size: int) -> "SessionPool":
        with typed_errors():
            pool = await asyncpg.create_pool(  # pyright: ignore[reportUnknownMemberType]  # untyped
                url,
                min_size=min(2, size),
                max_size=size,
                statement_cache_size=_CACHED_STATEMENTS,
                server_settings=_SERVER_SETTINGS,
                reset=_keep_as_is,
            )
        return cls(cast("_Pool", pool))

    async def close(self) -> None:
        """Wait a while for the borrowed connections, then close or cut all."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._pool.close()  # cancelled, it cuts them itself

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Session]:
        """A connection for the block. An open transaction is rolled back when the block is left."""
        with typed_errors():
            try:
                connection = await self._pool.acquire()
            except asyncpg.InterfaceError as error:
                raise DatabaseUnavailable(str(error)) from error
        clean = False
        try:
            yield Session(connection)
            clean = _is_gone(connection) or not connection.is_in_transaction()
        finally:
            if clean:
                await self._pool.release(connection)
            else:
                await self._shielded_return(connection)

    async def _shielded_return(self, connection: _Connection) -> None:
        task = asyncio.create_task(self._roll_back_and_return(connection))
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)
        await asyncio.shield(task)

    async def _roll_back_and_return(self, connection: _Connection) -> None:
        try:
            async with asyncio.timeout(_ROLLBACK_TIMEOUT):
                await connection.execute("ROLLBACK")
        except Exception:
            # Lost already, or not to be trusted: the pool opens another in its place.
            with contextlib.suppress(asyncpg.InterfaceError):
                connection.terminate()
        finally:
            await self._pool.release(connection)


@contextmanager
def typed_errors() -> Generator[None]:
    """Raise the driver's expected errors as ours."""
    try:
        yield
    except _CONFLICT as error:
        raise TransactionConflict(str(error)) from error
    except asyncpg.IntegrityConstraintViolationError as error:
        raise ConstraintViolated(str(error)) from error
    except _UNAVAILABLE as error:
        raise DatabaseUnavailable(str(error)) from error


def _is_gone(connection: _Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has taken the lost connection back already
        return True


async def _keep_as_is(connection: object) -> None:
    """In place of asyncpg's reset, a round trip per transaction: our sessions keep no state."""
