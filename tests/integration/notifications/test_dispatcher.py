"""The dispatcher with real parts: the stored outbox of both engines, and the mock gateways over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from portnet.domain.alerts import Attempt, Delivery, Device
from portnet.ports.outbox import Outbox
from portnet.ports.unit_of_work import Change
from portnet.storage import rows
from portnet.storage.engines import Database, EngineName, Row, open_database, query
from portnet.storage.migrate import migrate
from portnet.storage.outbox import StorageOutbox
from portnet.storage.unit_of_work import StorageUnitOfWork
from tests.support.databases import Databases
from tests.support.outbox import OutboxContract, Stage
from tests.support.servers import Servers


async def only_migrate(database: Database) -> None:
    await migrate(database)


@pytest.fixture(scope="module")
def migrated_databases(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    databases = Databases(tmp_path_factory.mktemp("outbox"), servers, only_migrate)
    yield databases
    asyncio.run(databases.close())


@pytest.fixture
async def migrated(
    engine_name: EngineName, migrated_databases: Databases
) -> AsyncIterator[Database]:
    url = await migrated_databases.fresh_database(engine_name)
    database = open_database(url, synchronous="NORMAL")
    await database.start()
    yield database
    await database.stop()
    await migrated_databases.drop(url)


class StoredStage:
    """The stored outbox, and the unit of work that fills the tables around it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._outbox = StorageOutbox(database)

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    async def store(self, *changes: Change) -> None:
        async with StorageUnitOfWork(self.database) as work:
            work.add(*changes)
            await work.commit()

    async def delivery(self, id: str) -> Delivery:
        (row,) = await self._rows("SELECT * FROM delivery WHERE id = $1", id)
        return rows.delivery(row)

    async def device(self, id: str) -> Device:
        (row,) = await self._rows("SELECT * FROM device WHERE id = $1", id)
        return rows.device(row)

    async def attempts(self, delivery: str) -> list[Attempt]:
        found = await self._rows(
            "SELECT * FROM attempt WHERE delivery = $1 ORDER BY number", delivery
        )
        return [
            Attempt(
                id=row["id"],
                delivery=row["delivery"],
                number=row["number"],
                at=rows.instant(row["at"]),
                outcome=row["outcome"],
                detail=row["detail"],
            )
            for row in found
        ]

    async def _rows(self, sql: str, argument: str) -> list[Row]:
        return await self.database.read(query(sql, argument))


@pytest.fixture
def stage(migrated: Database) -> Stage:
    return StoredStage(migrated)


class TestStorageOutbox(OutboxContract):
    """On both engines, by the fixture ``engine_name``."""
