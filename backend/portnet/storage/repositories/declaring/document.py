"""Papers as a viewer may see them: those of files that they see, of their company, of declarations they work on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portnet.domain.access import Viewer
from portnet.domain.declaring.document import Document
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Row, query
from portnet.storage.repositories.dossier import VISIBLE
from portnet.storage.rows.documents import document

#: Of the document ``x``, for the viewer's company ($1), now ($2). A company's own papers are nobody else's to see.
_SEEN = (
    "(x.company = $1"
    f" OR x.dossier IS NOT NULL AND EXISTS (SELECT 1 FROM dossier d WHERE d.id = x.dossier AND {VISIBLE})"
    " OR x.subject_kind = 'DECLARATION' AND EXISTS (SELECT 1 FROM mandate m"
    " WHERE m.company = x.company AND m.broker = $1 AND m.starts_at <= $2"
    " AND (m.ends_at IS NULL OR m.ends_at > $2)"
    " AND (m.revoked_at IS NULL OR m.revoked_at > $2)))"
)
_STORED = f"SELECT x.* FROM document x WHERE x.state = 'STORED' AND {_SEEN}"


class DocumentRepository:
    """Implements `DocumentReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def documents_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Document]:
        dialect = self._database.dialect
        sql = f"{_STORED} AND {dialect.any_of('x.id', '$3')}"
        found = await self._read(sql, viewer.company, rows.micros(now), dialect.array(ids))
        return {row["id"]: document(row) for row in found}

    async def of_procedures(self, procedures: Sequence[str]) -> Mapping[str, Sequence[Document]]:
        dialect = self._database.dialect
        sql = (
            f"SELECT * FROM document WHERE state = 'STORED' AND {dialect.any_of('procedure', '$1')}"
            " ORDER BY id"
        )
        return _grouped(await self._read(sql, dialect.array(procedures)), "procedure")

    async def of_subjects(
        self, viewer: Viewer, now: datetime, subjects: Sequence[str]
    ) -> Mapping[str, Sequence[Document]]:
        dialect = self._database.dialect
        sql = f"{_STORED} AND {dialect.any_of('x.subject', '$3')} ORDER BY x.id"
        args = (viewer.company, rows.micros(now), dialect.array(subjects))
        return _grouped(await self._read(sql, *args), "subject")

    async def of_company(self, company: str) -> Sequence[Document]:
        sql = (
            "SELECT * FROM document WHERE subject = $1 AND subject_kind = 'COMPANY'"
            " AND state = 'STORED' ORDER BY id"
        )
        return [document(row) for row in await self._read(sql, company)]

    async def announced(self, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, Document]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM document WHERE sent_by = $1 AND {dialect.any_of('id', '$2')}"
        found = await self._read(sql, viewer.user, dialect.array(ids))
        return {row["id"]: document(row) for row in found}

    async def awaited(self, id: str) -> Document | None:
        found = await self._read("SELECT * FROM document WHERE id = $1", id)
        return document(found[0]) if found else None

    async def open_until(self, user: str, now: datetime) -> Sequence[datetime]:
        sql = (
            "SELECT expires_at FROM document"
            " WHERE state = 'OPEN' AND expires_at > $2 AND sent_by = $1 ORDER BY expires_at"
        )
        return [
            rows.instant(row["expires_at"]) for row in await self._read(sql, user, rows.micros(now))
        ]

    async def expired(self, now: datetime, most: int) -> Sequence[str]:
        sql = (
            "SELECT id FROM document WHERE state = 'OPEN' AND expires_at <= $1 ORDER BY id LIMIT $2"
        )
        return [row["id"] for row in await self._read(sql, rows.micros(now), most)]

    async def _read(self, sql: str, *args: Any) -> list[Row]:
        return await self._database.read(query(sql, *args))


def _grouped(found: Sequence[Row], column: str) -> Mapping[str, Sequence[Document]]:
    groups: dict[str, list[Document]] = defaultdict(list)
    for row in found:
        groups[row[column]].append(document(row))
    return groups
