"""The hub hands each feed's rows to its followers, rendered once for each group of like phones.

It keeps no truth: the log in the database does. A follower that falls behind, or that sees a gap, reads the log again;
so a lost wake-up, a slow phone or a restarted hub costs time and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import aclosing, suppress

from portnet.domain.events import FeedRow, FrameKind
from portnet.ports.clock import Clock
from portnet.ports.live import Group
from portnet.ports.reading import FeedReader
from portnet.ports.unit_of_work import Position

_logger = logging.getLogger(__name__)

#: Frames that wait for one slow phone; beyond it the phone is sent back to the log, and memory stays bounded.
_BUFFER = 128
#: Rows of one audience that one read takes.
_BATCH = 100

Frame = tuple[int, bytes]


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
    """One audience that somebody follows here; `seq` is how far its rows were handed out, None before the first look."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.followings: dict[Hashable, _Following] = {}


class FeedBroken(Exception):
    """Frames could not be rendered; the follower starts again."""


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
        self._woken.update(p.audience for p in positions if p.audience in self._channels)
        if self._woken:
            self._wake.set()

    async def run(self) -> None:
        """Hand rows out until cancelled: at once when woken, and by looking at every followed feed now and then."""
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._wake.wait()
                woken, self._woken = self._woken, set()
                self._wake.clear()
            except TimeoutError:
                woken = set(self._channels)
            try:
                await self._hand_out(woken)
            except Exception:
                _logger.exception(
                    "the hub could not read the feeds; it looks again at the next poll"
                )

    async def follow(self, group: Group, after: int | None) -> AsyncGenerator[bytes, None]:
        channel = self._channels.setdefault(group.audience, _Channel())
        following = channel.followings.setdefault(group.key, _Following(group))
        follower = _Follower()
        following.followers.add(follower)
        try:
            position = (await self._feed.heads([group.audience]))[0].seq
            if channel.seq is None:
                channel.seq = position
            if after is not None:
                reason = await self._useless(group.audience, after, position)
                if reason is not None:
                    yield await self._reset(group, position, reason)
                else:
                    position = after
            while True:
                async with aclosing(self._drain(group, position)) as logged:
                    async for seq, payload in logged:
                        yield payload
                        position = seq
                async with aclosing(_live(follower, position)) as live:
                    async for seq, payload in live:
                        yield payload
                        position = seq
        finally:
            self._leave(group, channel, following, follower)

    async def _useless(self, audience: str, after: int, head: int) -> str | None:
        if after > head:
            return "AHEAD"
        return "TOO_OLD" if after < await self._feed.floor(audience) else None

    async def _reset(self, group: Group, head: int, reason: str) -> bytes:
        row = FeedRow(
            audience=group.audience,
            seq=head,
            at=self._clock.now(),
            kind=FrameKind.RESET,
            subject=reason,
        )
        return (await group.render([row]))[0]

    async def _drain(self, group: Group, position: int) -> AsyncGenerator[Frame, None]:
        """The log after ``position``, to its head."""
        while True:
            start = Position(audience=group.audience, seq=position)
            read = (await self._feed.after([start], _BATCH))[group.audience]
            for row, payload in zip(read, await group.render(read) if read else (), strict=True):
                yield row.seq, payload
                position = row.seq
            if len(read) < _BATCH:
                return

    async def _hand_out(self, audiences: set[str]) -> None:
        positions = [
            Position(audience=audience, seq=channel.seq)
            for audience in sorted(audiences)
            if (channel := self._channels.get(audience)) is not None and channel.seq is not None
        ]
        if not positions:
            return
        for audience, read in (await self._feed.after(positions, _BATCH)).items():
            channel = self._channels.get(audience)
            if channel is None or not read:
                continue
            await self._broadcast(channel, read)
            channel.seq = read[-1].seq
            if len(read) == _BATCH:
                self._woken.add(audience)
                self._wake.set()

    async def _broadcast(self, channel: _Channel, read: Sequence[FeedRow]) -> None:
        for following in list(channel.followings.values()):
            try:
                payloads = await following.group.render(read)
            except Exception:
                _logger.exception("frames of %s could not be rendered", following.group.audience)
                for follower in following.followers:
                    follower.fail()
                continue
            frames = [(row.seq, payload) for row, payload in zip(read, payloads, strict=True)]
            for follower in following.followers:
                follower.push(frames)

    def _leave(
        self, group: Group, channel: _Channel, following: _Following, follower: _Follower
    ) -> None:
        following.followers.discard(follower)
        if following.followers:
            return
        with suppress(KeyError):
            del channel.followings[group.key]
        if not channel.followings:
            self._channels.pop(group.audience, None)


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
