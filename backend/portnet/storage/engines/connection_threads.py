"""SQLite connections on threads of their own. Knows hops, not SQL: one callable, one result.

The threads are daemons: whatever a connection is doing, the process can exit.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from portnet.storage.engines.errors import DatabaseUnavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_log = logging.getLogger(__name__)


class _Hop(NamedTuple):
    #: `None` asks the thread to close its connection and end.
    work: Work[Any] | None
    future: asyncio.Future[Any]

    def deliver(self, result: Any, error: BaseException | None) -> None:
        def settle() -> None:
            if self.future.done():  # the caller was cancelled meanwhile
                return
            if error is None:
                self.future.set_result(result)
            else:
                self.future.set_exception(error)

        # A closed loop has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self.future.get_loop().call_soon_threadsafe(settle)


class ConnectionThreads:
    """A few equal connections, each touched by one thread only, fed by one FIFO queue.

    With one thread, hops never overlap and run in the order of the calls.
    """

    def __init__(self, name: str, count: int, connect: Callable[[], sqlite3.Connection]) -> None:
        self._name = name
        self._count = count
        self._connect = connect
        self._queue: SimpleQueue[_Hop] = SimpleQueue()
        self._running = 0

    async def start(self) -> None:
        """Open all connections; if one cannot be opened, close the others and raise its error."""
        try:
            for number in range(self._count):
                opened = _Hop(None, asyncio.get_running_loop().create_future())
                name = f"{self._name}-{number}"
                threading.Thread(target=self._serve, args=(opened,), name=name, daemon=True).start()
                await opened.future
                self._running += 1
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close all connections, after the hops that were asked for before."""
        hops = [
            _Hop(None, asyncio.get_running_loop().create_future()) for _ in range(self._running)
        ]
        self._running = 0
        for hop in hops:
            self._queue.put(hop)
        for hop in hops:
            await hop.future

    async def hop(self, work: Work[T]) -> T:
        """Run `work` on a connection's thread.

        Cancelled before it began, it never runs; after that it runs to its end, unheard, and
        hops asked for later still come after it.
        """
        return await self.send(work)

    def send(self, work: Work[T]) -> asyncio.Future[T]:
        """Queue a hop, to be waited for; see `hop`."""
        if not self._running:
            raise DatabaseUnavailable("the database is not started")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Hop(work, future))
        return future

    def post(self, work: Work[None]) -> None:
        """Ask for a hop without waiting; a failure is logged."""
        if self._running:
            self.send(work).add_done_callback(_log_failure)

    def _serve(self, opened: _Hop) -> None:
        try:
            connection = self._connect()
        except BaseException as error:
            opened.deliver(None, error)
            return
        if opened.future.cancelled():  # nobody would ever stop this thread
            connection.close()
            return
        opened.deliver(None, None)
        while self._do(self._queue.get(), connection):
            pass

    def _do(self, hop: _Hop, connection: sqlite3.Connection) -> bool:
        """Do one hop; false after the last. A method, so that no result outlives its hop here."""
        if hop.work is None:
            connection.close()
            hop.deliver(None, None)
            return False
        if hop.future.cancelled():
            return True
        try:
            result = hop.work(connection)
        except BaseException as error:
            hop.deliver(None, error)
        else:
            hop.deliver(result, None)
        return True


def _log_failure(future: asyncio.Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()):
        _log.error("a database hop that nobody waits for failed", exc_info=error)
