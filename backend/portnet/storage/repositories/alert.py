"""Alerts as their recipient sees them, and how they were delivered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portnet.domain.access import Viewer
from portnet.domain.alerts import Alert, Delivery
from portnet.ports.reading import Badge, Page, PageSize
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Row, query
from portnet.storage.repositories import keyset
from portnet.storage.repositories.dossier import VISIBLE

#: The alerts of the viewer ($3), of files that they may see ($1 their company, $2 now), and those of no file.
_OWN = (
    "FROM alert a LEFT JOIN dossier d ON d.id = a.dossier"
    f" WHERE a.user_id = $3 AND (a.dossier = '' OR {VISIBLE})"
)


class AlertRepository:
    """Implements `AlertReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def alerts(
        self, viewer: Viewer, now: datetime, unseen_only: bool, page: PageSize
    ) -> Page[Alert]:
        args: list[Any] = [viewer.company, rows.micros(now), viewer.user, page.first + 1]
        conditions: list[str] = []
        if unseen_only:
            conditions.append("AND a.state = 'NEW'")
        if page.after is not None:
            after = keyset.read_cursor(page.after, (int, str))
            if after is None:
                return keyset.EMPTY
            args.extend(after)
            conditions.append("AND (a.raised_at, a.id) < ($5, $6)")
        order = "ORDER BY a.raised_at DESC, a.id DESC LIMIT $4"
        sql = f"SELECT a.* {_OWN} {' '.join(conditions)} {order}"
        found = await self._database.read(query(sql, *args))
        return keyset.page(found, page, rows.alert, ("raised_at", "id"))

    async def alerts_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Alert]:
        dialect = self._database.dialect
        sql = f"SELECT a.* {_OWN} AND {dialect.any_of('a.id', '$4')}"
        found = await self._own(sql, viewer, now, dialect.array(ids))
        return {row["id"]: rows.alert(row) for row in found}

    async def deliveries_of(self, alerts: Sequence[str]) -> Mapping[str, Sequence[Delivery]]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM delivery WHERE {dialect.any_of('alert', '$1')} ORDER BY id"
        groups: dict[str, list[Delivery]] = defaultdict(list)
        for row in await self._database.read(query(sql, dialect.array(alerts))):
            groups[row["alert"]].append(rows.delivery(row))
        return groups

    async def ledger(self, viewer: Viewer, now: datetime, dossier: str) -> Sequence[Delivery]:
        told = f"SELECT a.id {_OWN} AND a.dossier = $4"
        sql = f"SELECT * FROM delivery WHERE alert IN ({told}) ORDER BY id"
        return [rows.delivery(row) for row in await self._own(sql, viewer, now, dossier)]

    async def badge(self, viewer: Viewer, now: datetime) -> Badge:
        sql = f"SELECT CAST(count(*) AS bigint) AS n {_OWN} AND a.state = 'NEW'"
        found = await self._own(sql, viewer, now)
        return Badge(alerts=found[0]["n"])

    async def _own(self, sql: str, viewer: Viewer, now: datetime, *more: Any) -> list[Row]:
        args = (viewer.company, rows.micros(now), viewer.user, *more)
        return await self._database.read(query(sql, *args))
