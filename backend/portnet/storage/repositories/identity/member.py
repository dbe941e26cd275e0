"""A company's people as its administrator sees them, and brokerages by their company identifier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portnet.domain.access import Company, CompanyKind
from portnet.ports.identity.members import ListedMember
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Row, query

_MEMBERS = (
    "SELECT u.*, i.expires_at AS invited_until,"
    " (SELECT max(s.refreshed_at) FROM user_session s WHERE s.user_id = u.id) AS seen_at"
    " FROM user_account u LEFT JOIN invitation i"
    " ON i.user_id = u.id AND i.used_at IS NULL AND i.expires_at > $2"
    " WHERE u.company = $1 ORDER BY u.name, u.id"
)
_BROKER = "SELECT * FROM company WHERE ice = $1 AND kind = $2 AND sandbox = $3"


class MemberRepository:
    """Implements `MemberReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def members(self, company: str, now: datetime) -> Sequence[ListedMember]:
        found = await self._database.read(query(_MEMBERS, company, rows.micros(now)))
        return [_listed(row) for row in found]

    async def broker(self, ice: str, *, sandbox: bool) -> Company | None:
        kind = CompanyKind.BROKER.value
        found = await self._database.read(query(_BROKER, ice, kind, int(sandbox)))
        return rows.company(found[0]) if found else None


def _listed(row: Row) -> ListedMember:
    return ListedMember(
        user=rows.user(row),
        last_seen_at=rows.instant_or_none(row["seen_at"]),
        invited_until=rows.instant_or_none(row["invited_until"]),
    )
