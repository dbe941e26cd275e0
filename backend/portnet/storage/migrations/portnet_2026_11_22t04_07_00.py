"""How the help desk's cases end."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T04:07:00"
VERSION = "1.38.0"
DESCRIPTION = "Closed help cases"

SCRIPT = """
    ALTER TABLE help_case ADD COLUMN closed_at BIGINT;
    ALTER TABLE help_case ADD COLUMN closed_by TEXT;
    ALTER TABLE help_case ADD COLUMN closer TEXT;
    ALTER TABLE help_case ADD COLUMN answer TEXT;
    CREATE INDEX help_case_user ON help_case (user_id, id)
"""


async def forwards() -> MigrationManager:
    """Widen a table."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def widen() -> None:
        await run_statements(SCRIPT)

    manager.add_raw(widen)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
