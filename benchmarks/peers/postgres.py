"""PostgreSQL through asyncpg: a connection for the inbox and one for each lane, statements prepared by the driver."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Sequence
from typing import Any, cast

import asyncpg

from benchmarks.data.recording import Written
from benchmarks.peers.statements import Statements, Write

# asyncpg ships no types.
_connect: Any = cast("Any", asyncpg).connect
_STATEMENTS = Statements(lambda number: f"${number}")


async def write(url: str, messages: Sequence[Written], together: int, lanes: int) -> float:
    """As the peer on SQLite does, with ``lanes`` transactions at once; seconds it took."""
    groups = [messages[start : start + together] for start in range(0, len(messages), together)]
    prepared = [
        (_STATEMENTS.kept(group), [(_lane(m, lanes), list(_STATEMENTS.taken_in(m))) for m in group])
        for group in groups
    ]
    connections = [await _connect(url, statement_cache_size=512) for _ in range(lanes + 1)]
    queues: list[asyncio.Queue[list[Write] | None]] = [asyncio.Queue() for _ in range(lanes)]
    try:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for connection, queue in zip(connections[1:], queues, strict=True):
                tasks.create_task(_run_lane(connection, queue))
            for kept, taken_in in prepared:
                await _commit(connections[0], [kept])
                for lane, writes in taken_in:
                    queues[lane].put_nowait(writes)
            for queue in queues:
                queue.put_nowait(None)
        return time.perf_counter() - began
    finally:
        for connection in connections:
            await connection.close()


async def _run_lane(connection: Any, queue: asyncio.Queue[list[Write] | None]) -> None:
    while (writes := await queue.get()) is not None:
        await _commit(connection, writes)


async def _commit(connection: Any, writes: Sequence[Write]) -> None:
    async with connection.transaction():
        for write in writes:
            if len(write.rows) == 1:
                await connection.execute(write.sql, *write.rows[0])
            else:
                await connection.executemany(write.sql, write.rows)


def _lane(message: Written, lanes: int) -> int:
    """A dossier keeps to one lane."""
    return zlib.crc32(message.added["entry"][0][2].encode()) % lanes
