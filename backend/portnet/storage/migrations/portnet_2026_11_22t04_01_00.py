"""Second factors."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T04:01:00"
VERSION = "1.38.0"
DESCRIPTION = "Second factors"

SCRIPT = """
    CREATE TABLE second_factor (
        user_id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        active TEXT,
        pending TEXT,
        challenges TEXT NOT NULL,
        misses TEXT NOT NULL,
        at_sign_in BIGINT NOT NULL
    )
"""


async def forwards() -> MigrationManager:
    """Create the table."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        await run_statements(SCRIPT)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
