"""What leaves us, what agencies ask of us, and the submissions of companies."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T01:50:00"
VERSION = "1.38.0"
DESCRIPTION = "Submissions, outgoing messages, information requests"

TABLES = """
    ALTER TABLE procedure ADD COLUMN requested TEXT;
    CREATE TABLE information_request (
        id TEXT PRIMARY KEY NOT NULL,
        procedure TEXT NOT NULL,
        dossier TEXT NOT NULL,
        text TEXT NOT NULL,
        lang TEXT NOT NULL,
        asked_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        due_at BIGINT,
        answered_at BIGINT,
        answered_by TEXT,
        version BIGINT NOT NULL
    );
    CREATE TABLE submission (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        author TEXT NOT NULL,
        target TEXT NOT NULL,
        content TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        refs TEXT NOT NULL,
        envelope BIGINT NOT NULL,
        state TEXT NOT NULL,
        entered_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        revision BIGINT NOT NULL,
        version BIGINT NOT NULL,
        approval TEXT,
        reasons TEXT NOT NULL,
        outgoing TEXT,
        procedure TEXT
    );
    CREATE TABLE outgoing (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        subject TEXT NOT NULL,
        event TEXT NOT NULL,
        body TEXT NOT NULL,
        done_by TEXT NOT NULL,
        sandbox BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        due_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        attempts BIGINT NOT NULL,
        fence BIGINT NOT NULL,
        leased_until BIGINT,
        reason TEXT
    );
    CREATE TABLE mutation_done (
        user_id TEXT NOT NULL,
        key TEXT NOT NULL,
        subject TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (user_id, key)
    )
"""

INDEXES = """
    CREATE INDEX information_request_procedure ON information_request (procedure);
    CREATE INDEX information_request_dossier ON information_request (dossier) WHERE state = 'NEW';
    CREATE INDEX submission_company ON submission (company, updated_at, id);
    CREATE INDEX outgoing_due ON outgoing (source, due_at, id)
        WHERE state IN ('QUEUED', 'IN_DOUBT');
    CREATE INDEX outgoing_subject ON outgoing (subject)
"""


async def forwards() -> MigrationManager:
    """Create the tables, then their indexes."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        await run_statements(TABLES)
        await run_statements(INDEXES)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
