"""Bring a database to today's tables. Of several processes that start at once, one migrates and the others wait."""

from __future__ import annotations

import contextlib
import io
import os
import secrets

from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration

from portnet.storage import piccolo_conf
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Statement
from portnet.storage.piccolo_app import APP_CONFIG


async def migrate(database: Database) -> tuple[str, ...]:
    """Run the migrations that this database has not had; returns the ids of all that it has had now.

    Raises:
        DatabaseError: nothing of the failing migration is kept.
    """
    piccolo_conf.bind(database.piccolo_engine)
    os.environ["PICCOLO_CONF"] = "portnet.storage.piccolo_conf"  # noqa: TID251 - Piccolo's only door
    async with database.migration_lock():
        manager = ForwardsMigrationManager(APP_CONFIG.app_name)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            await Migration.create_table(if_not_exists=True)
            result = await manager.run_migrations(APP_CONFIG)
        if not result.success:
            raise RuntimeError(f"the migrations did not run: {said.getvalue()}")
        await _name_the_generation(database)
    return tuple(await Migration.get_migrations_which_ran(app_name=APP_CONFIG.app_name))


async def _name_the_generation(database: Database) -> None:
    """Give a new database its feed generation: cursors of another database, or of a restored one, are void."""

    def program() -> Program[None]:
        yield Statement(
            "INSERT INTO installation (key, value) VALUES ('generation', $1)"
            " ON CONFLICT (key) DO NOTHING",
            (secrets.token_hex(4),),
        )

    async with database.transaction() as transaction:
        await transaction.commit(program())
