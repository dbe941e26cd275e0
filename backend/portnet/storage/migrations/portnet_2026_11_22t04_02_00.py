"""Companies' subscriptions and invitations; what a mandate is for, and since when a file names its broker."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T04:02:00"
VERSION = "1.38.0"
DESCRIPTION = "Subscriptions, invitations, the scope of mandates"

STATEMENTS = """
    ALTER TABLE company ADD COLUMN subscription TEXT;
    ALTER TABLE mandate ADD COLUMN kinds TEXT;
    ALTER TABLE dossier ADD COLUMN broker_since BIGINT;
    CREATE TABLE invitation (
        user_id TEXT PRIMARY KEY NOT NULL,
        number BIGINT NOT NULL,
        code_hash {bytes} NOT NULL,
        made_by TEXT NOT NULL,
        made_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT
    );
    UPDATE dossier SET broker_since = COALESCE(
        (SELECT MIN(e.at) FROM event e WHERE e.subject = dossier.id AND e.kind = 'broker_named'),
        opened_at) WHERE broker IS NOT NULL;
    UPDATE company SET subscription = (SELECT p.id FROM procedure p JOIN dossier d ON d.id = p.dossier
        WHERE d.company = company.id AND p.code = 'SUBSCRIPTION' ORDER BY p.opened_at DESC, p.id DESC LIMIT 1)
"""


async def forwards() -> MigrationManager:
    """Add what is new, and fill it in for what was there before."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        await run_statements(STATEMENTS)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
