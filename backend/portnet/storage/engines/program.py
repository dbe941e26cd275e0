"""SQL as a program that does not know who runs it: a generator yields statements, is sent rows.

A program must only compute between its statements (no I/O, no await, no shared state): SQLite runs
it on another thread. SQL is PostgreSQL's where the two agree, with `$1` to `$n` for arguments.
Values are int, str, bytes and None, on both engines; write `CAST(sum(x) AS bigint)`, which
PostgreSQL would otherwise answer with a Decimal.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from inspect import GEN_CREATED, getgeneratorstate
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

T = TypeVar("T")


class Row(Protocol):
    """One row; its columns by position or by name."""

    def __getitem__(self, key: str | int, /) -> Any: ...


class Statement(NamedTuple):
    """One execution; its rows come back (none, unless it selects or returns)."""

    sql: str
    args: Sequence[Any] = ()


class Batch(NamedTuple):
    """The same SQL for each row of arguments; `[]` comes back. No rows is nothing to do."""

    sql: str
    rows: Sequence[Sequence[Any]]


class Together(NamedTuple):
    """Writes that answer nothing and touch no row of each other's: PostgreSQL is sent them in few round trips.

    `[]` comes back.
    """

    writes: Sequence[Statement | Batch]


class Gather(NamedTuple):
    """Selects that need nothing of each other: PostgreSQL is asked all of them in one round trip.

    The rows of each come back, in their order. Their columns are text and numbers. They are one snapshot: what must not
    change meanwhile is locked before.
    """

    selects: Sequence[Statement]


Step: TypeAlias = Statement | Batch | Together | Gather
Program: TypeAlias = Generator[Step, list[Any], T]


def query(sql: str, *args: Any) -> Program[list[Row]]:
    """The program of one statement, which returns its rows."""
    return (yield Statement(sql, args))


def gather(*selects: Statement) -> Program[list[list[Row]]]:
    """The program of several selects at once, which returns the rows of each."""
    return (yield Gather(selects))


def nothing() -> Program[None]:
    """The program without statements."""
    yield from ()


def drive(program: Program[T], execute: Callable[[Step], list[Any]]) -> T:
    """Run a program to its end. An error of `execute` ends it: programs cannot catch one."""
    _refuse_if_used(program)
    try:
        step = next(program)
        while True:
            step = program.send(execute(step))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        program.close()


async def drive_async(program: Program[T], execute: Callable[[Step], Awaitable[list[Any]]]) -> T:
    """The same as `drive`, for an `execute` that is awaited."""
    _refuse_if_used(program)
    try:
        step = next(program)
        while True:
            step = program.send(await execute(step))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        program.close()


def _refuse_if_used(program: Program[T]) -> None:
    # A finished generator would end at once: a retry with it would write nothing and say nothing.
    if getgeneratorstate(program) != GEN_CREATED:
        raise RuntimeError("a program runs once; make another to run it again")
