"""Approvals as their company reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portnet.domain.access import User
from portnet.domain.approving.approval import Approval, Content
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Matrix
from portnet.domain.approving.seen import Seen
from portnet.ports.reading import Page, PageSize
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Row, query
from portnet.storage.repositories.keyset import EMPTY, page, read_cursor

_KEY = ("deadline", "id")


class ApprovalRepository:
    """Implements `ApprovalReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self, company: str, size: PageSize) -> Page[Approval]:
        key = None if size.after is None else read_cursor(size.after, (int, str))
        if size.after is not None and key is None:
            return EMPTY
        following = "" if key is None else " AND (deadline, id) > ($3, $4)"
        found = await self._read(
            f"SELECT * FROM approval WHERE company = $1 AND state = 'PENDING'{following}"
            " ORDER BY deadline, id LIMIT $2",
            company, size.first + 1, *(key or ()),
        )  # fmt: skip
        return page(found, size, rows.approval, _KEY)

    async def approvals_by_id(self, company: str, ids: Sequence[str]) -> Mapping[str, Approval]:
        return {a.id: a for a in await self._approvals(company, "id", ids)}

    async def newest_of_subjects(
        self, company: str, subjects: Sequence[str]
    ) -> Mapping[str, Approval]:
        found = await self._approvals(company, "subject", subjects)
        return {a.content.subject: a for a in sorted(found, key=_age)}

    async def newest_of_contents(
        self, company: str, contents: Sequence[str]
    ) -> Mapping[str, Approval]:
        named = await self.contents(company, contents)
        newest = await self.newest_of_subjects(company, [c.subject for c in named.values()])
        return {id_: newest[content.subject] for id_, content in named.items()}

    async def contents(self, company: str, contents: Sequence[str]) -> Mapping[str, Content]:
        found = await self._approvals(company, "content_id", contents)
        return {approval.content.id: approval.content for approval in found}

    async def seen(self, user: str, subjects: Sequence[str]) -> Mapping[str, Seen]:
        dialect = self._database.dialect
        sql = (
            f"SELECT * FROM approval_seen WHERE user_id = $1 AND {dialect.any_of('subject', '$2')}"
        )
        found = await self._read(sql, user, dialect.array(subjects))
        return {row["subject"]: rows.seen(row) for row in found}

    async def matrix(self, company: str) -> Matrix | None:
        found = await self._read("SELECT * FROM approval_matrix WHERE company = $1", company)
        return rows.matrix(found[0]) if found else None

    async def delegations(self, company: str) -> Sequence[Delegation]:
        sql = "SELECT * FROM delegation WHERE company = $1 AND revoked_at IS NULL ORDER BY id"
        return [rows.delegation(row) for row in await self._read(sql, company)]

    async def people(self, company: str) -> Sequence[User]:
        sql = "SELECT * FROM user_account WHERE company = $1 AND active = 1 ORDER BY id"
        return [rows.user(row) for row in await self._read(sql, company)]

    async def _approvals(
        self, company: str, column: str, values: Sequence[str]
    ) -> Sequence[Approval]:
        dialect = self._database.dialect
        these = dialect.any_of(column, "$2")
        sql = f"SELECT * FROM approval WHERE company = $1 AND {these}"
        found = await self._read(sql, company, dialect.array(sorted(set(values))))
        return [rows.approval(row) for row in found]

    async def _read(self, sql: str, *args: Any) -> list[Row]:
        return await self._database.read(query(sql, *args))


def _age(approval: Approval) -> tuple[float, str]:
    return approval.requested_at.timestamp(), approval.id
