"""SQLite as our `Database`: one writer and a few readers over one file in WAL mode.

A program runs inside one hop to a connection's thread, so that no half-read cursor can pin an old
snapshot and no await can stand between its statements.
"""

import asyncio
import fcntl
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from portnet.storage.engines import sqlite_hops
from portnet.storage.engines.connection_threads import ConnectionThreads
from portnet.storage.engines.dialect import SQLiteDialect
from portnet.storage.engines.errors import DatabaseError, TransactionNested, TransactionOver
from portnet.storage.engines.piccolo_sqlite import PortnetSQLiteEngine
from portnet.storage.engines.program import Program, T, nothing
from portnet.storage.engines.sqlite_hops import SQLiteSettings

_logger = logging.getLogger(__name__)

#: Seconds between two rounds of folding the write-ahead log in, while something is written.
_CHECKPOINT_SECONDS = 0.25


class SQLiteTransaction:
    """One turn on the writer; see the protocol `Transaction`.

    ``hand_over`` gives the turn to the next one. That is done as soon as nothing of this one can come after: one that
    is a single hop, from its beginning to its commit, lets the next queue up behind it, and the writer never rests
    while the event loop hears of a result.
    """

    def __init__(
        self, writer: ConnectionThreads, written: asyncio.Event, hand_over: Callable[[], None]
    ) -> None:
        self._writer = writer
        self._written = written
        self._hand_over = hand_over
        self._begun = False
        self._over = False
        self._committed = False
        self._alone = False

    async def run(self, program: Program[T], *, forgiving: bool = False) -> T:
        """Run a program. `forgiving`: its failure leaves the transaction open, for savepoints."""
        return await self._hop(program, forgiving=forgiving)

    async def commit(self, program: Program[T] | None = None) -> T | None:
        result: T | None = None
        if program is not None:
            result = await self._hop(program, commit=True)
        elif self._begun or self._over:
            await self._hop(nothing(), commit=True)
        self._committed = self._over = True
        self._written.set()
        return result

    def leave(self) -> None:
        """End it. The rollback follows any hop still under way, and precedes the next turn's."""
        self._over = True
        if self._begun and not self._committed and not self._alone:
            self._writer.post(sqlite_hops.rollback)

    async def _hop(
        self, program: Program[T], *, commit: bool = False, forgiving: bool = False
    ) -> T:
        if self._over:
            raise TransactionOver("this transaction has failed or ended")
        work = partial(
            sqlite_hops.write,
            program=program,
            begin=not self._begun,
            commit=commit,
            forgiving=forgiving,
        )
        whole = commit and not self._begun
        self._begun = True
        hop = self._writer.send(work)
        if whole:
            # It rolls back by itself when it fails.
            self._alone = True
            self._hand_over()
        try:
            return await hop
        except Exception:
            self._over = not forgiving
            raise
        except BaseException:
            self._over = True
            raise


class SQLiteDatabase:
    """One SQLite file; see the protocol `Database`."""

    def __init__(self, path: Path, settings: SQLiteSettings | None = None) -> None:
        settings = settings or SQLiteSettings()
        self.path = path
        self.dialect = SQLiteDialect()
        self.piccolo_engine = PortnetSQLiteEngine(path, self)
        self._writer = ConnectionThreads(
            "sqlite-writer", 1, partial(sqlite_hops.connect_writer, path, settings)
        )
        self._readers = ConnectionThreads(
            "sqlite-reader", settings.readers, partial(sqlite_hops.connect_reader, path, settings)
        )
        self._checkpointer = ConnectionThreads(
            "sqlite-checkpointer", 1, partial(sqlite_hops.connect_checkpointer, path, settings)
        )
        self._written = asyncio.Event()
        self._folding: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None

    @asynccontextmanager
    async def migration_lock(self) -> AsyncGenerator[None]:
        with self.path.with_suffix(".migrating").open("w") as file:
            await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
            yield

    async def start(self) -> None:
        self._turn = asyncio.Lock()
        self._written = asyncio.Event()
        try:
            for connections in (self._writer, self._readers, self._checkpointer):
                await connections.start()
        except BaseException:
            await self.stop()
            raise
        self._folding = asyncio.create_task(self._fold_in_forever(), name="checkpoints")

    async def stop(self) -> None:
        if self._folding is not None:
            self._folding.cancel()
            await asyncio.gather(self._folding, return_exceptions=True)
        # The writer last: the connection that closes last folds the write-ahead log in.
        for connections in (self._checkpointer, self._readers, self._writer):
            await connections.stop()

    async def _fold_in_forever(self) -> None:
        while True:
            await self._written.wait()
            await asyncio.sleep(_CHECKPOINT_SECONDS)
            self._written.clear()
            try:
                await self._checkpointer.hop(sqlite_hops.checkpoint)
            except DatabaseError:
                _logger.warning("the write-ahead log could not be folded in", exc_info=True)

    async def read(self, program: Program[T], *, snapshot: bool = False) -> T:  # noqa: ARG002 - always
        return await self._readers.hop(partial(sqlite_hops.read, program=program))

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[SQLiteTransaction]:
        task = asyncio.current_task()
        if self._holder is task:
            raise TransactionNested("this task already holds the writer")
        await self._turn.acquire()
        self._holder = task
        transaction = SQLiteTransaction(self._writer, self._written, self._hand_over)
        try:
            yield transaction
        finally:
            transaction.leave()
            if self._holder is task:
                self._hand_over()

    def _hand_over(self) -> None:
        self._holder = None
        self._turn.release()
