"""Indicators: notes of what is not counted yet, tallies, open steps; ratings; and the log by its subjects."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T01:40:00"
VERSION = "1.38.0"
DESCRIPTION = "Indicators, feedback, and the log by subject"

STATEMENTS = """
    CREATE TABLE indicator_uncounted (
        id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        at BIGINT NOT NULL
    );
    CREATE TABLE indicator_counted (
        dossier TEXT PRIMARY KEY NOT NULL,
        counted TEXT NOT NULL
    );
    CREATE TABLE indicator_tally (
        id TEXT PRIMARY KEY NOT NULL,
        reader TEXT NOT NULL,
        grouping TEXT NOT NULL,
        month BIGINT NOT NULL,
        indicator TEXT NOT NULL,
        group_key TEXT NOT NULL,
        owner TEXT NOT NULL,
        items BIGINT NOT NULL,
        total BIGINT NOT NULL,
        buckets TEXT NOT NULL
    );
    CREATE TABLE open_step (
        procedure TEXT PRIMARY KEY NOT NULL,
        dossier TEXT NOT NULL,
        agency TEXT NOT NULL,
        office TEXT,
        circuit TEXT,
        chapter TEXT,
        month BIGINT NOT NULL,
        due_at BIGINT NOT NULL
    );
    CREATE TABLE feedback (
        dossier TEXT NOT NULL,
        user_id TEXT NOT NULL,
        score BIGINT NOT NULL,
        text TEXT,
        at BIGINT NOT NULL,
        PRIMARY KEY (dossier, user_id)
    );
    CREATE INDEX indicator_uncounted_subject ON indicator_uncounted (subject);
    CREATE INDEX indicator_tally_reader ON indicator_tally (reader, grouping, month, indicator);
    CREATE INDEX open_step_dossier ON open_step (dossier);
    CREATE INDEX open_step_due ON open_step (month, due_at);
    CREATE INDEX event_subject ON event (subject, id)
"""


async def forwards() -> MigrationManager:
    """Create the tables and indexes."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        await run_statements(STATEMENTS)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
