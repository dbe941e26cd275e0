"""The hub hands each feed's rows to its followers, rendered once for each group of like phones.

It keeps no truth: the log in the database does. A follower that falls behind, or that sees a gap, reads the log again;
so a lost wake-up, a slow phone or a restarted hub costs time and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Generator, Hashable, Iterable, Sequence
from contextlib import aclosing, contextmanager, suppress

from portnet.domain.events import FeedRow, FrameKind
from portnet.ports.clock import Clock
from portnet.ports.live import Group
from portnet.ports.reading import FeedPage, FeedReader
from portnet.ports.unit_of_work import Position

_logger = logging.getLogger(__name__)

#: Frames that wait for one slow phone; beyond it the phone is sent back to the log, and memory stays bounded.
_BUFFER = 128
#: Rows of one audience that one read takes.
_BATCH = 100

Frame = tuple[int, bytes]


class FeedBroken(Exception):
    """Frames could not be rendered; the follower starts again."""


class _Follower:
    """One phone's queue. `overflowed` frames are gone: the phone reads them from the log."""

    def __init__(self) -> None:
        self.frames: deque[Frame] = deque()
        self.overflowed = False
        self.failed = False
        self._news = asyncio.Event()

    def push(self, frames: Sequence[Frame]) -> None:
        if len(self.frames) + len(frames) > _BUFFER:
            self.frames.clear()
            self.overflowed = True
        else:
            self.frames.extend(frames)
        self._news.set()

    def fail(self) -> None:
        self.failed = True
        self._news.set()

    async def news(self) -> None:
        await self._news.wait()
        self._news.clear()


class _Following:
    """A group and its phones."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.followers: set[_Follower] = set()


class _Channel:
    """One audience that somebody follows here; `seq` is how far its rows were handed out, None at first."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.followings: dict[Hashable, _Following] = {}


class Hub:
    """Implements `LiveFeeds`. `run` is its heart; `wake` may be called from the event loop at any time."""

    def __init__(self, feed: FeedReader, clock: Clock, poll_seconds: float = 5.0) -> None:
        self._feed = feed
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._channels: dict[str, _Channel] = {}
        self._woken: set[str] = set()
        self._wake = asyncio.Event()

    def wake(self, positions: Sequence[Position]) -> None:
        """These feeds moved."""
        self._wake_audiences(p.audience for p in positions if p.audience in self._channels)

    async def run(self) -> None:
        """Hand rows out until cancelled: at once when woken, and by looking at every followed feed now and then."""
        now = asyncio.get_running_loop().time
        look_at = now() + self._poll_seconds
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(look_at):
                    await self._wake.wait()
            self._wake.clear()
            woken, self._woken = self._woken, set()
            try:
                # Its own appointment: on a busy hub somebody is always woken, and no wait times out.
                if now() >= look_at:
                    look_at = now() + self._poll_seconds
                    woken |= await self._moved()
                await self._hand_out(woken)
            except Exception:
                _logger.exception("the hub could not read the feeds; it looks again later")

    async def follow(self, group: Group, after: int | None) -> AsyncGenerator[bytes, None]:
        with self._joined(group) as (channel, follower):
            position = after
            if channel.seq is None or position is None:
                head = await self._head(group.audience)
                channel.seq = head if channel.seq is None else channel.seq
                position = head if position is None else position
            # Registered first, then the log to its head: what is committed later comes through the queue.
            while True:
                async with aclosing(self._drain(group, position)) as logged:
                    async for seq, payload in logged:
                        yield payload
                        position = seq
                async with aclosing(_live(follower, position)) as live:
                    async for seq, payload in live:
                        yield payload
                        position = seq

    @contextmanager
    def _joined(self, group: Group) -> Generator[tuple[_Channel, _Follower]]:
        channel = self._channels.setdefault(group.audience, _Channel())
        following = channel.followings.setdefault(group.key, _Following(group))
        follower = _Follower()
        following.followers.add(follower)
        try:
            yield channel, follower
        finally:
            following.followers.discard(follower)
            if not following.followers:
                del channel.followings[group.key]
            if not channel.followings:
                del self._channels[group.audience]

    async def _drain(self, group: Group, position: int) -> AsyncGenerator[Frame, None]:
        """The log after ``position``, to its head; before it a RESET to the head where ``position`` is of no use.

        Raises:
            FeedBroken: the frames could not be rendered.
        """
        useless = await self._useless(group.audience, position)
        while True:
            if useless is not None:
                position = await self._head(group.audience)
                yield (await _rendered(group, self._reset(group.audience, position, useless)))[0]
                useless = None
            start = Position(audience=group.audience, seq=position)
            page = (await self._feed.after([start], _BATCH, self._clock.now()))[group.audience]
            if page.rows and page.rows[0].seq > position + 1:
                # Rows went while we were reading: a feed is dense.
                useless = "TOO_OLD"
                continue
            for frame in await _rendered(group, page) if page.rows else ():
                yield frame
                position = frame[0]
            if len(page.rows) < _BATCH:
                return

    async def _useless(self, audience: str, position: int) -> str | None:
        if position > await self._head(audience):
            return "AHEAD"
        return "TOO_OLD" if position < await self._feed.floor(audience) else None

    async def _head(self, audience: str) -> int:
        return (await self._feed.heads([audience]))[0].seq

    def _reset(self, audience: str, head: int, reason: str) -> FeedPage:
        now = self._clock.now()
        row = FeedRow(audience=audience, seq=head, at=now, kind=FrameKind.RESET, subject=reason)
        return FeedPage(rows=[row], at=now)

    async def _moved(self) -> set[str]:
        """Followed feeds that are further than what was handed out: their wake-ups were lost, or are under way."""
        heads = await self._feed.heads(list(self._channels))
        return {
            head.audience
            for head in heads
            if (channel := self._channels.get(head.audience)) is not None
            and channel.seq is not None
            and channel.seq < head.seq
        }

    async def _hand_out(self, audiences: set[str]) -> None:
        # A channel that empties meanwhile is done with; one made anew in its place reads the log itself.
        channels = {a: self._channels[a] for a in sorted(audiences) if a in self._channels}
        positions = [
            Position(audience=audience, seq=channel.seq)
            for audience, channel in channels.items()
            if channel.seq is not None
        ]
        if not positions:
            return
        pages = await self._feed.after(positions, _BATCH, self._clock.now())
        moved = {audience: page for audience, page in pages.items() if page.rows}
        # Side by side: a document that asks for more than a page shows waits for reads of its own.
        await asyncio.gather(*(_broadcast(channels[a], page) for a, page in moved.items()))
        for audience, page in moved.items():
            channels[audience].seq = page.rows[-1].seq
            if len(page.rows) == _BATCH:
                self._wake_audiences([audience])

    def _wake_audiences(self, audiences: Iterable[str]) -> None:
        self._woken.update(audiences)
        if self._woken:
            self._wake.set()


async def _broadcast(channel: _Channel, page: FeedPage) -> None:
    """Who joins while this renders finds the rows in the log; who left is not missed."""
    followings = list(channel.followings.values())
    await asyncio.gather(*(_tell(following, page) for following in followings))


async def _tell(following: _Following, page: FeedPage) -> None:
    try:
        frames = await _rendered(following.group, page)
    except FeedBroken:
        for follower in following.followers:
            follower.fail()
    else:
        for follower in following.followers:
            follower.push(frames)


async def _rendered(group: Group, page: FeedPage) -> Sequence[Frame]:
    """``page`` in the bytes of ``group``.

    Raises:
        FeedBroken: whatever went wrong, it is this group's alone.
    """
    try:
        payloads = await group.render(page)
        return [(row.seq, payload) for row, payload in zip(page.rows, payloads, strict=True)]
    except Exception as error:
        _logger.exception("frames of %s could not be rendered", group.audience)
        raise FeedBroken from error


async def _live(follower: _Follower, position: int) -> AsyncGenerator[Frame, None]:
    """Frames as they come, until the follower has to read the log again.

    Raises:
        FeedBroken: the group's frames could not be rendered.
    """
    while True:
        if follower.failed:
            raise FeedBroken
        if follower.overflowed:
            follower.overflowed = False
            return
        while follower.frames:
            seq, payload = follower.frames.popleft()
            if seq <= position:
                continue
            if seq > position + 1:
                return
            yield seq, payload
            position = seq
        await follower.news()
