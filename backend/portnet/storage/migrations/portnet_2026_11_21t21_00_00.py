"""The first tables: files, feeds, alerts, accounts."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_statements

ID = "2026-11-21T21:00:00"
VERSION = "1.38.0"
DESCRIPTION = "The first tables"

TABLES = """
    CREATE TABLE company (
        id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        ice TEXT NOT NULL,
        sandbox BIGINT NOT NULL
    );
    CREATE TABLE user_account (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        login TEXT NOT NULL,
        name TEXT NOT NULL,
        roles TEXT NOT NULL,
        locale TEXT NOT NULL,
        phone TEXT,
        active BIGINT NOT NULL
    );
    CREATE TABLE credentials (
        user_id TEXT PRIMARY KEY NOT NULL,
        password_hash TEXT NOT NULL
    );
    CREATE TABLE user_session (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        opened_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        refreshed_at BIGINT NOT NULL,
        token_hash {bytes} NOT NULL,
        previous_hash {bytes},
        previous_until BIGINT,
        ended_at BIGINT,
        ended_because TEXT
    );
    CREATE TABLE device (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL,
        session TEXT NOT NULL,
        channel TEXT NOT NULL,
        kind TEXT NOT NULL,
        address TEXT NOT NULL,
        label TEXT NOT NULL,
        locale TEXT NOT NULL,
        registered_at BIGINT NOT NULL,
        last_seen_at BIGINT NOT NULL,
        dead_at BIGINT
    );
    CREATE TABLE mandate (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        broker TEXT NOT NULL,
        starts_at BIGINT NOT NULL,
        ends_at BIGINT,
        revoked_at BIGINT
    );
    CREATE TABLE agency_key (
        id TEXT PRIMARY KEY NOT NULL,
        source TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        secret TEXT NOT NULL,
        sandbox BIGINT NOT NULL,
        active_from BIGINT NOT NULL,
        active_until BIGINT
    );
    CREATE TABLE agency_inbox (
        receipt TEXT PRIMARY KEY NOT NULL,
        source TEXT NOT NULL,
        event_id TEXT NOT NULL,
        body {bytes} NOT NULL,
        body_hash {bytes} NOT NULL,
        key TEXT NOT NULL,
        sandbox BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        settled_at BIGINT
    );
    CREATE TABLE inbox_wait (
        ref_key TEXT NOT NULL,
        receipt TEXT NOT NULL,
        PRIMARY KEY (ref_key, receipt)
    );
    CREATE TABLE anomaly (
        id TEXT PRIMARY KEY NOT NULL,
        receipt TEXT NOT NULL,
        source TEXT NOT NULL,
        reason TEXT NOT NULL,
        state TEXT NOT NULL,
        detail TEXT NOT NULL,
        received_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        dossier TEXT,
        parked_until BIGINT
    );
    CREATE TABLE dossier (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        broker TEXT,
        reference TEXT NOT NULL,
        title TEXT,
        direction TEXT NOT NULL,
        phase TEXT NOT NULL,
        status TEXT NOT NULL,
        urgency BIGINT NOT NULL,
        perishable BIGINT NOT NULL,
        what_now TEXT NOT NULL,
        sandbox BIGINT NOT NULL,
        opened_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        version BIGINT NOT NULL
    );
    CREATE TABLE procedure (
        id TEXT PRIMARY KEY NOT NULL,
        dossier TEXT NOT NULL,
        code TEXT NOT NULL,
        definition BIGINT NOT NULL,
        identity TEXT NOT NULL,
        state TEXT NOT NULL,
        previous TEXT,
        entered_at BIGINT NOT NULL,
        opened_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        due_at BIGINT,
        reasons TEXT NOT NULL,
        place TEXT,
        version BIGINT NOT NULL
    );
    CREATE TABLE entry (
        id TEXT PRIMARY KEY NOT NULL,
        procedure TEXT NOT NULL,
        dossier TEXT NOT NULL,
        receipt TEXT NOT NULL,
        occurred_at BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        kind TEXT NOT NULL,
        from_state TEXT,
        to_state TEXT,
        refusal TEXT,
        alert TEXT,
        alerted BIGINT NOT NULL,
        message TEXT NOT NULL
    );
    CREATE TABLE reference (
        ref_key TEXT NOT NULL,
        procedure TEXT NOT NULL,
        dossier TEXT NOT NULL,
        scheme TEXT NOT NULL,
        value TEXT NOT NULL,
        revision BIGINT,
        PRIMARY KEY (ref_key, procedure)
    );
    CREATE TABLE event (
        id TEXT PRIMARY KEY NOT NULL,
        at BIGINT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        procedure TEXT,
        entry TEXT,
        payload TEXT NOT NULL
    );
    CREATE TABLE feed (
        audience TEXT NOT NULL,
        seq BIGINT NOT NULL,
        event TEXT NOT NULL,
        PRIMARY KEY (audience, seq)
    );
    CREATE TABLE feed_head (
        audience TEXT PRIMARY KEY NOT NULL,
        seq BIGINT NOT NULL,
        floor BIGINT NOT NULL
    );
    CREATE TABLE audit (
        company TEXT NOT NULL,
        seq BIGINT NOT NULL,
        at BIGINT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        hash {bytes} NOT NULL,
        PRIMARY KEY (company, seq)
    );
    CREATE TABLE alert (
        id TEXT PRIMARY KEY NOT NULL,
        chain TEXT NOT NULL,
        user_id TEXT NOT NULL,
        dossier TEXT NOT NULL,
        procedure TEXT NOT NULL,
        entry TEXT NOT NULL,
        kind TEXT NOT NULL,
        level BIGINT NOT NULL,
        facts TEXT NOT NULL,
        collapse_key TEXT NOT NULL,
        raised_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        seen_at BIGINT,
        acknowledged_by TEXT,
        acknowledged_at BIGINT,
        version BIGINT NOT NULL
    );
    CREATE TABLE delivery (
        id TEXT PRIMARY KEY NOT NULL,
        alert TEXT NOT NULL,
        user_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        address TEXT NOT NULL,
        label TEXT NOT NULL,
        locale TEXT NOT NULL,
        due_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        device TEXT,
        attempts BIGINT NOT NULL,
        fence BIGINT NOT NULL,
        leased_until BIGINT,
        provider_reference TEXT,
        reason TEXT
    );
    CREATE TABLE attempt (
        id TEXT PRIMARY KEY NOT NULL,
        delivery TEXT NOT NULL,
        number BIGINT NOT NULL,
        at BIGINT NOT NULL,
        outcome TEXT NOT NULL,
        detail TEXT
    );
    CREATE TABLE installation (
        key TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    )
"""

INDEXES = """
    CREATE UNIQUE INDEX company_ice ON company (ice);
    CREATE UNIQUE INDEX user_account_login ON user_account (login);
    CREATE INDEX user_account_company ON user_account (company);
    CREATE INDEX user_session_user ON user_session (user_id);
    CREATE INDEX device_user ON device (user_id);
    CREATE INDEX device_session ON device (session);
    CREATE UNIQUE INDEX device_address ON device (address, user_id);
    CREATE INDEX mandate_company ON mandate (company, broker);
    CREATE INDEX agency_key_source ON agency_key (source);
    CREATE UNIQUE INDEX agency_inbox_event ON agency_inbox (source, event_id);
    CREATE INDEX agency_inbox_heard ON agency_inbox (source, received_at);
    CREATE INDEX agency_inbox_new ON agency_inbox (receipt) WHERE state = 'NEW';
    CREATE INDEX inbox_wait_receipt ON inbox_wait (receipt);
    CREATE INDEX anomaly_receipt ON anomaly (receipt);
    CREATE INDEX anomaly_state ON anomaly (state, id);
    CREATE INDEX dossier_company_urgency ON dossier (company, urgency, updated_at, id);
    CREATE INDEX dossier_company_updated ON dossier (company, updated_at, id);
    CREATE INDEX dossier_broker_urgency ON dossier (broker, urgency, updated_at, id);
    CREATE INDEX dossier_broker_updated ON dossier (broker, updated_at, id);
    CREATE INDEX procedure_dossier ON procedure (dossier);
    CREATE INDEX entry_procedure ON entry (procedure);
    CREATE INDEX entry_dossier ON entry (dossier, occurred_at, id);
    CREATE INDEX reference_dossier ON reference (dossier);
    CREATE INDEX alert_user ON alert (user_id, raised_at, id);
    CREATE INDEX alert_chain ON alert (chain);
    CREATE INDEX alert_dossier ON alert (dossier);
    CREATE INDEX delivery_due ON delivery (channel, due_at, id) WHERE state = 'QUEUED';
    CREATE INDEX delivery_alert ON delivery (alert);
    CREATE INDEX attempt_delivery ON attempt (delivery)
"""


async def forwards() -> MigrationManager:
    """Create every table, then every index."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        await run_statements(TABLES)
        await run_statements(INDEXES)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
