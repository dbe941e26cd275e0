"""The little that SQLite and PostgreSQL say differently. Nothing else asks which engine it is."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, Protocol

from portnet.storage.engines.program import Program, Statement, nothing

EngineName = Literal["sqlite", "postgres"]

# Literals, quoted names and comments are matched so that a `$1` inside them is left alone.
_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\$(\d+)")

# The outer SELECT takes the locks in the order of the inner one, which OFFSET 0 keeps whole.
_LOCK = (
    "SELECT pg_advisory_xact_lock(key) FROM"
    " (SELECT key FROM unnest($1::bigint[]) AS keys(key) ORDER BY key OFFSET 0) AS sorted"
)


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

    def found_tariff(self) -> str:
        # The expression of the migration's index, to the letter.
        return (
            "SELECT * FROM tariff_line WHERE array_to_tsvector(string_to_array(words, ' '))"
            " @@ CAST(CAST($1 AS text) AS tsquery) AND id BETWEEN $2 AND $3 ORDER BY id LIMIT $4"
        )

    def tariff_words(self, words: Sequence[Sequence[str]]) -> str:
        return " & ".join(_any(each, "'{}':*", " | ") for each in words)

    def lock_references(self, references: Iterable[str]) -> Program[None]:
        # Sorted by key, not by reference: two references that share a key must not turn the order.
        keys = sorted({advisory_key(reference) for reference in references})
        if keys:
            yield Statement(_LOCK, (keys,))


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
    parts: list[str] = []
    before = 0
    for number, sql in enumerate(statements):
        last = 0

        def renumbered(match: re.Match[str], before: int = before) -> str:
            nonlocal last
            if not match[1]:
                return match[0]
            last = max(last, int(match[1]))
            return f"${int(match[1]) + before}"

        parts.append(f"w{number} AS ({_PLACEHOLDER.sub(renumbered, sql)})")
        before += last
    return f"WITH {', '.join(parts)} SELECT 1"


def is_select(sql: str) -> bool:
    """Whether the statement begins as one that only reads."""
    return sql.lstrip().upper().startswith("SELECT")
