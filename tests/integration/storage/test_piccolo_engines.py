"""Piccolo's ORM on our engines: the same connections, transactions that end whatever fails."""

import asyncio
from typing import Any

import pytest
from piccolo.columns import BigInt, Integer, Text
from piccolo.engine.exceptions import TransactionError
from piccolo.table import Table

from portnet.storage.engines import (
    ConstraintViolated,
    Database,
    DatabaseUnavailable,
    TransactionNested,
    TransactionOver,
    query,
)

MANY = 13


class NoteTable(Table, tablename="note"):
    """Two columns of the kinds that our tables use."""

    key = Text(primary_key=True)
    amount = BigInt(default=0)
    version = Integer(default=1)


# Piccolo types its queries in part only.
Note: Any = NoteTable


class CallerFailed(Exception):
    pass


@pytest.fixture
async def engine(database: Database) -> Any:
    Note._meta.db = database.piccolo_engine
    await Note.create_table()
    return database.piccolo_engine


async def keys(database: Database) -> list[str]:
    rows = await database.read(query("SELECT key FROM note ORDER BY key"))
    return [row["key"] for row in rows]


async def test_the_orm_and_programs_see_each_other(database: Database, engine: Any) -> None:
    await Note.insert(Note(key="orm", amount=2**50))
    async with database.transaction() as transaction:
        await transaction.commit(
            query("INSERT INTO note (key, amount, version) VALUES ($1, $2, 1)", "program", 7)
        )
    assert await keys(database) == ["orm", "program"]
    rows = await Note.select().order_by(Note.key)
    assert rows == [
        {"key": "orm", "amount": 2**50, "version": 1},
        {"key": "program", "amount": 7, "version": 1},
    ]
    note = await Note.objects().get(Note.key == "program")
    assert note is not None
    note.amount = 8
    await note.save()
    assert await Note.count() == 2
    assert await Note.select(Note.amount).where(Note.key.is_in(["program"])).first() == {
        "amount": 8
    }
    await Note.delete().where(Note.key == "orm")
    assert await keys(database) == ["program"]


async def test_a_conflict_returns_nothing_or_the_updated_row(engine: Any) -> None:
    def insert(amount: int) -> Any:
        return Note.insert(Note(key="a", amount=amount))

    ignore = {"action": "DO NOTHING", "target": Note.key}
    assert await insert(1).on_conflict(**ignore).returning(Note.amount) == [{"amount": 1}]
    assert await insert(2).on_conflict(**ignore).returning(Note.amount) == []
    update = {"action": "DO UPDATE", "target": Note.key, "values": [Note.amount]}
    assert await insert(3).on_conflict(**update).returning(Note.amount) == [{"amount": 3}]


async def test_a_transaction_shows_its_own_rows_and_commits_them_together(
    database: Database, engine: Any
) -> None:
    async with engine.transaction():
        await Note.insert(Note(key="a"))
        async with engine.transaction():  # a nested one is part of the outer
            await Note.insert(Note(key="b"))
        assert await Note.count() == 2
        assert await keys(database) == []
    assert await keys(database) == ["a", "b"]
    with pytest.raises(TransactionError):
        async with engine.transaction():
            engine.transaction(allow_nested=False)


async def test_an_exception_rolls_a_transaction_back(database: Database, engine: Any) -> None:
    async def fail() -> None:
        async with engine.transaction():
            await Note.insert(Note(key="a"))
            raise CallerFailed

    async def fail_nested() -> None:
        async with engine.transaction(), engine.transaction():
            await Note.insert(Note(key="b"))
            raise CallerFailed

    with pytest.raises(CallerFailed):
        await fail()
    with pytest.raises(CallerFailed):
        await fail_nested()
    assert await keys(database) == []
    assert not engine.transaction_exists()


async def test_a_transaction_can_be_rolled_back_or_committed_by_hand(
    database: Database, engine: Any
) -> None:
    async with engine.transaction() as transaction:
        await Note.insert(Note(key="a"))
        await transaction.rollback()
    async with engine.transaction() as transaction:
        await Note.insert(Note(key="b"))
        await transaction.commit()
    assert await keys(database) == ["b"]


async def test_a_savepoint_survives_a_refused_row(database: Database, engine: Any) -> None:
    async with engine.transaction() as transaction:
        await Note.insert(Note(key="a"))
        savepoint = await transaction.savepoint()
        with pytest.raises(ConstraintViolated):
            await Note.insert(Note(key="a"))
        await savepoint.rollback_to()
        await Note.insert(Note(key="b"))
    assert await keys(database) == ["a", "b"]


async def test_a_refused_row_without_a_savepoint_ends_the_transaction(
    database: Database, engine: Any
) -> None:
    async def go_on_regardless() -> None:
        async with engine.transaction():
            await Note.insert(Note(key="a"))
            with pytest.raises(ConstraintViolated):
                await Note.insert(Note(key="a"))
            with pytest.raises(Exception, match=r"rolled back|aborted"):
                await Note.insert(Note(key="b"))

    with pytest.raises(TransactionOver):
        await go_on_regardless()
    assert await keys(database) == []


async def test_the_orm_never_writes_beside_an_open_transaction_of_its_task(
    database: Database, engine: Any
) -> None:
    async with database.transaction():
        with pytest.raises(TransactionNested):
            await Note.insert(Note(key="a"))
        with pytest.raises(TransactionNested):
            async with engine.transaction():
                pass
        assert await Note.count() == 0


async def test_batches_are_refused(engine: Any) -> None:
    with pytest.raises(RuntimeError, match="by key"):
        await Note.select().batch()


async def test_an_atomic_block_runs_all_or_nothing(database: Database, engine: Any) -> None:
    atomic = engine.atomic()
    atomic.add(Note.insert(Note(key="a")), Note.insert(Note(key="a")))
    with pytest.raises(ConstraintViolated):
        await atomic.run()
    atomic.add(Note.insert(Note(key="a")), Note.insert(Note(key="b")))
    await atomic.run()
    assert await keys(database) == ["a", "b"]


async def test_tables_are_made_and_dropped_within_transactions(
    database: Database, engine: Any
) -> None:
    async def drop_and_fail() -> None:
        async with engine.transaction():
            await Note.alter().drop_table()
            raise CallerFailed

    with pytest.raises(CallerFailed):
        await drop_and_fail()
    assert await Note.table_exists()
    await Note.alter().drop_table()
    assert not await Note.table_exists()


async def test_a_failed_commit_loses_no_connection(database: Database, engine: Any) -> None:
    await Note.raw(
        "CREATE TABLE child (id bigint PRIMARY KEY,"
        " note text NOT NULL REFERENCES note (key) DEFERRABLE INITIALLY DEFERRED)"
    )

    async def insert_an_orphan() -> None:
        async with engine.transaction():
            await Note.insert(Note(key="a"))
            await Note.raw("INSERT INTO child VALUES (1, 'missing')")

    for _ in range(MANY):
        with pytest.raises(ConstraintViolated):
            await insert_an_orphan()
    assert not engine.transaction_exists()

    async def insert(number: int) -> None:
        async with engine.transaction():
            await Note.insert(Note(key=f"{number}"))

    await asyncio.gather(*(insert(number) for number in range(MANY)))
    assert len(await keys(database)) == MANY


async def test_a_failed_begin_loses_no_connection(database: Database, engine: Any) -> None:
    await database.stop()

    async def insert() -> None:
        async with engine.transaction():
            await Note.insert(Note(key="a"))

    for _ in range(MANY):
        with pytest.raises(DatabaseUnavailable):
            await insert()
    assert not engine.transaction_exists()
    await database.start()
    await Note.insert(Note(key="b"))
    assert await keys(database) == ["b"]


async def test_a_cancelled_transaction_writes_nothing(database: Database, engine: Any) -> None:
    async def insert_slowly(steps: asyncio.Event) -> None:
        async with engine.transaction():
            await Note.insert(Note(key="a"))
            steps.set()
            await asyncio.Event().wait()

    for _ in range(MANY):
        inserted = asyncio.Event()
        task = asyncio.create_task(insert_slowly(inserted))
        await inserted.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await Note.insert(Note(key="b"))
    assert await keys(database) == ["b"]


async def test_orm_transactions_take_turns_with_programs(database: Database, engine: Any) -> None:
    async def through_the_orm(number: int) -> None:
        async with engine.transaction():
            await Note.update({Note.amount: Note.amount + number}).where(Note.key == "sum")

    async def through_a_program(number: int) -> None:
        async with database.transaction() as transaction:
            await transaction.commit(
                query("UPDATE note SET amount = amount + $1 WHERE key = 'sum'", number)
            )

    await Note.insert(Note(key="sum"))
    await asyncio.gather(
        *(through_the_orm(n) for n in range(20)), *(through_a_program(n) for n in range(20))
    )
    assert await Note.select(Note.amount).first() == {"amount": 2 * sum(range(20))}
