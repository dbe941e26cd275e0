"""Drafts that are written field by field, and what was sent of each declaration."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T04:03:00"
VERSION = "1.38.0"
DESCRIPTION = "Drafts by field, revisions of what was sent"

SCRIPT = """
    ALTER TABLE submission ADD COLUMN broker TEXT;
    ALTER TABLE submission ADD COLUMN form_version BIGINT NOT NULL DEFAULT 0;
    CREATE TABLE declaration_field (
        submission TEXT NOT NULL,
        path TEXT NOT NULL,
        version BIGINT NOT NULL,
        written_by TEXT NOT NULL,
        queue TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (submission, path)
    );
    CREATE TABLE submission_revision (
        submission TEXT NOT NULL,
        number BIGINT NOT NULL,
        content TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        sent_at BIGINT NOT NULL,
        PRIMARY KEY (submission, number)
    );
    CREATE INDEX submission_broker ON submission (broker, updated_at, id) WHERE broker IS NOT NULL
"""


async def forwards() -> MigrationManager:
    """Widen a table, create two."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def widen() -> None:
        await run_statements(SCRIPT)

    manager.add_raw(widen)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
