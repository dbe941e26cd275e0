"""Whatever fails, whenever a caller is cancelled: no half transaction, no lost connection."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from portnet.storage.engines import (
    ConstraintViolated,
    Database,
    DatabaseBusy,
    DatabaseUnavailable,
    Program,
    Statement,
    TransactionConflict,
    open_database,
    query,
)

# More often than there are connections in the pool: one leak each time would use it up.
MANY = 13
EXIT_SECONDS = 60
only_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("engine_name", ["postgres"], indirect=True)


def make_tables() -> Program[None]:
    yield Statement("CREATE TABLE entry (id bigint PRIMARY KEY, note text)")
    yield Statement(
        "CREATE TABLE child (id bigint PRIMARY KEY,"
        " entry bigint NOT NULL REFERENCES entry (id) DEFERRABLE INITIALLY DEFERRED)"
    )


def add_pair(number: int) -> Program[None]:
    for half in (2 * number, 2 * number + 1):
        yield Statement("INSERT INTO entry (id) VALUES ($1)", (half,))


def add_orphan() -> Program[None]:
    yield Statement("INSERT INTO child (id, entry) VALUES (1, 404)")


def count(table: str = "entry") -> Program[int]:
    rows = yield Statement(f"SELECT count(*) AS n FROM {table}")
    total: int = rows[0]["n"]
    return total


async def commit(database: Database, program: Program[Any]) -> None:
    async with database.transaction() as transaction:
        await transaction.commit(program)


async def assert_all_connections_work(database: Database) -> None:
    """Hold as many transactions and reads as there can be at once."""
    before = await database.read(count())

    async def write(number: int) -> None:
        await commit(database, add_pair(number))

    async with asyncio.timeout(EXIT_SECONDS):
        await asyncio.gather(*(write(10_000_000 + before * 100 + n) for n in range(MANY)))
        await asyncio.gather(*(database.read(count()) for _ in range(MANY)))
    assert await database.read(count()) == before + 2 * MANY


@pytest.fixture(autouse=True)
async def tables(database: Database) -> None:
    await commit(database, make_tables())


async def test_a_cancellation_at_any_step_leaves_all_or_nothing(database: Database) -> None:
    committed: list[int] = []

    async def intake(number: int) -> None:
        async with database.transaction() as transaction:
            await transaction.run(count())
            await transaction.run(add_pair(number))
            await transaction.commit(query("UPDATE entry SET note = 'whole'"))
        committed.append(number)

    steps = 0
    while len(committed) < 3:
        task = asyncio.create_task(intake(steps))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await database.read(count()) % 2 == 0
        steps += 1
    # A commit that was under way when its caller was cancelled may have been kept.
    assert await database.read(count()) >= 2 * len(committed)
    rows = await database.read(query("SELECT count(*) AS n FROM entry WHERE note IS NULL"))
    assert rows[0]["n"] == 0
    await assert_all_connections_work(database)


async def test_a_cancellation_of_a_waiting_writer_passes_the_turn_on(database: Database) -> None:
    async with database.transaction() as first:
        await first.run(count())
        waiting = [asyncio.create_task(commit(database, add_pair(n))) for n in range(MANY)]
        await asyncio.sleep(0)
        for task in waiting[::2]:
            task.cancel()
        await first.commit()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results[::2]] == [True] * 7
    assert results[1::2] == [None] * 6
    await assert_all_connections_work(database)


@only_sqlite
async def test_a_hop_that_outlives_its_caller_is_rolled_back_before_the_next_turn(
    database: Database,
) -> None:
    entered, release = threading.Event(), threading.Event()

    def write_slowly() -> Program[None]:
        yield from add_pair(1)
        entered.set()
        release.wait()
        yield from add_pair(2)

    async def outlived() -> None:
        async with database.transaction() as transaction:
            await transaction.run(write_slowly())

    task = asyncio.create_task(outlived())
    await asyncio.to_thread(entered.wait)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    following = asyncio.create_task(commit(database, add_pair(3)))
    await asyncio.sleep(0)
    release.set()
    await following
    rows = await database.read(query("SELECT id FROM entry ORDER BY id"))
    assert [row["id"] for row in rows] == [6, 7]


@only_sqlite
async def test_a_hop_that_was_cancelled_in_the_queue_never_runs(database: Database) -> None:
    entered, release = threading.Event(), threading.Event()
    ran: list[str] = []

    def occupy() -> Program[None]:
        entered.set()
        release.wait()
        yield Statement("SELECT 1")

    def record() -> Program[None]:
        ran.append("ran")
        yield Statement("SELECT 1")

    occupied = [asyncio.create_task(database.read(occupy())) for _ in range(2)]
    await asyncio.to_thread(entered.wait)
    queued = asyncio.create_task(database.read(record()))
    await asyncio.sleep(0)
    queued.cancel()
    await asyncio.gather(queued, return_exceptions=True)
    release.set()
    await asyncio.gather(*occupied)
    await database.read(count())
    assert ran == []


async def test_a_failed_commit_writes_nothing_and_loses_no_connection(database: Database) -> None:
    async def fail(number: int) -> None:
        async with database.transaction() as transaction:
            await transaction.run(add_pair(number))
            await transaction.commit(add_orphan())

    for number in range(MANY):
        with pytest.raises(ConstraintViolated):
            await fail(number)
    assert await database.read(count()) == await database.read(count("child")) == 0
    await assert_all_connections_work(database)


async def test_one_process_migrates_at_a_time_and_a_cancelled_one_lets_go(
    database: Database, database_url: str
) -> None:
    rival = open_database(database_url)
    await rival.start()
    order: list[str] = []
    holds = asyncio.Event()

    async def hold_for_ever() -> None:
        async with database.migration_lock():
            holds.set()
            try:
                await asyncio.Event().wait()
            finally:
                order.append("first")

    async def migrate() -> None:
        async with rival.migration_lock():
            order.append("second")

    holder = asyncio.create_task(hold_for_ever())
    await holds.wait()
    waiting = asyncio.create_task(migrate())
    await database.read(count())
    await rival.read(count())
    holder.cancel()
    await waiting
    assert order == ["first", "second"]
    async with database.migration_lock():
        await commit(database, add_pair(1))
    await rival.stop()


@only_sqlite
async def test_a_begin_that_another_process_blocks_is_a_conflict(database_url: str) -> None:
    database = open_database(database_url, busy_timeout=0.01)
    await database.start()
    rival = sqlite3.connect(urlsplit(database_url).path, isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    for number in range(MANY):
        with pytest.raises(DatabaseBusy) as refusal:
            await commit(database, add_pair(number))
        assert isinstance(refusal.value, TransactionConflict)
    assert await database.read(count()) == 0
    rival.execute("ROLLBACK")
    rival.close()
    await assert_all_connections_work(database)
    await database.stop()


@only_postgres
async def test_a_lost_connection_is_unavailable_and_replaced(
    database: Database, database_url: str
) -> None:
    other = open_database(database_url)
    await other.start()
    kill = (
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    async def lose_the_connection(*, begun: bool) -> None:
        async with database.transaction() as transaction:
            if begun:
                await transaction.run(add_pair(1))
            await other.read(query(kill))
            await transaction.commit(add_pair(2))

    for begun in [False, True] * (MANY // 2):
        with pytest.raises(DatabaseUnavailable):
            await lose_the_connection(begun=begun)
    await other.stop()
    assert await database.read(count()) == 0
    await assert_all_connections_work(database)


@only_postgres
async def test_transactions_that_wait_for_each_other_are_a_conflict_to_retry(
    database: Database,
) -> None:
    await commit(database, add_pair(0))
    both_hold = asyncio.Barrier(2)

    async def swap(first: int, second: int) -> None:
        async with database.transaction() as transaction:
            update = "UPDATE entry SET note = 'x' WHERE id = $1"
            await transaction.run(query(update, first))
            await both_hold.wait()
            await transaction.commit(query(update, second))

    results = await asyncio.gather(swap(0, 1), swap(1, 0), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == [
        "NoneType",
        "TransactionConflict",
    ]
    await assert_all_connections_work(database)


async def test_a_database_that_cannot_be_opened_leaves_nothing_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    for url in (f"sqlite://{tmp_path}/missing/x.sqlite", "postgresql://nobody@127.0.0.1:1/x"):
        unreachable = open_database(url)
        with pytest.raises(DatabaseUnavailable):
            await unreachable.start()
        await unreachable.stop()
    assert threading.active_count() == before


# Runs without `stop` after a failed BEGIN, a failed COMMIT, and with a transaction left open.
EXIT_SCRIPT = """
import asyncio, sqlite3, sys
from portnet.storage.engines import DatabaseBusy, Statement, open_database, query

async def main(url):
    database = open_database(url, busy_timeout=0.01)
    await database.start()
    for orphan in (1, 2):
        try:
            async with database.transaction() as transaction:
                await transaction.commit(query("INSERT INTO child VALUES ($1, 404)", orphan))
        except Exception as error:
            print(type(error).__name__)
    if url.startswith("sqlite"):
        rival = sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)
        rival.execute("BEGIN IMMEDIATE")
        try:
            async with database.piccolo_engine.transaction():
                await database.piccolo_engine._run_in_existing_connection(
                    database.piccolo_engine.current_transaction.get().connection, "SELECT 1")
        except DatabaseBusy as error:
            print(type(error).__name__)
        rival.execute("ROLLBACK")
    transaction = database.transaction()
    await (await transaction.__aenter__()).run(query("INSERT INTO entry (id) VALUES (1)"))
    print("leaves")

asyncio.run(main(sys.argv[1]))
"""


async def test_a_process_can_always_exit(database: Database, database_url: str) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", EXIT_SCRIPT, database_url],
        capture_output=True,
        text=True,
        timeout=EXIT_SECONDS,
        check=False,
    )
    busy = ["DatabaseBusy"] if database_url.startswith("sqlite") else []
    expected = ["ConstraintViolated", "ConstraintViolated", *busy, "leaves"]
    assert done.stdout.split() == expected, done.stderr
    assert await database.read(count()) == 0


COUNTING_SCRIPT = """
import asyncio, sys
from portnet.storage.engines import Statement, open_database

def count_up():
    rows = yield Statement("SELECT note FROM entry WHERE id = 0")
    yield Statement("UPDATE entry SET note = $1 WHERE id = 0", (str(int(rows[0][0]) + 1),))

async def main(url):
    database = open_database(url, synchronous="NORMAL")
    await database.start()
    for _ in range(150):
        async with database.transaction() as transaction:
            await transaction.commit(count_up())
    await database.stop()

asyncio.run(main(sys.argv[1]))
"""


@only_sqlite
async def test_two_processes_write_one_file_and_lose_nothing(
    database: Database, database_url: str
) -> None:
    await commit(database, query("INSERT INTO entry (id, note) VALUES (0, '0')"))
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", COUNTING_SCRIPT, database_url, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    async with asyncio.timeout(EXIT_SECONDS):
        errors = [(await process.communicate())[1] for process in processes]
    assert errors == [b"", b""]
    rows = await database.read(query("SELECT note FROM entry WHERE id = 0"))
    assert rows[0]["note"] == "300"
