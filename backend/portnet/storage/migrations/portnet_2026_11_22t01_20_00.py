"""Timers; and by whose key a source was last heard, so that practice never passes for the real agency's voice."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T01:20:00"
VERSION = "1.38.0"
DESCRIPTION = "Timers"

TABLES = """
    CREATE TABLE timer (
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL,
        due_at BIGINT NOT NULL,
        brings TEXT NOT NULL,
        dossier TEXT,
        PRIMARY KEY (subject, kind, detail)
    )
"""

INDEXES = """
    CREATE INDEX timer_due ON timer (due_at);
    CREATE INDEX agency_inbox_heard_in ON agency_inbox (source, sandbox, received_at);
    DROP INDEX agency_inbox_heard
"""

#: Mandates that were granted before there were timers end like all others.
MANDATES = """
    INSERT INTO timer (subject, kind, detail, due_at, brings, dossier)
    SELECT id, 'MANDATE_ENDS', '', ends_at, '', NULL FROM mandate
    WHERE ends_at IS NOT NULL AND revoked_at IS NULL
"""


async def forwards() -> MigrationManager:
    """Create the table and the indexes, and set the timers that no later change would set."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        for script in (TABLES, INDEXES, MANDATES):
            await run_statements(script)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
