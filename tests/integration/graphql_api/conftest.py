"""A world of its own for each test, on both engines, out of a template that was migrated once."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from portnet.storage.engines import Database, EngineName, open_database
from portnet.storage.migrate import migrate
from tests.integration.graphql_api.world import World
from tests.support.databases import Databases
from tests.support.servers import Servers


async def _migrated(database: Database) -> None:
    await migrate(database)


@pytest.fixture(scope="session")
def migrated_databases(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Makes databases with today's tables."""
    databases = Databases(tmp_path_factory.mktemp("migrated"), servers, _migrated)
    yield databases
    asyncio.run(databases.close())


@pytest.fixture
async def world(engine_name: EngineName, migrated_databases: Databases) -> AsyncIterator[World]:
    """People and companies, no dossiers yet."""
    url = await migrated_databases.fresh_database(engine_name)
    database = open_database(url)
    await database.start()
    async with World(database) as world:
        yield world
    await database.stop()
    await migrated_databases.drop(url)
