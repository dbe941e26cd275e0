"""The little that SQLite and PostgreSQL say differently. Nothing else asks which engine it is."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

from portnet.storage.engines.program import Program, Statement, nothing

EngineName = Literal["sqlite", "postgres"]

# Literals, quoted names and comments are matched so that a `$1` inside them is left alone.
_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\$(\d+)")

_INSERT = re.compile(r"INSERT INTO (\w+) \(([^)]*)\) VALUES \(([^)]*)\)((?: ON CONFLICT .*)?)")
_CONFLICT = re.compile(r"ON CONFLICT \(([^)]*)\)")

# The outer SELECT takes the locks in the order of the inner one, which OFFSET 0 keeps whole.
_LOCKED = "pg_advisory_xact_lock(key)"
_LOCK = (
    f"SELECT {_LOCKED} FROM"
    " (SELECT key FROM unnest($1::bigint[]) AS keys(key) ORDER BY key OFFSET 0) AS sorted"
)


#: Up to so many values SQLite is given one by one.
_FEW = 12


class Condition(NamedTuple):
    """SQL that is true or false, and the arguments that it names."""

    sql: str
    args: Sequence[Any]


class Dialect(Protocol):
    """How to write, for one engine, what both cannot share."""

    @property
    def name(self) -> EngineName: ...

    @property
    def skip_locked(self) -> str:
        """The end of a claiming SELECT: rows that another transaction claims are passed over."""
        ...

    @property
    def for_update(self) -> str:
        """The end of a SELECT whose rows stay as they are until the transaction ends."""
        ...

    def any_of(self, column: str, placeholder: str) -> str:
        """A condition: the text `column` is one of `array(...)`, given as `placeholder` (`$2`)."""
        ...

    def array(self, values: Sequence[str]) -> Any:
        """The argument for `any_of`."""
        ...

    def among(self, column: str, values: Sequence[str], first: int = 1) -> Condition:
        """The condition that `column` is one of `values`; its arguments are `$first` and the following."""
        ...

    def locking(self, taking: Statement, references: Iterable[str]) -> Statement:
        """``taking`` as one statement with `lock_references`, which is done only if a row is found."""
        ...

    def found_tariff(self) -> str:
        """The tariff lines whose words match `$1`, of ids from `$2` to `$3`, by id, `$4` at most."""
        ...

    def tariff_words(self, words: Sequence[Sequence[str]]) -> str:
        """The argument for `found_tariff`: of each of `words` one beginning. They are folded."""
        ...

    def lock_references(self, references: Iterable[str]) -> Program[None]:
        """Wait until no other transaction holds any of them; keep them until this one ends."""
        ...


class SQLiteDialect:
    """SQLite: one writer at a time, so that references need no locks of their own."""

    name: EngineName = "sqlite"
    skip_locked = ""
    for_update = ""

    def any_of(self, column: str, placeholder: str) -> str:
        return f"{column} IN (SELECT value FROM json_each({placeholder}))"

    def array(self, values: Sequence[str]) -> Any:
        return json.dumps(list(values))

    def among(self, column: str, values: Sequence[str], first: int = 1) -> Condition:
        # A few places are read at half the cost of a JSON array, and each number of them is a statement to prepare.
        if len(values) > _FEW:
            return Condition(self.any_of(column, f"${first}"), (self.array(values),))
        places = ", ".join(f"${first + i}" for i in range(len(values)))
        return Condition(f"{column} IN ({places})", values)

    def locking(self, taking: Statement, references: Iterable[str]) -> Statement:  # noqa: ARG002 - above
        return taking

    def found_tariff(self) -> str:
        return (
            "SELECT line.* FROM tariff_words JOIN tariff_line AS line ON line.id = tariff_words.rowid"
            " WHERE tariff_words MATCH $1 AND tariff_words.rowid BETWEEN $2 AND $3"
            " ORDER BY tariff_words.rowid LIMIT $4"
        )

    def tariff_words(self, words: Sequence[Sequence[str]]) -> str:
        return " AND ".join(_any(each, '"{}" *', " OR ") for each in words)

    def lock_references(self, references: Iterable[str]) -> Program[None]:  # noqa: ARG002 - above
        return nothing()


class PostgresDialect:
    """PostgreSQL: arrays, and advisory locks that end with the transaction."""

    name: EngineName = "postgres"
    skip_locked = " FOR UPDATE SKIP LOCKED"
    for_update = " FOR UPDATE"

    def any_of(self, column: str, placeholder: str) -> str:
        return f"{column} = ANY({placeholder}::text[])"

    def array(self, values: Sequence[str]) -> Any:
        return list(values)

    def among(self, column: str, values: Sequence[str], first: int = 1) -> Condition:
        if len(values) == 1:
            # Most often, and a plain comparison is half the work of an array.
            return Condition(f"{column} = ${first}", values)
        return Condition(self.any_of(column, f"${first}"), (self.array(values),))

    def locking(self, taking: Statement, references: Iterable[str]) -> Statement:
        place = len(taking.args) + 1
        locks = _LOCK.replace("$1", f"${place}").replace(_LOCKED, f"count({_LOCKED})")
        sql = f"WITH taken AS ({taking.sql}) SELECT taken.*, ({locks}) AS locks FROM taken"
        return Statement(sql, (*taking.args, _keys(references)))

    def found_tariff(self) -> str:
        # The expression of the migration's index, to the letter.
        return (
            "SELECT * FROM tariff_line WHERE array_to_tsvector(string_to_array(words, ' '))"
            " @@ CAST(CAST($1 AS text) AS tsquery) AND id BETWEEN $2 AND $3 ORDER BY id LIMIT $4"
        )

    def tariff_words(self, words: Sequence[Sequence[str]]) -> str:
        return " & ".join(_any(each, "'{}':*", " | ") for each in words)

    def lock_references(self, references: Iterable[str]) -> Program[None]:
        if keys := _keys(references):
            yield Statement(_LOCK, (keys,))


def _keys(references: Iterable[str]) -> list[int]:
    # Sorted by key, not by reference: two references that share a key must not turn the order.
    return sorted({advisory_key(reference) for reference in references})


def _any(beginnings: Sequence[str], form: str, between: str) -> str:
    return f"({between.join(form.format(beginning) for beginning in beginnings)})"


def advisory_key(reference: str) -> int:
    """The signed 64-bit lock of a reference: the same in every process and every release."""
    digest = hashlib.blake2b(reference.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@lru_cache(maxsize=1024)
def sqlite_sql(sql: str) -> str:
    """The SQL of a program as SQLite reads it: `$n` becomes `?n`."""
    return _PLACEHOLDER.sub(lambda match: f"?{match[1]}" if match[1] else match[0], sql)


@lru_cache(maxsize=1024)
def joined(statements: tuple[str, ...]) -> str:
    """PostgreSQL: several writes as one statement; the arguments of all stand one after the other."""
    if len(statements) == 1:
        return statements[0]
    parts = (f"w{i} AS ({sql})" for i, sql in enumerate(_renumbered(statements)))
    return f"WITH {', '.join(parts)} SELECT 1"


@lru_cache(maxsize=1024)
def gathered(selects: tuple[str, ...]) -> str:
    """PostgreSQL: several selects as one row, the rows of each as a JSON array; the arguments as in `joined`."""
    parts = (
        f"(SELECT coalesce(json_agg(s{i}), '[]') FROM ({sql}) AS s{i})"
        for i, sql in enumerate(_renumbered(selects))
    )
    return f"SELECT {', '.join(parts)}"


class Spread(NamedTuple):
    """PostgreSQL: an insert of any number of rows as one statement, whose argument is all of them as JSON."""

    sql: str
    columns: tuple[str, ...]
    #: Where the columns stand that decide which of two rows for one place wins: the later one does.
    key: tuple[int, ...]


@lru_cache(maxsize=256)
def spread(insert: str) -> Spread | None:
    """``insert`` of one row as an insert of many; None when it is more than an insert of its arguments as they come."""
    match = _INSERT.fullmatch(insert)
    if match is None:
        return None
    table, listed, places, rest = match.groups()
    columns = tuple(listed.split(", "))
    if places != ", ".join(f"${i}" for i in range(1, len(columns) + 1)):
        return None
    conflict = _CONFLICT.search(rest)
    named = conflict[1].split(", ") if conflict else []
    return Spread(
        f"INSERT INTO {table} ({listed}) SELECT {listed}"
        f" FROM json_populate_recordset(NULL::{table}, $1::json){rest}",
        columns,
        tuple(map(columns.index, named)),
    )


def _renumbered(statements: Sequence[str]) -> Iterator[str]:
    """Each with its arguments numbered on from the last one's."""
    before = 0
    for sql in statements:
        last = 0

        def later(match: re.Match[str], before: int = before) -> str:
            nonlocal last
            if not match[1]:
                return match[0]
            last = max(last, int(match[1]))
            return f"${int(match[1]) + before}"

        yield _PLACEHOLDER.sub(later, sql)
        before += last


def is_select(sql: str) -> bool:
    """Whether the statement begins as one that only reads."""
    return sql.lstrip().upper().startswith("SELECT")
