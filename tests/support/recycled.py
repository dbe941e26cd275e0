"""Migrated databases, handed from test to test: PostgreSQL takes a second to make one, and milliseconds to empty it."""

from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg

from portnet.storage.engines import EngineName
from portnet.storage.tables import TABLES
from tests.support.databases import Databases

# asyncpg ships no types.
_connect: Any = cast("Any", asyncpg).connect

#: What the migration itself wrote.
_KEPT = {"installation"}
_EMPTY = "; ".join(
    f"DELETE FROM {name}"
    for name in (str(table._meta.tablename) for table in TABLES)  # pyright: ignore[reportPrivateUsage]  # Piccolo's name
    if name not in _KEPT
)


class RecycledDatabases:
    """Lends migrated databases; each has today's tables and no rows in them.

    Args:
        databases: makes migrated ones.
    """

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._free: list[str] = []

    async def take(self, engine: EngineName) -> str:
        """The URL of one that nobody else has."""
        if engine == "postgres" and self._free:
            return self._free.pop()
        return await self._databases.fresh_database(engine)

    async def give_back(self, url: str) -> None:
        """It is not used any more; what is in it goes."""
        if urlsplit(url).scheme == "sqlite":
            await self._databases.drop(url)
            return
        connection = await _connect(url)
        try:
            await connection.execute(_EMPTY)
        finally:
            await connection.close()
        self._free.append(url)

    async def close(self) -> None:
        """Remove them all."""
        for url in self._free:
            await self._databases.drop(url)
        self._free.clear()
        await self._databases.close()
