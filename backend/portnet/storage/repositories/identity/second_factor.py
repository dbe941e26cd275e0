"""Second factors as they are kept; their secrets stay sealed."""

from __future__ import annotations

from portnet.domain.identity.second_factor import SecondFactor
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query


class SecondFactorRepository:
    """Implements `SecondFactorReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def second_factor(self, user: str) -> SecondFactor | None:
        sql = "SELECT * FROM second_factor WHERE user_id = $1"
        found = await self._database.read(query(sql, user))
        return rows.second_factor(found[0]) if found else None
