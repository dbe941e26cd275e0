"""What the delivery rules keep: how far a message has come, what an alert replaces, what an entry warns of."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T01:30:00"
VERSION = "1.38.0"
DESCRIPTION = "What the delivery rules keep"

CHANGES = """
    ALTER TABLE agency_inbox ADD COLUMN progress TEXT;
    ALTER TABLE procedure ADD COLUMN expected_at BIGINT;
    ALTER TABLE entry ADD COLUMN warnings TEXT;
    ALTER TABLE alert ADD COLUMN replaces TEXT;
    CREATE INDEX entry_receipt ON entry (receipt)
"""


async def forwards() -> MigrationManager:
    """Add the columns, and the index by which a message's entries are found."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def change() -> None:
        await run_statements(CHANGES)

    manager.add_raw(change)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
