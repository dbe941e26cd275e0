"""The tariff on either engine: searched by its index of words, loaded an edition at a time beside the one in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar, assert_never

from portnet.domain.reference.tariff import ByCode, ByWords, TariffLine
from portnet.ports.declaring.tariff import TariffEditionGone
from portnet.storage import rows
from portnet.storage.description import description
from portnet.storage.engines.database import Database
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Batch, Program, Statement, query
from portnet.storage.rows.tariff import (
    FIRST,
    code_ids,
    edition_ids,
    tariff_line,
    tariff_line_row,
)
from portnet.storage.tables import TariffLineTable

T = TypeVar("T")

#: Lines that one transaction removes.
_TOGETHER = 2_000
_LOCK = ("tariff",)
_IN_FORCE = "SELECT edition, shipped FROM tariff_edition WHERE in_force = 1"
_COLUMNS = description(TariffLineTable).columns
_ADD = (
    f"INSERT INTO tariff_line ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(f'${i}' for i in range(1, len(_COLUMNS) + 1))})"
    " ON CONFLICT (id) DO NOTHING"
)
_NEW = (
    "INSERT INTO tariff_edition (edition, in_force, shipped, loaded_at, loaded_by)"
    " VALUES ($1, $2, $3, $4, $5)"
)
_BY_CODE = (
    "SELECT * FROM tariff_line WHERE id BETWEEN $1 AND $2 AND code LIKE $3 ORDER BY id LIMIT $4"
)
_DROP = (
    "DELETE FROM tariff_line WHERE id IN"
    " (SELECT id FROM tariff_line WHERE id < $1 LIMIT $2) RETURNING id"
)


class TariffRepository:
    """Implements `TariffReader` and `TariffEditions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, wanted: ByCode | ByWords, first: int) -> Sequence[TariffLine]:
        program = _search(self._database.dialect, wanted, first)
        return await self._database.read(program, snapshot=True)

    async def lines(self) -> Sequence[TariffLine]:
        return await self._database.read(_lines(), snapshot=True)

    async def keep_shipped(
        self, lines: Sequence[TariffLine], fingerprint: str, at: datetime
    ) -> None:
        found = await self._database.read(query(_IN_FORCE))
        if not found or found[0]["shipped"] != fingerprint:
            await self._write(_keep_shipped(self._database.dialect, lines, fingerprint, at))

    async def begin(self, by: str, at: datetime) -> int:
        edition = await self._write(_begin(self._database.dialect, by, at))
        if edition is None:
            raise RuntimeError("the edition was committed and nothing is known of it")
        return edition

    async def add(self, edition: int, lines: Sequence[TariffLine], *, shipped: bool) -> None:
        await self._write(_add(self._database.dialect, edition, lines, shipped))

    async def drop_before(self, edition: int) -> None:
        while await self._write(query(_DROP, edition_ids(edition)[0], _TOGETHER)):
            pass

    async def _write(self, program: Program[T]) -> T | None:
        async with self._database.transaction() as transaction:
            return await transaction.commit(program)


def put_in_force(dialect: Dialect, edition: int, fingerprint: str) -> Program[None]:
    """Show ``edition``, and no other any more.

    Raises:
        TariffEditionGone: it was dropped.
    """
    yield from _of(dialect, edition)
    yield Statement("DELETE FROM tariff_edition WHERE edition <> $1", (edition,))
    yield Statement(
        "UPDATE tariff_edition SET in_force = 1, shipped = $2 WHERE edition = $1",
        (edition, fingerprint),
    )


def _search(
    dialect: Dialect, wanted: ByCode | ByWords, first: int
) -> Program[Sequence[TariffLine]]:
    current = yield Statement(_IN_FORCE)
    if not current:
        return []
    edition: int = current[0]["edition"]
    match wanted:
        case ByCode():
            args = (*code_ids(edition, wanted.digits), f"{wanted.digits}%", first)
            return [tariff_line(row) for row in (yield Statement(_BY_CODE, args))]
        case ByWords():
            return (yield from _by_words(dialect, wanted, edition, first))
        case _:
            assert_never(wanted)


def _by_words(
    dialect: Dialect, wanted: ByWords, edition: int, first: int
) -> Program[Sequence[TariffLine]]:
    """First the lines that begin so: a heading stands before what is made of it."""
    words = [sorted(beginnings) for beginnings in wanted.words]
    begin = [[f"{FIRST}{beginning}" for beginning in words[0]], *words[1:]]
    found: dict[str, TariffLine] = {}
    for asked in (begin, words):
        args = (dialect.tariff_words(asked), *edition_ids(edition), first)
        for row in (yield Statement(dialect.found_tariff(), args)):
            found.setdefault(row["code"], tariff_line(row))
        if len(found) >= first:
            break
    return list(found.values())[:first]


def _lines() -> Program[Sequence[TariffLine]]:
    current = yield Statement(_IN_FORCE)
    if not current:
        return []
    sql = "SELECT * FROM tariff_line WHERE id BETWEEN $1 AND $2 ORDER BY id"
    return [tariff_line(row) for row in (yield Statement(sql, edition_ids(current[0]["edition"])))]


def _keep_shipped(
    dialect: Dialect, lines: Sequence[TariffLine], fingerprint: str, at: datetime
) -> Program[None]:
    yield from dialect.lock_references(_LOCK)
    current = yield Statement(_IN_FORCE)
    edition: int = current[0]["edition"] if current else (yield from _next())
    if not current:
        yield Statement(_NEW, (edition, 1, fingerprint, rows.micros(at), "shipped"))
    sql = "DELETE FROM tariff_line WHERE id BETWEEN $1 AND $2 AND shipped = 1"
    yield Statement(sql, edition_ids(edition))
    yield Batch(_ADD, [tariff_line_row(line, edition, True) for line in lines])
    sql = "UPDATE tariff_edition SET shipped = $2 WHERE edition = $1"
    yield Statement(sql, (edition, fingerprint))


def _begin(dialect: Dialect, by: str, at: datetime) -> Program[int]:
    yield from dialect.lock_references(_LOCK)
    edition = yield from _next()
    yield Statement("DELETE FROM tariff_edition WHERE in_force = 0")
    yield Statement(_NEW, (edition, 0, None, rows.micros(at), by))
    return edition


def _add(
    dialect: Dialect, edition: int, lines: Iterable[TariffLine], shipped: bool
) -> Program[None]:
    yield from _of(dialect, edition)
    yield Batch(_ADD, [tariff_line_row(line, edition, shipped) for line in lines])


def _next() -> Program[int]:
    # After the lines too: an edition that was dropped may have left some.
    sql = (
        "SELECT coalesce((SELECT max(edition) FROM tariff_edition), 0) AS known,"
        " coalesce((SELECT max(id) FROM tariff_line), 0) AS last"
    )
    found = (yield Statement(sql))[0]
    return 1 + max(int(found["known"]), int(found["last"]) // edition_ids(1)[0])


def _of(dialect: Dialect, edition: int) -> Program[None]:
    yield from dialect.lock_references(_LOCK)
    sql = "SELECT edition FROM tariff_edition WHERE edition = $1"
    if not (yield Statement(sql, (edition,))):
        raise TariffEditionGone
