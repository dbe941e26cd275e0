"""Fixtures of databases in which the demo's people live; a conftest takes them by importing their names."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from portnet.storage.engines import EngineName
from tests.support.databases import Databases
from tests.support.house.opening import furnish, keys_of
from tests.support.servers import Servers


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the agencies' keys of the furnished databases are."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def keys_file(keys_folder: Path, engine_name: EngineName) -> Path:
    """The agencies' keys of this engine's furnished databases."""
    return keys_of(keys_folder, engine_name)


@pytest.fixture(scope="session")
def furnished_databases(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, keys_folder: Path
) -> Iterator[Databases]:
    """Makes databases with the demo's people."""
    folder = tmp_path_factory.mktemp("furnished")
    databases = Databases(folder, servers, furnish(keys_folder))
    yield databases
    asyncio.run(databases.close())


@pytest.fixture
async def furnished_url(
    engine_name: EngineName, furnished_databases: Databases
) -> AsyncIterator[str]:
    """The URL of a furnished database of its own."""
    url = await furnished_databases.fresh_database(engine_name)
    yield url
    await furnished_databases.drop(url)
