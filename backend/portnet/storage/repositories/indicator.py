"""Tallies of the indicators, as a viewer or everybody may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portnet.domain.access import Viewer
from portnet.domain.indicators.counting import EVERYBODY
from portnet.domain.indicators.definition import Grouping
from portnet.domain.indicators.histogram import Tally
from portnet.ports.indicators import Figures
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Row, query
from portnet.storage.queues.uncounted import tally
from portnet.storage.repositories.dossier import VISIBLE

#: The reader's ($1) own, or of an owner that the reader works for under a mandate in force ($2).
_READABLE = (
    "t.reader = $1 AND (t.owner = $1 OR EXISTS (SELECT 1 FROM mandate m"
    " WHERE m.company = t.owner AND m.broker = $1 AND m.starts_at <= $2"
    " AND (m.ends_at IS NULL OR m.ends_at > $2)"
    " AND (m.revoked_at IS NULL OR m.revoked_at > $2)))"
)
#: Open steps are grouped by a column of theirs; the month is their own column in any case.
_COLUMNS = {
    Grouping.AGENCY: "o.agency",
    Grouping.OFFICE: "o.office",
    Grouping.CHANNEL: "o.circuit",
    Grouping.HS_CHAPTER: "o.chapter",
}


class IndicatorRepository:
    """Implements `IndicatorReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tallies(
        self,
        viewer: Viewer | None,
        now: datetime,
        grouping: Grouping,
        months: tuple[int, int],
        indicators: Sequence[str],
    ) -> Sequence[Figures]:
        dialect = self._database.dialect
        reader = EVERYBODY if viewer is None else viewer.company
        found = await self._database.read(
            query(
                "SELECT t.indicator, t.month, t.group_key, t.items, t.total, t.buckets"
                f" FROM indicator_tally t WHERE {_READABLE} AND t.grouping = $3"
                f" AND t.month BETWEEN $4 AND $5 AND {dialect.any_of('t.indicator', '$6')}",
                reader,
                rows.micros(now),
                _stored(grouping).value,
                *months,
                dialect.array(indicators),
            )
        )
        return [_figures(row, tally(row)) for row in found if row["items"]]

    async def late(
        self, viewer: Viewer | None, now: datetime, grouping: Grouping, months: tuple[int, int]
    ) -> Sequence[Figures]:
        column = _COLUMNS.get(grouping)
        group, grouped = ("''", "") if column is None else (column, f", {column}")
        args: list[Any] = [EVERYBODY if viewer is None else viewer.company, rows.micros(now)]
        visible = "$1 <> ''" if viewer is None else VISIBLE
        found = await self._database.read(
            query(
                f"SELECT '' AS indicator, o.month, {group} AS group_key,"
                " CAST(count(*) AS bigint) AS items"
                " FROM open_step o JOIN dossier d ON d.id = o.dossier"
                f" WHERE {visible} AND o.due_at <= $2 AND o.month BETWEEN $3 AND $4"
                f" AND {group} IS NOT NULL GROUP BY o.month{grouped}",
                *args,
                *months,
            )
        )
        return [_figures(row, Tally(count=row["items"])) for row in found]


def _stored(grouping: Grouping) -> Grouping:
    """Months are told apart in every grouping, and so need none of their own."""
    return Grouping.NONE if grouping is Grouping.MONTH else grouping


def _figures(row: Row, found: Tally) -> Figures:
    return Figures(
        indicator=row["indicator"], month=row["month"], group=row["group_key"], tally=found
    )
