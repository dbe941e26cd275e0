"""Payments: amounts and obligations, orders, our own questions; and the audit trail by subject, and in whose stead."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-22T04:06:00"
VERSION = "1.38.0"
DESCRIPTION = "Payments, and the audit trail by subject"

STATEMENTS = """
    ALTER TABLE audit ADD COLUMN on_behalf_of TEXT;
    CREATE INDEX audit_subject ON audit (company, substr(subject, 1, 26), seq);
    ALTER TABLE procedure ADD COLUMN amounts TEXT;
    ALTER TABLE procedure ADD COLUMN obligation TEXT;
    ALTER TABLE information_request ADD COLUMN kind TEXT;
    ALTER TABLE information_request ADD COLUMN answer TEXT;
    CREATE TABLE payment_order (
        procedure TEXT PRIMARY KEY NOT NULL,
        key TEXT NOT NULL,
        sandbox BIGINT NOT NULL,
        ordered_by TEXT NOT NULL,
        ordered_at BIGINT NOT NULL,
        provider_reference TEXT,
        checks BIGINT NOT NULL,
        next_check_at BIGINT
    );
    CREATE INDEX payment_order_due ON payment_order (next_check_at) WHERE next_check_at IS NOT NULL
"""


async def forwards() -> MigrationManager:
    """Add columns, table and indexes. Lines of the trail that stand keep their hash: they have no new part."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def change() -> None:
        await run_statements(STATEMENTS)

    manager.add_raw(change)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
