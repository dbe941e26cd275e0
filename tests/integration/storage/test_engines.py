"""Both engines keep the same promises: what is committed is seen, what is not never happened."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from portnet.storage.engines import (
    Batch,
    ConstraintViolated,
    Database,
    DatabaseUnavailable,
    Program,
    Row,
    Statement,
    Together,
    TransactionNested,
    TransactionOver,
    gather,
    nothing,
    open_database,
    query,
)

TABLES = (
    "CREATE TABLE entry (id bigint PRIMARY KEY, note text, body bytea)",
    "CREATE TABLE child (id bigint PRIMARY KEY,"
    " entry bigint NOT NULL REFERENCES entry (id) DEFERRABLE INITIALLY DEFERRED)",
)
only_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("engine_name", ["postgres"], indirect=True)


class CallerFailed(Exception):
    pass


def script(statements: Sequence[str]) -> Program[None]:
    for sql in statements:
        yield Statement(sql)


def add(*ids: int, note: str = "") -> Program[None]:
    yield Batch("INSERT INTO entry (id, note) VALUES ($1, $2)", [(id_, note) for id_ in ids])


def ids() -> Program[list[int]]:
    rows = yield Statement("SELECT id FROM entry ORDER BY id")
    return [row["id"] for row in rows]


async def commit(database: Database, program: Program[Any]) -> Any:
    async with database.transaction() as transaction:
        return await transaction.commit(program)


@pytest.fixture(autouse=True)
async def tables(database: Database) -> None:
    await commit(database, script(TABLES))


async def test_what_was_committed_is_seen_by_every_reader(database: Database) -> None:
    await commit(database, add(1, note="0"))
    for number in range(1, 101):
        await commit(database, query("UPDATE entry SET note = $1", str(number)))
        rows = await asyncio.gather(
            *(database.read(query("SELECT note FROM entry")) for _ in range(6))
        )
        assert {row[0]["note"] for row in rows} == {str(number)}


async def test_a_read_between_two_commits_never_pins_an_old_snapshot(database: Database) -> None:
    # With a fetch apart from its execute, one half-read cursor kept all readers in the past.
    await commit(database, add(*range(2_000)))
    seen: list[int] = []

    async def keep_reading(stop: asyncio.Event) -> None:
        while not stop.is_set():
            await database.read(ids())

    stop = asyncio.Event()
    readers = [asyncio.create_task(keep_reading(stop)) for _ in range(3)]
    for number in range(2_000, 2_030):
        await commit(database, add(number))
        seen.append((await database.read(ids()))[-1] - number)
    stop.set()
    await asyncio.gather(*readers)
    assert set(seen) == {0}


async def test_a_snapshot_shows_one_moment_to_all_its_statements(database: Database) -> None:
    def count_twice() -> Program[tuple[int, int]]:
        counts = "SELECT count(*) AS n FROM entry"
        return (yield Statement(counts))[0]["n"], (yield Statement(counts))[0]["n"]

    async def write() -> None:
        for number in range(60):
            await commit(database, add(number))

    writer = asyncio.create_task(write())
    while not writer.done():
        before, after = await database.read(count_twice(), snapshot=True)
        assert before == after
    await writer


async def test_a_program_in_a_transaction_sees_what_the_transaction_wrote(
    database: Database,
) -> None:
    async with database.transaction() as transaction:
        await transaction.run(add(1))
        assert await transaction.run(ids()) == [1]
        assert await database.read(ids()) == []
        await transaction.commit()
    assert await database.read(ids()) == [1]


async def test_leaving_without_a_commit_writes_nothing(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run(add(1))
    assert await database.read(ids()) == []
    await commit(database, add(1))


async def test_an_exception_in_the_block_writes_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as transaction:
            await transaction.run(add(1))
            raise CallerFailed

    with pytest.raises(CallerFailed):
        await fail()
    assert await database.read(ids()) == []
    await commit(database, add(1))


async def test_an_exception_in_a_program_writes_nothing(database: Database) -> None:
    def add_and_fail() -> Program[None]:
        yield from add(1)
        raise CallerFailed

    async with database.transaction() as transaction:
        with pytest.raises(CallerFailed):
            await transaction.commit(add_and_fail())
        with pytest.raises(TransactionOver):
            await transaction.run(add(2))
    assert await database.read(ids()) == []


async def test_after_a_refused_statement_nothing_can_be_committed(database: Database) -> None:
    await commit(database, add(1))
    async with database.transaction() as transaction:
        await transaction.run(add(2))
        with pytest.raises(ConstraintViolated):
            await transaction.run(add(1))
        with pytest.raises(TransactionOver):
            await transaction.commit()
    assert await database.read(ids()) == [1]


async def test_a_transaction_is_refused_after_its_commit_and_after_its_block(
    database: Database,
) -> None:
    async with database.transaction() as transaction:
        await transaction.commit(add(1))
        with pytest.raises(TransactionOver):
            await transaction.run(add(2))
    async with database.transaction() as late:
        pass
    with pytest.raises(TransactionOver):
        await late.run(add(3))
    assert await database.read(ids()) == [1]


async def test_an_empty_transaction_commits(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.commit()
    await commit(database, nothing())


async def test_a_task_cannot_wait_for_itself(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run(add(1))
        with pytest.raises(TransactionNested):
            await commit(database, add(2))
        await transaction.commit()
    assert await database.read(ids()) == [1]


@only_sqlite
async def test_writers_have_their_turns_in_the_order_they_came(database: Database) -> None:
    order: list[int] = []

    async def take_turn(number: int) -> None:
        async with database.transaction() as transaction:
            order.append(number)
            await transaction.commit(add(number))

    async with database.transaction() as first:
        tasks: list[asyncio.Task[None]] = []
        for number in range(20):
            tasks.append(asyncio.create_task(take_turn(number)))
            await asyncio.sleep(0)
        await first.commit()
    await asyncio.gather(*tasks)
    assert order == list(range(20))


async def test_values_are_the_same_on_both_engines(database: Database) -> None:
    text = "Déclaration · التصريح"
    await commit(
        database,
        query("INSERT INTO entry (id, note, body) VALUES ($1, $2, $3)", 2**62, text, b"\x00\xff"),
    )
    await commit(database, query("INSERT INTO entry (id) VALUES ($1)", True))
    rows = await database.read(query("SELECT id, note, body FROM entry ORDER BY id"))
    assert [(row["id"], row[1], row["body"]) for row in rows] == [
        (1, None, None),
        (2**62, text, b"\x00\xff"),
    ]
    assert [[type(row[column]) for column in range(3)] for row in rows] == [
        [int, type(None), type(None)],
        [int, str, bytes],
    ]


async def test_returning_gives_rows_and_a_conflict_gives_none(database: Database) -> None:
    sql = "INSERT INTO entry (id) VALUES ($1) ON CONFLICT (id) DO NOTHING RETURNING id"
    rows: list[list[Row]] = [await commit(database, query(sql, 1)) for _ in range(2)]
    assert [len(answer) for answer in rows] == [1, 0]


async def test_writes_that_are_sent_together_are_all_done(database: Database) -> None:
    def write() -> Program[None]:
        yield Together(
            [
                Batch("INSERT INTO entry (id, note) VALUES ($1, $2)", [(1, "a'$9")]),
                Batch("INSERT INTO entry (id, note) VALUES ($1, $2)", [(2, "b"), (3, "c")]),
                Batch("INSERT INTO entry (id, note) VALUES ($1, $2)", []),
                Statement("INSERT INTO entry (note, id) VALUES ($2, $1)", (4, "d")),
            ]
        )
        yield Together(
            [
                Statement("UPDATE entry SET note = $1 || '$1' WHERE id = $2", ("e", 1)),
                Statement("DELETE FROM entry WHERE id = $1", (2,)),
            ]
        )

    await commit(database, write())
    rows = await database.read(query("SELECT id, note FROM entry WHERE id < 9 ORDER BY id"))
    assert [(row["id"], row["note"]) for row in rows] == [(1, "e$1"), (3, "c"), (4, "d")]


async def test_many_rows_together_are_written_as_one_after_the_other_would_be(
    database: Database,
) -> None:
    upsert = (
        "INSERT INTO entry (id, note, body) VALUES ($1, $2, $3)"
        " ON CONFLICT (id) DO UPDATE SET note = excluded.note, body = excluded.body"
    )
    rows = [
        (1, "first", b"\x00\xff"),
        (2, 'é"التصريح\\', None),
        (1, "again", b""),
        (3, None, b"\\x"),
    ]

    def write() -> Program[None]:
        yield Together([Batch(upsert, rows)])

    await commit(database, write())
    found = await database.read(query("SELECT id, note, body FROM entry ORDER BY id"))
    assert [tuple(row[i] for i in range(3)) for row in found] == [rows[2], rows[1], rows[3]]


async def test_selects_that_are_gathered_answer_each_for_itself(database: Database) -> None:
    def write() -> Program[None]:
        yield Batch("INSERT INTO entry (id, note) VALUES ($1, $2)", [(2**62, "é"), (7, None)])

    def read() -> Program[list[list[Row]]]:
        return (
            yield from gather(
                Statement("SELECT id, note FROM entry ORDER BY id"),
                Statement("SELECT id FROM entry WHERE id = $1", (8,)),
                Statement("SELECT note FROM entry WHERE id > $1 AND note = '$1' || $2", (1, "")),
                Statement("SELECT note FROM entry WHERE note = $2 AND id > $1", (1, "é")),
            )
        )

    await commit(database, write())
    every, none, literal, last = await database.read(read())
    assert [(row["id"], row["note"]) for row in every] == [(7, None), (2**62, "é")]
    assert (none, literal) == ([], [])
    assert [row["note"] for row in last] == ["é"]


async def test_a_whole_transaction_lets_the_next_one_queue_up_behind_it(database: Database) -> None:
    """However the first one ends: done, failed, or given up before it was its turn."""

    def insert(number: int) -> Program[list[Row]]:
        return query("INSERT INTO entry (id) VALUES ($1)", number)

    async with database.transaction() as slow:
        await slow.run(insert(1))
        first = [asyncio.create_task(commit(database, insert(number))) for number in (2, 2, 3, 4)]
        await asyncio.sleep(0)
        first[2].cancel()
        await slow.commit()
    ends = await asyncio.gather(*first, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends[:2]) == ["ConstraintViolated", "list"]
    assert [type(end) for end in ends[2:]] == [asyncio.CancelledError, list]
    found = await database.read(query("SELECT id FROM entry ORDER BY id"))
    assert [row["id"] for row in found] == [1, 2, 4]


async def test_writes_that_are_sent_together_are_undone_together(database: Database) -> None:
    def write() -> Program[None]:
        add_one = Statement("INSERT INTO entry (id) VALUES ($1)", (1,))
        yield Together([add_one, Statement("INSERT INTO entry (id) VALUES ($1)", (1,))])

    with pytest.raises(ConstraintViolated):
        await commit(database, write())
    assert not await database.read(query("SELECT id FROM entry WHERE id = 1"))


async def test_any_of_finds_the_same_rows_on_both_engines(database: Database) -> None:
    notes = ["a", "b'", 'c"', "é,[]", ""]

    def add_notes() -> Program[None]:
        yield Batch("INSERT INTO entry (id, note) VALUES ($1, $2)", list(enumerate(notes)))

    await commit(database, add_notes())
    dialect = database.dialect
    sql = f"SELECT id FROM entry WHERE id >= $1 AND {dialect.any_of('note', '$2')} ORDER BY id"
    for wanted, found in (
        (notes, [0, 1, 2, 3, 4]),
        (["b'", "é,[]", "z"], [1, 3]),
        (["a", "a"], [0]),
        ([], []),
    ):
        rows = await database.read(query(sql, 0, dialect.array(wanted)))
        assert [row["id"] for row in rows] == found


async def test_skip_locked_hands_each_row_to_one_claimant(database: Database) -> None:
    await commit(database, add(*range(40)))
    claim = (
        "DELETE FROM entry WHERE id IN"
        f" (SELECT id FROM entry ORDER BY id LIMIT 5{database.dialect.skip_locked}) RETURNING id"
    )
    answers = await asyncio.gather(*(commit(database, query(claim)) for _ in range(8)))
    assert sorted(row["id"] for rows in answers for row in rows) == list(range(40))


async def test_a_held_reference_excludes_every_other_holder(database: Database) -> None:
    inside = 0
    most = 0

    async def hold(references: list[str]) -> None:
        nonlocal inside, most
        async with database.transaction() as transaction:
            await transaction.run(database.dialect.lock_references(references))
            inside += 1
            most = max(most, inside)
            await transaction.run(ids())
            inside -= 1
            await transaction.commit()

    # "shared" in both orders among others: sorted locks cannot deadlock.
    await asyncio.gather(*(hold([f"{n}", "shared", f"{9 - n}"]) for n in range(10)))
    assert most == 1


@only_postgres
async def test_other_references_do_not_wait(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run(database.dialect.lock_references(["one", "two"]))

        async def hold_another() -> None:
            async with database.transaction() as other:
                await other.run(database.dialect.lock_references(["three"]))

        await asyncio.create_task(hold_another())


async def test_a_snapshot_cannot_be_written_to(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-only|readonly"):
        await database.read(add(1), snapshot=True)
    assert await database.read(ids()) == []


async def test_a_stopped_database_says_so_and_starts_again(
    database: Database, database_url: str
) -> None:
    await database.stop()
    with pytest.raises(DatabaseUnavailable):
        await database.read(ids())
    with pytest.raises(DatabaseUnavailable):
        await commit(database, add(1))
    await database.start()
    await commit(database, add(1))
    second = open_database(database_url)
    await second.start()
    assert await second.read(ids()) == [1]
    await second.stop()
