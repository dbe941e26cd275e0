"""Migrations from zero: the same tables on both engines, as `tables` says, whoever else migrates at once."""

import asyncio
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from piccolo.columns import BigInt, Bytea, Text

from portnet.storage.engines import Database, EngineName, Row, open_database, query
from portnet.storage.migrate import migrate
from portnet.storage.tables import TABLES
from tests.support.databases import Databases

ROOT = Path(__file__).parents[3]
#: Piccolo's own record of what ran.
RECORD = "migration"
MIGRATORS = 4
MIGRATE = """
import asyncio, sys
from portnet.storage.engines import open_database
from portnet.storage.migrate import migrate

async def main(url):
    database = open_database(url)
    await database.start()
    print("ready", flush=True)
    sys.stdin.readline()
    print(*await migrate(database))
    await database.stop()

asyncio.run(main(sys.argv[1]))
"""


class Column(NamedTuple):
    """``type`` is text, integer or bytes."""

    table: str
    name: str
    type: str
    nullable: bool


class Index(NamedTuple):
    table: str
    name: str
    unique: bool
    columns: tuple[str, ...]
    partial: bool


class Described(NamedTuple):
    columns: list[Column]
    keys: dict[str, tuple[str, ...]]
    indexes: list[Index]


TYPES = {
    "TEXT": "text",
    "text": "text",
    "BIGINT": "integer",
    "bigint": "integer",
    "BLOB": "bytes",
    "bytea": "bytes",
}


async def select(database: Database, sql: str, *args: Any) -> list[Row]:
    return await database.read(query(sql, *args))


async def described(database: Database) -> Described:
    if database.dialect.name == "sqlite":
        return await _described_by_sqlite(database)
    return await _described_by_postgres(database)


async def _described_by_sqlite(database: Database) -> Described:
    columns = await select(
        database,
        'SELECT m.name AS tab, c.name, c.type, c."notnull" AS required, c.pk FROM sqlite_master m'
        " JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        # The engine's own tables of its full text index, which PostgreSQL keeps as an index.
        " AND m.name NOT LIKE 'tariff_words%' AND m.name <> $1 ORDER BY m.name, c.cid",
        RECORD,
    )
    indexes = await select(
        database,
        'SELECT m.name AS tab, i.name, i."unique" AS uniq, i.partial, x.name AS col'
        " FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) x"
        " WHERE m.type = 'table' AND i.origin = 'c' ORDER BY i.name, x.seqno",
    )
    keys = sorted((r for r in columns if r["pk"]), key=lambda r: (r["tab"], r["pk"]))
    return Described(
        columns=[Column(r["tab"], r["name"], TYPES[r["type"]], not r["required"]) for r in columns],
        keys=_grouped(keys, "name"),
        indexes=_indexes(indexes),
    )


async def _described_by_postgres(database: Database) -> Described:
    columns = await select(
        database,
        "SELECT table_name AS tab, column_name AS name, data_type AS type,"
        " is_nullable = 'YES' AS nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name <> $1"
        ' ORDER BY table_name COLLATE "C", ordinal_position',
        RECORD,
    )
    indexes = await select(
        database,
        "SELECT t.relname AS tab, i.relname AS name, x.indisunique AS uniq, x.indisprimary AS key,"
        " x.indpred IS NOT NULL AS partial, a.attname AS col FROM pg_index x"
        " JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid"
        " JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'"
        " CROSS JOIN LATERAL unnest(x.indkey::int[]) WITH ORDINALITY AS k(attnum, place)"
        # An expression is no column, on either engine.
        " LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum"
        # SQLite's full text index is tables, and not looked at either.
        " WHERE t.relname <> $1 AND i.relname <> 'tariff_words' ORDER BY i.relname, k.place",
        RECORD,
    )
    return Described(
        columns=[Column(r["tab"], r["name"], TYPES[r["type"]], r["nullable"]) for r in columns],
        keys=_grouped([r for r in indexes if r["key"]], "col"),
        indexes=_indexes([r for r in indexes if not r["key"]]),
    )


def _grouped(rows: list[Row], column: str) -> dict[str, tuple[str, ...]]:
    tables = {str(row["tab"]) for row in rows}
    return {t: tuple(row[column] for row in rows if row["tab"] == t) for t in tables}


def _indexes(rows: list[Row]) -> list[Index]:
    heads = {str(row["name"]): row for row in rows}
    return sorted(
        Index(
            head["tab"],
            name,
            bool(head["uniq"]),
            tuple(row["col"] for row in rows if row["name"] == name),
            bool(head["partial"]),
        )
        for name, head in heads.items()
    )


async def test_both_engines_get_the_same_tables_columns_nullability_keys_and_indexes(
    empty_databases: Databases,
) -> None:
    found: list[Described] = []
    engines: tuple[EngineName, ...] = ("sqlite", "postgres")
    for engine in engines:
        url = await empty_databases.fresh_database(engine)
        database = open_database(url)
        await database.start()
        await migrate(database)
        found.append(await described(database))
        await database.stop()
        await empty_databases.drop(url)
    assert found[0].columns == found[1].columns
    assert found[0].keys == found[1].keys
    assert found[0].indexes == found[1].indexes
    assert len(found[0].indexes) > 20


async def test_the_tables_are_as_the_code_believes(migrated: Database) -> None:
    """`rows` writes rows in the order of `tables`: a column out of place would go unnoticed."""
    types: dict[type[Any], str] = {Text: "text", BigInt: "integer", Bytea: "bytes"}
    believed = [
        Column(
            table._meta.tablename,  # pyright: ignore[reportPrivateUsage]  # Piccolo's documented name
            column._meta.db_column_name,  # pyright: ignore[reportPrivateUsage]  # as above
            types[type(column)],
            column._meta.params["null"],  # pyright: ignore[reportPrivateUsage]  # as above
        )
        for table in sorted(TABLES, key=lambda t: str(t._meta.tablename))  # pyright: ignore[reportPrivateUsage]  # as above
        for column in table._meta.columns  # pyright: ignore[reportPrivateUsage]  # as above
    ]
    assert (await described(migrated)).columns == believed


async def test_every_table_has_a_key_and_no_key_may_be_null(migrated: Database) -> None:
    found = await described(migrated)
    nullable = {(c.table, c.name) for c in found.columns if c.nullable}
    assert set(found.keys) == {column.table for column in found.columns}
    assert not {(t, c) for t, columns in found.keys.items() for c in columns} & nullable


async def test_to_migrate_again_changes_nothing(database: Database) -> None:
    first = await migrate(database)
    before = await described(database)
    generation = await select(database, "SELECT value FROM installation")
    assert await migrate(database) == first
    assert await described(database) == before
    again = await select(database, "SELECT value FROM installation")
    assert [row["value"] for row in again] == [row["value"] for row in generation]
    assert len(first) >= 1


async def test_of_several_who_migrate_at_once_one_does_and_all_find_it_done(
    database_url: str, database: Database
) -> None:
    migrators = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            MIGRATE,
            database_url,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(MIGRATORS)
    ]
    for migrator in migrators:
        assert migrator.stdout is not None
        assert await migrator.stdout.readline() == b"ready\n"
    said = [out for out, _ in await asyncio.gather(*(m.communicate(b"go\n") for m in migrators))]
    assert [migrator.returncode for migrator in migrators] == [0] * MIGRATORS
    assert len(set(said)) == 1
    ran = await select(database, f"SELECT name FROM {RECORD} ORDER BY name")
    assert said[0].decode().split() == [row["name"] for row in ran]
    assert len(await select(database, "SELECT value FROM installation")) == 1
    assert {c.table for c in (await described(database)).columns} == {
        str(table._meta.tablename)  # pyright: ignore[reportPrivateUsage]  # Piccolo's documented name
        for table in TABLES
    }


async def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    """The whole of it is one transaction: a table in its way is met, and those before it are gone again."""
    async with database.transaction() as transaction:
        await transaction.commit(query("CREATE TABLE installation (x TEXT)"))
    with pytest.raises(Exception, match=r"(?i)exists|did not run"):
        await migrate(database)
    tables = {column.table for column in (await described(database)).columns}
    assert tables == {"installation"}
