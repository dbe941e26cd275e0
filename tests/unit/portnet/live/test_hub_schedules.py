"""Any schedule of commits, lost wake-ups, phones that come, doze and go, and purges: nobody misses or repeats a row."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import assert_never

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from portnet.live.hub import Hub
from tests.support.feed import MemoryFeed, Phone, Screen, hub_over, what_is_wrong
from tests.support.virtual_time import run_in_virtual_time

POLL = 5.0
AUDIENCES = ("a", "b")
SCREENS = ("fr", "ar")


class Commit(msgspec.Struct, frozen=True):
    """So many events, each in a transaction of its own; the wake-ups may be lost."""

    audiences: tuple[str, ...]
    count: int
    woken: bool


class Join(msgspec.Struct, frozen=True):
    """A phone that stands ``behind`` the head (or ahead of it), or wants to hear from now on."""

    audience: str
    screen: str
    behind: int | None
    patience: int | None


class Doze(msgspec.Struct, frozen=True):
    """A slow phone takes ``more`` frames."""

    phone: int
    more: int


class Leave(msgspec.Struct, frozen=True):
    phone: int


class Purge(msgspec.Struct, frozen=True):
    audience: str
    kept: int


class Pass(msgspec.Struct, frozen=True):
    """Time, or a few turns of the loop."""

    turns: int
    polls: int


Step = Commit | Join | Doze | Leave | Purge | Pass

audiences = st.sampled_from(AUDIENCES)
steps = st.one_of(
    st.builds(
        Commit,
        st.sampled_from([("a",), ("b",), ("a", "b")]),
        st.sampled_from([1, 1, 1, 2, 3, 99, 100, 101, 130, 260]),
        st.booleans(),
    ),
    st.builds(
        Join,
        audiences,
        st.sampled_from(SCREENS),
        st.none() | st.integers(-2, 300),
        st.none() | st.integers(1, 5),
    ),
    st.builds(Doze, st.integers(0, 9), st.integers(1, 200)),
    st.builds(Leave, st.integers(0, 9)),
    st.builds(Purge, audiences, st.integers(0, 150)),
    st.builds(Pass, st.integers(0, 12), st.sampled_from([0, 0, 0, 1])),
)


class Followed(msgspec.Struct):
    """A phone, and what it may rightly hear."""

    phone: Phone
    audience: str
    start: int
    from_now_on: bool
    ahead: bool


class Play:
    """A hub on a stage; after the last step everybody is awake and nothing more happens."""

    def __init__(self, feed: MemoryFeed, hub: Hub) -> None:
        self._feed = feed
        self._hub = hub
        self._screens = {(a, s): Screen(a, s) for a in AUDIENCES for s in SCREENS}
        self._heads: dict[str, int] = dict.fromkeys(AUDIENCES, 0)
        self._floors: dict[str, int] = dict.fromkeys(AUDIENCES, 0)
        self._followed: list[Followed] = []

    async def act(self, step: Step) -> None:
        match step:
            case Commit():
                for _ in range(step.count):
                    self._commit(step)
            case Join():
                self._join(step)
            case Doze():
                if step.phone < len(self._followed):
                    await self._followed[step.phone].phone.want(step.more)
            case Leave():
                if step.phone < len(self._followed):
                    await self._followed.pop(step.phone).phone.leave()
            case Purge():
                floor = max(self._heads[step.audience] - step.kept, self._floors[step.audience])
                self._floors[step.audience] = floor
                self._feed.forget(step.audience, floor)
            case Pass():
                for _ in range(step.turns):
                    await asyncio.sleep(0)
                await asyncio.sleep(step.polls * POLL)
            case _:
                assert_never(step)

    def _commit(self, step: Commit) -> None:
        positions = self._feed.commit(*step.audiences)
        self._heads.update({p.audience: p.seq for p in positions})
        if step.woken:
            self._hub.wake(positions)

    def _join(self, step: Join) -> None:
        head = self._heads[step.audience]
        after = None if step.behind is None else max(0, head - step.behind)
        group = self._screens[step.audience, step.screen].group
        self._followed.append(
            Followed(
                phone=Phone(self._hub, group, after, step.patience),
                audience=step.audience,
                start=head if after is None else after,
                from_now_on=after is None,
                ahead=after is not None and after > head,
            )
        )

    async def end(self) -> None:
        for followed in self._followed:
            await followed.phone.want(None)
        await asyncio.sleep(2 * POLL)

    def check(self) -> None:
        for followed in self._followed:
            assert not followed.phone.following.done()
            self._check(followed)

    def _check(self, followed: Followed) -> None:
        heard, head = followed.phone.heard, self._heads[followed.audience]
        start = followed.start
        if followed.from_now_on and not heard:
            start = head
        elif followed.from_now_on and heard[0].isdigit():
            # "Now" is when its first read came back.
            start = int(heard[0]) - 1
            assert start >= followed.start
        wrong = what_is_wrong(
            heard, start, head, floor=self._floors[followed.audience], ahead=followed.ahead
        )
        assert wrong is None, f"{wrong}: {heard[-3:]}"

    async def all_leave(self) -> None:
        while self._followed:
            await self._followed.pop().phone.leave()


async def played(script: Sequence[Step], chance: Random) -> None:
    async def pause() -> None:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)

    feed = MemoryFeed(pause)
    async with hub_over(feed, POLL) as hub:
        play = Play(feed, hub)
        for step in script:
            await play.act(step)
        await play.end()
        play.check()
        await play.all_leave()
        reads = feed.reads["after"]
        hub.wake(feed.commit(*AUDIENCES))
        await asyncio.sleep(2 * POLL)
        assert feed.reads["after"] == reads


@given(script=st.lists(steps, max_size=25), seed=st.integers(0, 2**32))
def test_no_schedule_makes_a_phone_miss_or_repeat_a_row(script: list[Step], seed: int) -> None:
    run_in_virtual_time(played(script, Random(seed)))
