"""What the rest of storage may ask of a database, whichever engine it is."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from piccolo.engine.base import Engine

from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, T


class Transaction(Protocol):
    """All or nothing. Left without `commit`, for whatever reason, it never happened.

    A failed or cancelled `run` or `commit` ends it: everything after is `TransactionOver`.
    """

    async def run(self, program: Program[T]) -> T:
        """Run a program inside; the first one also begins the transaction."""
        ...

    async def commit(self, program: Program[T] | None = None) -> T | None:
        """Run a last program, if any, and commit, in one go; returns what the program did.

        Raises:
            TransactionConflict: nothing was written, try again from the start.
            DatabaseUnavailable: the outcome is unknown. So it is after a cancellation.
        """
        ...


class Database(Protocol):
    """One database: started once, used by the tasks of one event loop, stopped once."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def piccolo_engine(self) -> Engine[Any]:
        """For migrations and the ORM: the same connections as everything here."""
        ...

    async def read(self, program: Program[T], *, snapshot: bool = False) -> T:
        """Run a program that writes nothing and sees all that was committed before the call.

        With `snapshot`, its statements all see one moment; on SQLite they always do.
        """
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Wait for a turn to write (first come, first served on SQLite) and hold it.

        A task holds one transaction at a time; keep it short and await nothing else inside.
        """
        ...

    def migration_lock(self) -> AbstractAsyncContextManager[None]:
        """Hold off every other process that migrates this database."""
        ...

    async def start(self) -> None:
        """Open the connections, or raise `DatabaseUnavailable` and leave nothing behind."""
        ...

    async def stop(self) -> None:
        """Close the connections; what is not committed is rolled back."""
        ...
