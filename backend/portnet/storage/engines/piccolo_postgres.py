"""Piccolo's PostgreSQL engine on the pool of our `Database`, for migrations and cold ORM code."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NoReturn, Protocol, cast

from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from portnet.storage.engines.dialect import is_select
from portnet.storage.engines.postgres_driver import Session


class Host(Protocol):
    """The part of the PostgreSQL database that this engine sends everything through."""

    def lend(self) -> AbstractAsyncContextManager[Session]: ...

    def hold(self) -> AbstractAsyncContextManager[Session]: ...


class PortnetPostgresTransaction(PostgresTransaction):
    """Piccolo's transaction on a borrowed connection, which goes back whatever fails."""

    __slots__ = ("_loan",)

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self._loan = cast("PortnetPostgresEngine", self.engine).host.hold()
        self.connection = await self._loan.__aenter__()
        try:
            await self.begin()
        except BaseException as error:
            await self._loan.__aexit__(type(error), error, error.__traceback__)
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def begin(self) -> None:
        await self.connection.execute("BEGIN")

    async def commit(self) -> None:
        await self.connection.commit()
        self._committed = True

    async def rollback(self) -> None:
        await self.connection.execute("ROLLBACK")
        self._rolled_back = True

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        if self._parent is not None:
            return False
        self.engine.current_transaction.reset(self.context)
        try:
            if exception is None and not self._committed and not self._rolled_back:
                await self.commit()
        except BaseException as error:
            await self._loan.__aexit__(type(error), error, error.__traceback__)
            raise
        await self._loan.__aexit__(exception_type, exception, traceback)
        return False


class PortnetPostgresEngine(PostgresEngine):
    """Sends every query to the pool; Piccolo's own pool is never opened."""

    __slots__ = ("host",)

    def __init__(self, host: Host) -> None:
        self.host = host
        super().__init__(config={})

    async def check_version(self) -> None:
        """Nothing to ask yet: the database is not started when its engine is made."""

    async def start_connection_pool(self, **kwargs: Any) -> None:
        """Nothing to do: the database starts and stops the pool."""

    async def close_connection_pool(self) -> None:
        """Nothing to do: the database starts and stops the pool."""

    def transaction(self, allow_nested: bool = True) -> PostgresTransaction:
        return PortnetPostgresTransaction(engine=self, allow_nested=allow_nested)

    async def batch(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: Piccolo's opens a connection of its own and swallows exceptions."""
        raise RuntimeError("read slices by key instead")

    async def _run_in_new_connection(
        self, query: str, args: Sequence[Any] | None = None
    ) -> list[Any]:
        # Only selects may run beside a transaction that this task holds, as on SQLite.
        loan = self.host.lend() if is_select(query) else self.host.hold()
        async with loan as session:
            return await session.fetch(query, *(args or ()))
