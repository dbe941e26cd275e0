"""The help desk's decisions and cases, who took a step, and imported reference tables."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T02:00:00"
VERSION = "1.38.0"
DESCRIPTION = "Help desk, who took a step, reference tables"

SCRIPT = """
    ALTER TABLE anomaly ADD COLUMN handled_by TEXT;
    ALTER TABLE anomaly ADD COLUMN handler TEXT;
    ALTER TABLE anomaly ADD COLUMN handled_at BIGINT;
    ALTER TABLE anomaly ADD COLUMN note TEXT;
    ALTER TABLE procedure ADD COLUMN taken_by TEXT;
    ALTER TABLE procedure ADD COLUMN taken_at BIGINT;
    CREATE TABLE help_case (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        user_id TEXT NOT NULL,
        mutation TEXT NOT NULL,
        text TEXT NOT NULL,
        opened_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        dossier TEXT,
        trail TEXT
    );
    CREATE TABLE reference_row (
        table_name TEXT NOT NULL,
        code TEXT NOT NULL,
        cells TEXT NOT NULL,
        PRIMARY KEY (table_name, code)
    );
    CREATE TABLE reference_import (
        table_name TEXT PRIMARY KEY NOT NULL,
        generation BIGINT NOT NULL,
        imported_at BIGINT NOT NULL,
        imported_by TEXT NOT NULL
    );
    CREATE UNIQUE INDEX help_case_mutation ON help_case (user_id, mutation);
    CREATE INDEX help_case_state ON help_case (state, id);
    CREATE INDEX anomaly_dossier ON anomaly (dossier) WHERE dossier IS NOT NULL
"""


async def forwards() -> MigrationManager:
    """Widen two tables, create three."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def widen() -> None:
        await run_statements(SCRIPT)

    manager.add_raw(widen)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
