"""The tariff with its words, and the papers that people send."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portnet.storage.migrations.statements import run_on, run_statements

ID = "2026-11-22T04:04:00"
VERSION = "1.38.0"
DESCRIPTION = "Tariff search, documents"

SCRIPT = """
    CREATE TABLE tariff_edition (
        edition BIGINT PRIMARY KEY NOT NULL,
        in_force BIGINT NOT NULL,
        shipped TEXT,
        loaded_at BIGINT NOT NULL,
        loaded_by TEXT NOT NULL
    );
    CREATE TABLE tariff_line (
        id BIGINT PRIMARY KEY NOT NULL,
        code TEXT NOT NULL,
        fr TEXT NOT NULL,
        ar TEXT NOT NULL,
        en TEXT NOT NULL,
        source TEXT NOT NULL,
        verified BIGINT NOT NULL,
        shipped BIGINT NOT NULL,
        words TEXT NOT NULL
    );
    CREATE TABLE document (
        id TEXT PRIMARY KEY NOT NULL,
        company TEXT NOT NULL,
        subject_kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        dossier TEXT,
        procedure TEXT,
        kind TEXT NOT NULL,
        number TEXT,
        media_type TEXT NOT NULL,
        bytes BIGINT NOT NULL,
        sha256 TEXT NOT NULL,
        state TEXT NOT NULL,
        scan TEXT,
        sent_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        stored_at BIGINT
    );
    CREATE INDEX document_subject ON document (subject, id);
    CREATE INDEX document_procedure ON document (procedure, id) WHERE procedure IS NOT NULL;
    CREATE INDEX document_company ON document (company, state);
    CREATE INDEX document_open ON document (expires_at) WHERE state = 'OPEN';
    CREATE INDEX document_content ON document (sha256)
"""
# Words come folded: neither engine may fold, stem or part them in its own way. The triggers keep the index as the table
# is; PostgreSQL's index is of the column itself.
SQLITE = (
    "CREATE VIRTUAL TABLE tariff_words USING fts5(words, content='tariff_line', content_rowid='id',"
    " detail=none, prefix='1 2 3 4', tokenize=\"unicode61 remove_diacritics 0 tokenchars '^'\")",
    "CREATE TRIGGER tariff_line_added AFTER INSERT ON tariff_line BEGIN"
    " INSERT INTO tariff_words (rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER tariff_line_gone AFTER DELETE ON tariff_line BEGIN"
    " INSERT INTO tariff_words (tariff_words, rowid, words) VALUES ('delete', old.id, old.words); END",
)
POSTGRES = (
    "CREATE INDEX tariff_words ON tariff_line"
    " USING gin (array_to_tsvector(string_to_array(words, ' ')))"
)


async def forwards() -> MigrationManager:
    """Create three tables, and the index of the tariff's words."""
    manager = MigrationManager(migration_id=ID, app_name="portnet", description=DESCRIPTION)

    async def create() -> None:
        await run_statements(SCRIPT)
        await run_on("sqlite", *SQLITE)
        await run_on("postgres", POSTGRES)

    manager.add_raw(create)  # pyright: ignore[reportUnknownMemberType]  # takes any callable
    return manager
