"""Approvals inside a unit of work: the newest of a subject is the one that counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portnet.domain.alerts import Recipient
from portnet.domain.approving.approval import Approval
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Matrix
from portnet.domain.approving.seen import Seen
from portnet.storage import rows
from portnet.storage.engines.database import Transaction
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Row, query
from portnet.storage.files import people_of

NEWEST_FIRST = "ORDER BY requested_at DESC, id DESC"


class StorageApprovingWork:
    """Implements `ApprovingWork` in a transaction that has begun."""

    def __init__(self, dialect: Dialect, transaction: Transaction) -> None:
        self._dialect = dialect
        self._transaction = transaction

    async def approval(self, approval: str) -> Approval | None:
        found = await self._locked("SELECT * FROM approval WHERE id = $1", approval)
        return rows.approval(found[0]) if found else None

    async def newest_of(self, subject: str) -> Approval | None:
        newest = f"SELECT id FROM approval WHERE subject = $1 {NEWEST_FIRST} LIMIT 1"
        found = await self._locked(f"SELECT * FROM approval WHERE id = ({newest})", subject)
        return rows.approval(found[0]) if found else None

    async def matrix(self, company: str) -> Matrix | None:
        found = await self._read("SELECT * FROM approval_matrix WHERE company = $1", company)
        return rows.matrix(found[0]) if found else None

    async def delegations(self, company: str) -> Sequence[Delegation]:
        sql = "SELECT * FROM delegation WHERE company = $1 AND revoked_at IS NULL ORDER BY id"
        return [rows.delegation(row) for row in await self._read(sql, company)]

    async def delegation(self, delegation: str) -> Delegation | None:
        found = await self._locked("SELECT * FROM delegation WHERE id = $1", delegation)
        return rows.delegation(found[0]) if found else None

    async def recipients(self, company: str) -> Sequence[Recipient]:
        return await self._transaction.run(people_of(self._dialect, [company]))

    async def seen(self, user: str, subject: str) -> Seen | None:
        sql = "SELECT * FROM approval_seen WHERE user_id = $1 AND subject = $2"
        found = await self._read(sql, user, subject)
        return rows.seen(found[0]) if found else None

    async def _read(self, sql: str, *args: Any) -> list[Row]:
        return await self._transaction.run(query(sql, *args))

    async def _locked(self, sql: str, *args: Any) -> list[Row]:
        return await self._read(sql + self._dialect.for_update, *args)
