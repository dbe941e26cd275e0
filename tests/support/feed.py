"""A feed in memory, which passes the same contract as the stored one, and one group's frames as readable bytes."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from portnet.domain.events import AlertSeen, FeedRow, FrameKind, Record
from portnet.live.hub import Hub
from portnet.ports.live import Group, LiveFeeds
from portnet.ports.reading import FeedPage, FeedReader
from portnet.ports.unit_of_work import Position
from portnet.storage.engines import Database, Program, Statement
from portnet.storage.repositories.feed import FeedRepository
from portnet.storage.unit_of_work import StorageUnitOfWork
from tests.support.clock import SteppedClock
from tests.support.ids import CountedIds

T = TypeVar("T")

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class FeedLog(FeedReader, Protocol):
    """A feed, and what moves it."""

    async def append(self, *audiences: str) -> Sequence[Position]:
        """Commit one event that all ``audiences`` hear; how far their feeds have come."""
        ...

    async def purge(self, audience: str, up_to: int) -> None:
        """Keep only what came after ``up_to``."""
        ...


async def _at_once() -> None:
    """Nothing else gets a turn."""


class MemoryFeed:
    """Implements `FeedLog`. ``pause`` is awaited before and after each read's moment, as a database takes its time."""

    def __init__(self, pause: Callable[[], Awaitable[None]] = _at_once) -> None:
        self._pause = pause
        self._rows: dict[str, list[FeedRow]] = {}
        self._floors: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        #: Raised by the next reads, one each.
        self.failures: list[Exception] = []

    def commit(self, *audiences: str) -> Sequence[Position]:
        """`append`, at once."""
        for audience in audiences:
            rows = self._rows.setdefault(audience, [])
            seq = len(rows) + 1
            rows.append(
                FeedRow(
                    audience=audience,
                    seq=seq,
                    at=AT,
                    kind=FrameKind.ALERT_CHANGED,
                    subject=f"alert-{seq}",
                )
            )
        return [Position(audience=a, seq=self._head(a)) for a in audiences]

    def forget(self, audience: str, up_to: int) -> None:
        """`purge`, at once."""
        self._floors[audience] = max(self._floors[audience], up_to)

    async def append(self, *audiences: str) -> Sequence[Position]:
        return self.commit(*audiences)

    async def purge(self, audience: str, up_to: int) -> None:
        self.forget(audience, up_to)

    async def generation(self) -> str:
        return "memory"

    async def heads(self, audiences: Sequence[str]) -> Sequence[Position]:
        return await self._read(
            "heads", lambda: [Position(audience=a, seq=self._head(a)) for a in audiences]
        )

    async def floor(self, audience: str) -> int:
        return await self._read("floor", lambda: self._floors[audience])

    async def after(
        self, positions: Sequence[Position], limit: int, now: datetime
    ) -> Mapping[str, FeedPage]:
        return await self._read(
            "after",
            lambda: {p.audience: FeedPage(rows=self._after(p, limit), at=now) for p in positions},
        )

    def _head(self, audience: str) -> int:
        return len(self._rows.get(audience, ()))

    def _after(self, position: Position, limit: int) -> Sequence[FeedRow]:
        start = max(position.seq, self._floors[position.audience])
        return self._rows.get(position.audience, [])[start : start + limit]

    async def _read(self, name: str, read: Callable[[], T]) -> T:
        self.reads[name] += 1
        await self._pause()
        if self.failures:
            raise self.failures.pop(0)
        found = read()
        await self._pause()
        return found


class StoredFeed(FeedRepository):
    """Implements `FeedLog` over a migrated database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._log = database
        self._ids = CountedIds(SteppedClock())

    async def append(self, *audiences: str) -> Sequence[Position]:
        event = self._ids.new()
        async with StorageUnitOfWork(self._log) as work:
            seen = AlertSeen(alert=event, at=AT)
            work.add(Record(id=event, at=AT, event=seen, subject=event, audiences=audiences))
            return await work.commit()

    async def purge(self, audience: str, up_to: int) -> None:
        def program() -> Program[None]:
            yield Statement("DELETE FROM feed WHERE audience = $1 AND seq <= $2", (audience, up_to))
            yield Statement(
                "UPDATE feed_head SET floor = $2 WHERE audience = $1", (audience, up_to)
            )

        async with self._log.transaction() as transaction:
            await transaction.commit(program())


class Screen:
    """Renders a group's frames as readable bytes (``12`` or ``RESET 12 AHEAD``), and counts how often each was.

    It forgets the first ``loses`` of them: a renderer with a bug.
    """

    def __init__(self, audience: str, name: str = "fr", loses: int = 0) -> None:
        self._loses = loses
        self.rendered: Counter[int] = Counter()
        #: Raised instead of rendering, while there is one.
        self.failure: Exception | None = None
        self.group = Group(audience=audience, key=name, render=self._render)

    async def _render(self, page: FeedPage) -> Sequence[bytes]:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.rendered.update(row.seq for row in page.rows)
        return [_readable(row) for row in page.rows[self._loses :]]


def _readable(row: FeedRow) -> bytes:
    if row.kind is FrameKind.RESET:
        return f"RESET {row.seq} {row.subject}".encode()
    return str(row.seq).encode()


def frames(first: int, last: int) -> list[bytes]:
    """What a phone gets for rows ``first`` to ``last``."""
    return [str(seq).encode() for seq in range(first, last + 1)]


class Phone:
    """Follows a group and keeps what it hears; with ``patience`` it takes that many frames and then no more."""

    def __init__(
        self, hub: LiveFeeds, group: Group, after: int | None = None, patience: int | None = None
    ) -> None:
        self.heard: list[bytes] = []
        self._wanted = patience
        self._changed = asyncio.Condition()
        self.following = asyncio.create_task(self._follow(hub.follow(group, after)))

    async def until(self, last: bytes) -> list[bytes]:
        """Wait until ``last`` was heard, or the stream ended; all that was heard."""
        async with self._changed:
            await asyncio.wait_for(
                self._changed.wait_for(lambda: last in self.heard or self.following.done()),
                20,
            )
        return self.heard

    async def want(self, more: int | None) -> None:
        """Take ``more`` frames, or all from now on."""
        async with self._changed:
            self._wanted = None if more is None or self._wanted is None else self._wanted + more
            self._changed.notify_all()

    async def leave(self) -> None:
        self.following.cancel()
        await asyncio.gather(self.following, return_exceptions=True)

    async def _follow(self, stream: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(stream):
            async for frame in stream:
                async with self._changed:
                    self.heard.append(frame)
                    self._changed.notify_all()
                    await self._changed.wait_for(self._hungry)

    def _hungry(self) -> bool:
        return self._wanted is None or len(self.heard) < self._wanted


def what_is_wrong(
    heard: Sequence[bytes], start: int, head: int, *, floor: int = 0, ahead: bool = False
) -> str | None:
    """None when ``heard`` tells everything from ``start`` to ``head`` once and in order.

    A RESET may stand where the position was under ``floor``, and first of all where the phone began ``ahead``.
    """
    position = start
    for number, frame in enumerate(heard):
        match frame.decode().split():
            case ["RESET", seq, "AHEAD"] if ahead and number == 0:
                position = int(seq)
            case ["RESET", seq, "TOO_OLD"] if position < floor:
                position = int(seq)
            case [seq] if seq.isdecimal() and int(seq) == position + 1:
                position += 1
            case _:
                return f"{frame!r} after {position}"
    return None if position == head else f"ends at {position}, not at {head}"


@asynccontextmanager
async def hub_over(feed: FeedReader, poll_seconds: float = 3600.0) -> AsyncGenerator[Hub]:
    """A running hub; unless told otherwise it never polls."""
    hub = Hub(feed, SteppedClock(), poll_seconds)
    running = asyncio.create_task(hub.run())
    try:
        yield hub
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
