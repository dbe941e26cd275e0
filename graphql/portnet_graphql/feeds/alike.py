"""One event stands in several companies' feeds, and most of its frames differ in the cursor alone: rendered once then.

What a frame shows is never guessed to be the same: it is when the same rows were read for it, and rendering it neither
waited for a read nor asked whose it is. Access is each page's own: what an audience may not see is not in its page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from portnet.domain.dossier import Dossier
from portnet.domain.events import FeedRow, FrameKind
from portnet.domain.procedure import Entry
from portnet.ports.reading import FeedPage, Shown
from portnet_graphql.context import Context
from portnet_graphql.execution import Renderer
from portnet_graphql.feeds.frames import cursor_of, frame_of

#: Frames of one group after which the event loop gets a turn: a few milliseconds.
_TURN = 10

_Key = tuple[Renderer, str, datetime, str, str | None, str | None]


class _Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes around a cursor, and of which rows they were made."""

    around: tuple[bytes, ...]
    dossier: Dossier
    entry: Entry | None

    def shows(self, row: FeedRow, shown: Shown) -> bool:
        """Whether ``row`` was read together with what this was made of."""
        return (
            shown.dossiers.get(row.subject) is self.dossier
            and shown.entries.get(row.entry or "") is self.entry
        )


class Alike:
    """Renders pages, and keeps what the feeds that were read at the same instant may have in common."""

    def __init__(self) -> None:
        self._at = datetime.min.replace(tzinfo=UTC)
        self._known: dict[_Key, _Rendered] = {}

    async def rendered(
        self, renderer: Renderer, page: FeedPage, context: Context
    ) -> Sequence[bytes]:
        """``page`` in bytes, a frame for each row, in order.

        Args:
            context: made for this page: what it shows is at hand then, and rendering waits for nothing.
        """
        generation = await context.readers.feeds.generation()
        context.hold(page)
        if page.at > self._at:
            self._at, self._known = page.at, {}
        frames: list[bytes | asyncio.Future[bytes]] = []
        for number, row in enumerate(page.rows, 1):
            frames.append(await self._rendered(renderer, row, generation, page, context))
            if number % _TURN == 0:
                await asyncio.sleep(0)
        # Those that wait do so together, so that the loaders of a long page read once.
        return [frame if isinstance(frame, bytes) else await frame for frame in frames]

    async def _rendered(
        self, renderer: Renderer, row: FeedRow, generation: str, page: FeedPage, context: Context
    ) -> bytes | asyncio.Future[bytes]:
        cursor = str(cursor_of(row, generation)).encode()
        key = (renderer, context.locale, row.at, row.subject, row.procedure, row.entry)
        known = self._known.get(key) if page.at == self._at else None
        if known is not None and known.shows(row, page.shown):
            return cursor.join(known.around)
        frame = await frame_of(row, generation, context)
        asked = context.asked
        payload = renderer.begin(frame, context)
        if not isinstance(payload, bytes):
            return asyncio.ensure_future(payload)
        dossier = page.shown.dossiers.get(row.subject)
        told_alike = context.asked == asked and page.at == self._at
        if dossier is not None and row.kind is FrameKind.DOSSIER_CHANGED and told_alike:
            around = tuple(payload.split(cursor))
            entry = page.shown.entries.get(row.entry or "")
            self._known[key] = _Rendered(around=around, dossier=dossier, entry=entry)
        return payload
