"""Alerts as their recipient sees them, and how they were delivered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from portnet.domain.access import Viewer
from portnet.domain.alerts import Alert, Delivery
from portnet.ports.reading import Badge, Page, PageSize
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query
from portnet.storage.repositories import keyset


class AlertRepository:
    """Implements `AlertReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def alerts(self, viewer: Viewer, unseen_only: bool, page: PageSize) -> Page[Alert]:
        args: list[Any] = [viewer.user, page.first + 1]
        conditions = ["user_id = $1"]
        if unseen_only:
            conditions.append("state = 'NEW'")
        if page.after is not None:
            after = keyset.read_cursor(page.after, (int, str))
            if after is None:
                return keyset.EMPTY
            args.extend(after)
            conditions.append("(raised_at, id) < ($3, $4)")
        found = await self._database.read(
            query(
                f"SELECT * FROM alert WHERE {' AND '.join(conditions)}"
                " ORDER BY raised_at DESC, id DESC LIMIT $2",
                *args,
            )
        )
        return keyset.page(found, page, rows.alert, ("raised_at", "id"))

    async def alerts_by_id(self, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, Alert]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM alert WHERE user_id = $1 AND {dialect.any_of('id', '$2')}"
        found = await self._database.read(query(sql, viewer.user, dialect.array(ids)))
        return {row["id"]: rows.alert(row) for row in found}

    async def deliveries_of(self, alerts: Sequence[str]) -> Mapping[str, Sequence[Delivery]]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM delivery WHERE {dialect.any_of('alert', '$1')} ORDER BY id"
        groups: dict[str, list[Delivery]] = defaultdict(list)
        for row in await self._database.read(query(sql, dialect.array(alerts))):
            groups[row["alert"]].append(rows.delivery(row))
        return groups

    async def ledger(self, viewer: Viewer, dossier: str) -> Sequence[Delivery]:
        sql = (
            "SELECT v.* FROM delivery v JOIN alert a ON a.id = v.alert"
            " WHERE a.dossier = $1 AND a.user_id = $2 ORDER BY v.id"
        )
        found = await self._database.read(query(sql, dossier, viewer.user))
        return [rows.delivery(row) for row in found]

    async def badge(self, viewer: Viewer) -> Badge:
        sql = "SELECT CAST(count(*) AS bigint) AS n FROM alert WHERE user_id = $1 AND state = 'NEW'"
        found = await self._database.read(query(sql, viewer.user))
        return Badge(alerts=found[0]["n"])
