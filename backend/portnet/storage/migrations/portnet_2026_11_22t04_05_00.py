"""Approvals, the companies' matrices, delegations, and what everybody has seen."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T04:05:00"
VERSION = "1.38.0"
DESCRIPTION = "Approvals, matrices, delegations"

SCRIPT = """
    CREATE TABLE approval (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        content_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        content TEXT NOT NULL,
        role TEXT NOT NULL,
        author TEXT NOT NULL,
        requested_by TEXT NOT NULL,
        requested_at BIGINT NOT NULL,
        deadline BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        standing_state TEXT,
        standing_entered_at BIGINT,
        decided_by TEXT,
        decided_at BIGINT,
        on_behalf_of TEXT,
        self_approved BIGINT NOT NULL,
        reason TEXT,
        version BIGINT NOT NULL
    );
    CREATE TABLE approval_matrix (
        company TEXT PRIMARY KEY NOT NULL,
        rules TEXT NOT NULL
    );
    CREATE TABLE delegation (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        giver TEXT NOT NULL,
        holder TEXT NOT NULL,
        starts_at BIGINT NOT NULL,
        ends_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        kinds TEXT,
        amount_limit TEXT,
        revoked_at BIGINT
    );
    CREATE TABLE approval_seen (
        user_id TEXT NOT NULL,
        subject TEXT NOT NULL,
        content TEXT NOT NULL,
        at BIGINT NOT NULL,
        before TEXT,
        PRIMARY KEY (user_id, subject)
    );
    CREATE INDEX approval_pending ON approval (company, deadline, id) WHERE state = 'PENDING';
    CREATE INDEX approval_act_pending ON approval (subject)
        WHERE state = 'PENDING' AND standing_state IS NOT NULL;
    CREATE INDEX approval_subject ON approval (subject, requested_at, id);
    CREATE INDEX approval_content ON approval (content_id);
    CREATE INDEX delegation_company ON delegation (company) WHERE revoked_at IS NULL
"""


async def forwards() -> MigrationManager:
    """Create four tables."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        await run_statements(SCRIPT)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
