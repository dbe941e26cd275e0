"""The three feeds that a hub may stand on: in memory, on SQLite, on PostgreSQL."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from portnet.storage.engines import EngineName, open_database
from tests.support.feed import FeedLog, MemoryFeed, StoredFeed
from tests.support.recycled import RecycledDatabases


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def feed(
    request: pytest.FixtureRequest, migrated_databases: RecycledDatabases
) -> AsyncIterator[FeedLog]:
    """An empty feed."""
    if request.param == "memory":
        yield MemoryFeed()
        return
    url = await migrated_databases.take(cast("EngineName", request.param))
    database = open_database(url)
    await database.start()
    yield StoredFeed(database)
    await database.stop()
    await migrated_databases.give_back(url)
