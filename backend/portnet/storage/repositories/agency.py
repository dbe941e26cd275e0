"""Agencies as we know them from their messages: when each was heard, what of theirs we could not apply, their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portnet.domain.anomaly import Anomaly, AnomalyState
from portnet.ports.reading import Page, PageSize
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Statement, query
from portnet.storage.repositories import keyset


class AgencyRepository:
    """Implements `AgencyReader` and `AnomalyReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heard(self, sources: Sequence[str], *, sandbox: bool) -> Mapping[str, datetime]:
        return await self._database.read(_heard(sources, int(sandbox)))

    async def anomalies(self, states: Sequence[AnomalyState], page: PageSize) -> Page[Anomaly]:
        """Newest first."""
        dialect = self._database.dialect
        args: list[Any] = [dialect.array([state.value for state in states]), page.first + 1]
        conditions = [dialect.any_of("state", "$1")]
        if page.after is not None:
            after = keyset.read_cursor(page.after, (str,))
            if after is None:
                return keyset.EMPTY
            args.extend(after)
            conditions.append("id < $3")
        sql = f"SELECT * FROM anomaly WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT $2"
        found = await self._database.read(query(sql, *args))
        return keyset.page(found, page, rows.anomaly, ("id",))


def _heard(sources: Sequence[str], sandbox: int) -> Program[dict[str, datetime]]:
    """One look at the end of the index for each source; to group by source would read the whole inbox."""
    heard: dict[str, datetime] = {}
    for source in sources:
        sql = "SELECT max(received_at) AS at FROM agency_inbox WHERE source = $1 AND sandbox = $2"
        found = yield Statement(sql, (source, sandbox))
        if found[0]["at"] is not None:
            heard[source] = rows.instant(found[0]["at"])
    return heard
