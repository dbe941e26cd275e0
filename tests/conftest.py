"""Fixtures for all tests. Servers start when a test first needs them and stop with the session."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from portnet.storage.engines import Database, EngineName, open_database
from portnet.storage.migrate import migrate
from tests.support.databases import Databases
from tests.support.recycled import RecycledDatabases
from tests.support.servers import Servers
from tests.support.volume import use_volume
from tests.support.world import World, open_world

use_volume()


async def _to_todays_tables(database: Database) -> None:
    await migrate(database)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """`servers.postgres` and `servers.redis` are URLs."""
    with Servers() as servers:
        yield servers


@pytest.fixture(scope="session")
def empty_databases(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Makes databases without tables."""
    databases = Databases(tmp_path_factory.mktemp("databases"), servers)
    yield databases
    asyncio.run(databases.close())


@pytest.fixture(scope="session")
def migrated_databases(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RecycledDatabases]:
    """Lends databases with today's tables, all copied from one that was migrated."""
    folder = tmp_path_factory.mktemp("migrated")
    databases = RecycledDatabases(Databases(folder, servers, _to_todays_tables))
    yield databases
    asyncio.run(databases.close())


@pytest.fixture(params=["sqlite", "postgres"])
def engine_name(request: pytest.FixtureRequest) -> EngineName:
    """Both engines, one after the other."""
    name: EngineName = request.param
    return name


@pytest.fixture
async def database_url(engine_name: EngineName, empty_databases: Databases) -> AsyncIterator[str]:
    """The URL of an empty database of its own."""
    url = await empty_databases.fresh_database(engine_name)
    yield url
    await empty_databases.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database, started."""
    database = open_database(database_url)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
async def migrated_url(
    engine_name: EngineName, migrated_databases: RecycledDatabases
) -> AsyncIterator[str]:
    """The URL of a database of its own with today's tables."""
    url = await migrated_databases.take(engine_name)
    yield url
    await migrated_databases.give_back(url)


@pytest.fixture
async def migrated(migrated_url: str) -> AsyncIterator[Database]:
    """A database with today's tables, started."""
    database = open_database(migrated_url)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    """The cast over a database of its own, nothing said yet."""
    async with open_world(migrated_url) as world:
        yield world
