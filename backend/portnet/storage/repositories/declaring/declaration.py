"""Declarations as a viewer may see them, and what was sent of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portnet.domain.access import Viewer
from portnet.domain.agency import Reference
from portnet.domain.declaring.elsewhere import KnownElsewhere
from portnet.domain.submission import Revision, Submission
from portnet.ports.reading import Page, PageSize
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query
from portnet.storage.repositories import keyset

#: Of the submission ``s``: the viewer's company ($1) owns it, or drafts it under a mandate in force ($2).
VISIBLE = (
    "(s.company = $1 OR s.broker = $1 AND EXISTS (SELECT 1 FROM mandate m"
    " WHERE m.company = s.company AND m.broker = $1 AND m.starts_at <= $2"
    " AND (m.ends_at IS NULL OR m.ends_at > $2)"
    " AND (m.revoked_at IS NULL OR m.revoked_at > $2)))"
)
_ORDER = "-s.updated_at, s.id"


class DeclarationRepository:
    """Implements `DeclarationReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def declarations(self, viewer: Viewer, now: datetime, page: PageSize) -> Page[Submission]:
        args: list[Any] = [viewer.company, rows.micros(now), page.first + 1]
        further = ""
        if page.after is not None:
            after = keyset.read_cursor(page.after, (int, str))
            if after is None:
                return keyset.EMPTY
            args += after
            further = f" AND ({_ORDER}) > ($4, $5)"
        found = await self._database.read(
            query(
                "SELECT s.*, -s.updated_at AS newest FROM submission s"
                f" WHERE {VISIBLE} AND s.state <> 'DISCARDED'{further} ORDER BY {_ORDER} LIMIT $3",
                *args,
            )
        )
        return keyset.page(found, page, rows.submission, ("newest", "id"))

    async def declarations_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Submission]:
        dialect = self._database.dialect
        sql = f"SELECT s.* FROM submission s WHERE {dialect.any_of('s.id', '$3')} AND {VISIBLE}"
        args = (viewer.company, rows.micros(now), dialect.array(ids))
        found = await self._database.read(query(sql, *args))
        return {row["id"]: rows.submission(row) for row in found}

    async def revisions_of(self, declarations: Sequence[str]) -> Mapping[str, Sequence[Revision]]:
        dialect = self._database.dialect
        these = dialect.any_of("submission", "$1")
        sql = f"SELECT * FROM submission_revision WHERE {these} ORDER BY submission, number"
        groups: dict[str, list[Revision]] = defaultdict(list)
        for row in await self._database.read(query(sql, dialect.array(declarations))):
            groups[row["submission"]].append(rows.revision(row))
        return groups

    async def known_elsewhere(
        self, company: str, references: Sequence[Reference]
    ) -> Sequence[KnownElsewhere]:
        dialect = self._database.dialect
        these = dialect.any_of("r.ref_key", "$2")
        sql = (
            "SELECT r.scheme, r.value, r.procedure, r.dossier, p.code FROM reference r"
            " JOIN procedure p ON p.id = r.procedure JOIN dossier d ON d.id = r.dossier"
            f" WHERE d.company = $1 AND d.status <> 'DONE' AND {these}"
        )
        keys = dialect.array([reference.key for reference in references])
        found = await self._database.read(query(sql, company, keys))
        return [
            KnownElsewhere(
                scheme=row["scheme"],
                value=row["value"],
                procedure=row["procedure"],
                dossier=row["dossier"],
                code=row["code"],
            )
            for row in found
        ]

    async def sent_last(
        self, viewer: Viewer, now: datetime, company: str, kind: str
    ) -> Submission | None:
        sql = (
            f"SELECT s.* FROM submission s WHERE {VISIBLE} AND s.company = $3 AND s.target = $4"
            " AND s.outgoing IS NOT NULL ORDER BY s.updated_at DESC, s.id DESC LIMIT 1"
        )
        args = (viewer.company, rows.micros(now), company, kind)
        found = await self._database.read(query(sql, *args))
        return rows.submission(found[0]) if found else None
