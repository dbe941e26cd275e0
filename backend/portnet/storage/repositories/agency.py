"""Agencies as we know them from their messages: when each was heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Statement


class AgencyRepository:
    """Implements `AgencyReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heard(self, sources: Sequence[str], *, sandbox: bool) -> Mapping[str, datetime]:
        return await self._database.read(_heard(sources, int(sandbox)))


def _heard(sources: Sequence[str], sandbox: int) -> Program[dict[str, datetime]]:
    """One look at the end of the index for each source; to group by source would read the whole inbox."""
    heard: dict[str, datetime] = {}
    for source in sources:
        sql = "SELECT max(received_at) AS at FROM agency_inbox WHERE source = $1 AND sandbox = $2"
        found = yield Statement(sql, (source, sandbox))
        if found[0]["at"] is not None:
            heard[source] = rows.instant(found[0]["at"])
    return heard
