"""Programs and the dialects' words, without any database."""

from typing import Any

import pytest

from portnet.storage.engines import Batch, Program, Row, Statement, Step, nothing, query
from portnet.storage.engines.dialect import (
    PostgresDialect,
    SQLiteDialect,
    advisory_key,
    sqlite_sql,
)
from portnet.storage.engines.program import drive, drive_async


class Recorder:
    """Answers every statement with one row: how many came before it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def execute(self, step: Step) -> list[Row]:
        self.steps.append(step)
        row: Any = (len(self.steps) - 1,)
        return [row]

    async def execute_async(self, step: Step) -> list[Row]:
        return self.execute(step)


class StatementFailed(Exception):
    pass


def copy_counts(closed: list[str] | None = None) -> Program[list[int]]:
    try:
        first = yield from query("SELECT $1", 7)
        second = yield Statement("SELECT 2")
        yield Batch("INSERT $1", [(1,), (2,)])
        return [first[0][0], second[0][0]]
    finally:
        if closed is not None:
            closed.append("closed")


STEPS = [
    Statement("SELECT $1", (7,)),
    Statement("SELECT 2"),
    Batch("INSERT $1", [(1,), (2,)]),
]


def test_a_program_is_sent_its_rows_in_order() -> None:
    recorder = Recorder()
    assert drive(copy_counts(), recorder.execute) == [0, 1]
    assert recorder.steps == STEPS


async def test_a_program_runs_the_same_when_execution_is_awaited() -> None:
    recorder = Recorder()
    assert await drive_async(copy_counts(), recorder.execute_async) == [0, 1]
    assert recorder.steps == STEPS


def test_a_program_without_statements_executes_nothing() -> None:
    recorder = Recorder()
    drive(nothing(), recorder.execute)
    assert recorder.steps == []


async def test_a_program_cannot_be_run_twice() -> None:
    recorder = Recorder()
    program = copy_counts()
    drive(program, recorder.execute)
    with pytest.raises(RuntimeError, match="runs once"):
        drive(program, recorder.execute)
    with pytest.raises(RuntimeError, match="runs once"):
        await drive_async(program, recorder.execute_async)


async def test_a_failed_statement_ends_its_program_at_once() -> None:
    def fail(step: Step) -> list[Row]:
        raise StatementFailed(repr(step))

    async def fail_async(step: Step) -> list[Row]:
        return fail(step)

    closed: list[str] = []
    with pytest.raises(StatementFailed):
        drive(copy_counts(closed), fail)
    with pytest.raises(StatementFailed):
        await drive_async(copy_counts(closed), fail_async)
    assert closed == ["closed", "closed"]


@pytest.mark.parametrize(
    ("sql", "translated"),
    [
        ("SELECT $1, $2, $1", "SELECT ?1, ?2, ?1"),
        ("SELECT $12", "SELECT ?12"),
        ("SELECT 'it''s $1', $1", "SELECT 'it''s $1', ?1"),
        (
            'SELECT "a$1" FROM t -- at $2\nWHERE a = $1',
            'SELECT "a$1" FROM t -- at $2\nWHERE a = ?1',
        ),
        ("SELECT '$.name', ?", "SELECT '$.name', ?"),
    ],
)
def test_placeholders_are_translated_outside_literals_only(sql: str, translated: str) -> None:
    assert sqlite_sql(sql) == translated


def test_advisory_locks_are_taken_in_the_order_of_their_keys_and_once_each() -> None:
    recorder = Recorder()
    drive(PostgresDialect().lock_references(["b", "a", "b", "c"]), recorder.execute)
    (statement,) = recorder.steps
    assert isinstance(statement, Statement)
    assert statement.args == (sorted(advisory_key(reference) for reference in "abc"),)


def test_no_references_need_no_lock() -> None:
    recorder = Recorder()
    drive(PostgresDialect().lock_references([]), recorder.execute)
    drive(SQLiteDialect().lock_references(["a"]), recorder.execute)
    assert recorder.steps == []


def test_advisory_keys_never_change_between_releases() -> None:
    # Two releases run side by side during a deployment.
    assert advisory_key("DUM|309 010 2026 0018538 G") == PINNED_KEY
    assert -(2**63) <= PINNED_KEY < 2**63


PINNED_KEY = -8367254581420850943
