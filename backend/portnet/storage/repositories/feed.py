"""The feeds: how far each audience's log has come, and what stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from portnet.domain.events import FRAMES, FeedRow, tag_of
from portnet.ports.reading import FeedPage
from portnet.ports.unit_of_work import Position
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Row, Statement, query
from portnet.storage.repositories.shown import shown_to

_AFTER = (
    "SELECT f.audience, f.seq, e.at, e.kind, e.subject, e.procedure, e.entry"
    " FROM feed f JOIN event e ON e.id = f.event"
    " WHERE f.audience = $1 AND f.seq > $2 ORDER BY f.seq LIMIT $3"
)

#: Frames by the tag of the event that they tell of.
_FRAMES = {tag_of(event): frame for event, frame in FRAMES.items() if frame is not None}


class FeedRepository:
    """Implements `FeedReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._generation: str | None = None

    async def generation(self) -> str:
        if self._generation is None:
            found = await self._database.read(
                query("SELECT value FROM installation WHERE key = 'generation'")
            )
            self._generation = str(found[0]["value"])
        return self._generation

    async def heads(self, audiences: Sequence[str]) -> Sequence[Position]:
        dialect = self._database.dialect
        sql = f"SELECT audience, seq FROM feed_head WHERE {dialect.any_of('audience', '$1')}"
        found = await self._database.read(query(sql, dialect.array(audiences)))
        heads = {row["audience"]: row["seq"] for row in found}
        return [Position(audience=a, seq=heads.get(a, 0)) for a in audiences]

    async def floor(self, audience: str) -> int:
        sql = "SELECT floor FROM feed_head WHERE audience = $1"
        found = await self._database.read(query(sql, audience))
        return int(found[0]["floor"]) if found else 0

    async def after(
        self, positions: Sequence[Position], limit: int, now: datetime
    ) -> Mapping[str, FeedPage]:
        return await self._database.read(self._after(positions, limit, now), snapshot=True)

    def _after(
        self, positions: Sequence[Position], limit: int, now: datetime
    ) -> Program[dict[str, FeedPage]]:
        feeds: dict[str, list[FeedRow]] = {}
        for position in positions:
            found = yield Statement(_AFTER, (position.audience, position.seq, limit))
            feeds[position.audience] = [_feed_row(row) for row in found]
        shown = yield from shown_to(self._database.dialect, feeds, now)
        return {a: FeedPage(rows=feeds[a], at=now, shown=shown[a]) for a in feeds}


def _feed_row(row: Row) -> FeedRow:
    return FeedRow(
        audience=row["audience"],
        seq=row["seq"],
        at=rows.instant(row["at"]),
        kind=_FRAMES[row["kind"]],
        subject=row["subject"],
        procedure=row["procedure"],
        entry=row["entry"],
    )
