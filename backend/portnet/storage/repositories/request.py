"""What agencies asked, as a viewer may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from portnet.domain.access import Viewer
from portnet.domain.request import InformationRequest, RequestState
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query
from portnet.storage.repositories.dossier import READABLE, VISIBLE

#: Of files of which the viewer's company ($1) hears now ($2), and of those that it may look up.
_HEARD = f"FROM information_request r JOIN dossier d ON d.id = r.dossier WHERE {VISIBLE}"
_SEEN = f"FROM information_request r JOIN dossier d ON d.id = r.dossier WHERE {READABLE}"


class RequestRepository:
    """Implements `RequestReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def requests_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, InformationRequest]:
        dialect = self._database.dialect
        sql = f"SELECT r.* {_SEEN} AND {dialect.any_of('r.id', '$3')}"
        args = (viewer.company, rows.micros(now), dialect.array(ids))
        return {
            row["id"]: rows.request(row) for row in await self._database.read(query(sql, *args))
        }

    async def requests_of(
        self, procedures: Sequence[str]
    ) -> Mapping[str, Sequence[InformationRequest]]:
        dialect = self._database.dialect
        these = dialect.any_of("procedure", "$1")
        sql = f"SELECT * FROM information_request WHERE {these} ORDER BY asked_at, id"
        groups: dict[str, list[InformationRequest]] = defaultdict(list)
        for row in await self._database.read(query(sql, dialect.array(procedures))):
            groups[row["procedure"]].append(rows.request(row))
        return groups

    async def waiting(self, viewer: Viewer, now: datetime) -> int:
        sql = f"SELECT CAST(count(*) AS bigint) AS n {_HEARD} AND r.state = '{RequestState.NEW}'"
        found = await self._database.read(query(sql, viewer.company, rows.micros(now)))
        count: int = found[0]["n"]
        return count
