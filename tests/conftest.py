"""Fixtures for all tests. Servers start when a test first needs them and stop with the session."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from portnet.storage.engines import Database, EngineName, open_database
from tests.support.databases import Databases
from tests.support.servers import Servers


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
