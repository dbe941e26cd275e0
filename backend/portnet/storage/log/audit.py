"""The audit trail as it is read: what is about one subject, and every chain from end to end. Nothing is written here.

A subject is an id, alone or before a slash: ``<dossier>/<receipt>``. Ids have 26 characters, which the index knows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from portnet.domain.audit import (
    GENESIS,
    AuditLink,
    AuditRecord,
    Breach,
    ChainCheck,
    Finding,
    Head,
    chain_hash,
)
from portnet.ports.reading import Page, PageSize, TrailPage
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Row, query
from portnet.storage.repositories import keyset

_ID = 26
_ABOUT = f"substr(a.subject, 1, {_ID}) = $2 AND substr(a.subject, {_ID + 1}, 1) IN ('', '/')"
#: Each line with the hash of the one before it; none before the first.
_LINES = (
    "SELECT a.*, b.hash AS previous FROM audit a"
    " LEFT JOIN audit b ON b.company = a.company AND b.seq = a.seq - 1"
    " WHERE a.company = $1{about}{after} ORDER BY a.seq DESC LIMIT {limit}"
)
_NEXT = (
    "SELECT * FROM audit WHERE (company, seq) > ($1, $2){only} ORDER BY company, seq LIMIT {limit}"
)
_HEADS = (
    "SELECT a.company, a.seq, a.hash FROM audit a JOIN"
    " (SELECT company, max(seq) AS seq FROM audit GROUP BY company) h"
    " ON h.company = a.company AND h.seq = a.seq ORDER BY a.company"
)
#: Rows of one read of a whole chain: some megabytes.
_TOGETHER = 5_000


class AuditRepository:
    """Implements `AuditReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def trail_of(self, company: str, subject: str | None, page: PageSize) -> TrailPage:
        args: list[Any] = [company]
        about = after = ""
        if subject is not None:
            args.append(subject)
            about = f" AND {_ABOUT}"
        if page.after is not None:
            position = keyset.read_cursor(page.after, (int,))
            if position is None:
                return TrailPage(page=keyset.EMPTY, verified=True)
            args.append(position[0])
            after = f" AND a.seq < ${len(args)}"
        args.append(page.first + 1)
        sql = _LINES.format(about=about, after=after, limit=f"${len(args)}")
        found = await self._database.read(query(sql, *args))
        lines: Page[AuditLink] = keyset.page(found, page, _link, ("seq",))
        return TrailPage(page=lines, verified=all(map(_holds, found[: page.first])))

    async def line(self, company: str, position: int) -> AuditLink | None:
        sql = "SELECT * FROM audit WHERE company = $1 AND seq = $2"
        found = await self._database.read(query(sql, company, position))
        return _link(found[0]) if found else None


async def heads(database: Database) -> Sequence[Head]:
    """How far each company's chain has come, by company."""
    found = await database.read(query(_HEADS))
    return [
        Head(company=row["company"], position=row["seq"], hash=bytes(row["hash"]).hex())
        for row in found
    ]


class Audited:
    """Every chain, or one company's, checked from end to end in a few megabytes, however long.

    Args:
        seen: the chains as a checkpoint saw them, by company.
    """

    def __init__(
        self,
        database: Database,
        company: str | None = None,
        seen: Mapping[str, Head] | None = None,
        together: int = _TOGETHER,
    ) -> None:
        self._database = database
        self._company = company
        self._seen = {k: v for k, v in (seen or {}).items() if company in (None, k)}
        self._together = together
        self.records = 0
        self.companies = 0

    async def findings(self) -> AsyncIterator[Finding]:
        """What is wrong, in the order of companies and positions."""
        check: ChainCheck | None = None
        unheard = dict(self._seen)
        async for link in self._links():
            company = link.record.company
            if check is None or check.head.company != company:
                for finding in check.end() if check else ():
                    yield finding
                check = ChainCheck(company, unheard.pop(company, None))
                self.companies += 1
            self.records += 1
            for finding in check.take(link):
                yield finding
        for finding in check.end() if check else ():
            yield finding
        for gone in unheard:
            yield Finding(company=gone, position=1, breach=Breach.TRUNCATED)

    async def _links(self) -> AsyncIterator[AuditLink]:
        company, position = self._company or "", 0
        only = "" if self._company is None else " AND company = $4"
        one = () if self._company is None else (self._company,)
        sql = _NEXT.format(only=only, limit="$3")
        while True:
            args = (company, position, self._together, *one)
            found = await self._database.read(query(sql, *args))
            for row in found:
                yield _link(row)
            if len(found) < self._together:
                return
            company, position = found[-1]["company"], found[-1]["seq"]


def _link(row: Row) -> AuditLink:
    return AuditLink(
        record=AuditRecord(
            company=row["company"],
            position=row["seq"],
            at=rows.instant(row["at"]),
            actor=row["actor"],
            action=row["action"],
            subject=row["subject"],
            on_behalf_of=row["on_behalf_of"],
        ),
        hash=bytes(row["hash"]),
    )


def _holds(row: Row) -> bool:
    link = _link(row)
    first = link.record.position == 1
    previous = GENESIS if first else row["previous"]
    return previous is not None and chain_hash(bytes(previous), link.record) == link.hash
