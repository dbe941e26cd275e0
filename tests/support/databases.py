"""A new database for each test, copied from a template that was migrated once."""

import shutil
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, assert_never, cast
from urllib.parse import unquote, urlsplit

import asyncpg

from portnet.storage.engines import Database, EngineName, open_database
from tests.support.servers import Servers

# asyncpg ships no types.
_connect: Any = cast("Any", asyncpg).connect

Migrate = Callable[[Database], Awaitable[None]]


async def leave_empty(database: Database) -> None:
    """The migration to a database without tables."""


class Databases:
    """Makes databases on both engines, all with the tables of one migration.

    Args:
        folder: where the SQLite files are kept.
        servers: where PostgreSQL is.
        migrate: makes the tables of the template.
    """

    def __init__(self, folder: Path, servers: Servers, migrate: Migrate = leave_empty) -> None:
        self._folder = folder
        self._servers = servers
        self._migrate = migrate
        self._templates: dict[EngineName, str] = {}

    async def fresh_database(self, engine: EngineName) -> str:
        """The URL of a new migrated database."""
        if engine not in self._templates:
            template = await self._create(engine)
            await self._migrate_template(template)
            self._templates[engine] = template
        return await self._create(engine, self._templates[engine])

    async def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            for end in ("", "-wal", "-shm"):
                Path(unquote(parts.path) + end).unlink(missing_ok=True)
        else:
            await self._administer(f'DROP DATABASE IF EXISTS "{parts.path[1:]}" WITH (FORCE)')

    async def close(self) -> None:
        """Remove the templates."""
        for template in self._templates.values():
            await self.drop(template)
        self._templates.clear()

    async def _create(self, engine: EngineName, template: str | None = None) -> str:
        name = f"portnet_{uuid.uuid4().hex}"
        match engine:
            case "sqlite":
                path = self._folder / f"{name}.sqlite"
                if template:
                    shutil.copyfile(unquote(urlsplit(template).path), path)
                return f"sqlite://{path}"
            case "postgres":
                source = urlsplit(template).path[1:] if template else "template1"
                await self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
                return urlsplit(self._servers.postgres)._replace(path=f"/{name}").geturl()
            case _:
                assert_never(engine)

    async def _migrate_template(self, url: str) -> None:
        database = open_database(url)
        await database.start()
        try:
            await self._migrate(database)
        finally:
            await database.stop()

    async def _administer(self, sql: str) -> None:
        connection = await _connect(self._servers.postgres)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()
