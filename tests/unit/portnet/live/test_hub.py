"""The hub over a feed in memory, in virtual time: every order in which things can happen, none of them waited for."""

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from portnet.live.hub import FeedBroken, Hub
from portnet.ports.unit_of_work import Position
from tests.support.clock import SteppedClock
from tests.support.feed import MemoryFeed, Phone, Screen, frames, hub_over
from tests.support.virtual_time import run_in_virtual_time

POLL = 5.0


def timeless(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run an async test in virtual time."""

    def run() -> None:
        run_in_virtual_time(test())

    return run


def turns(chance: Random, most: int = 3) -> Callable[[], Awaitable[None]]:
    """A database that takes its time: each read lets others have a few turns."""

    async def pause() -> None:
        for _ in range(chance.randrange(most + 1)):
            await asyncio.sleep(0)

    return pause


async def settle() -> None:
    """Let everybody come to rest; no poll is due meanwhile."""
    await asyncio.sleep(POLL / 100)


@asynccontextmanager
async def stage() -> AsyncGenerator[tuple[MemoryFeed, Hub]]:
    feed = MemoryFeed()
    async with hub_over(feed, POLL) as hub:
        yield feed, hub


@timeless
async def test_what_came_after_the_cursor_comes_first_then_what_happens() -> None:
    async with stage() as (feed, hub):
        feed.commit(*["a"] * 250)
        phone = Phone(hub, Screen("a").group, after=10)
        await phone.until(b"250")
        hub.wake(feed.commit("a", "a"))
        assert await phone.until(b"252") == frames(11, 252)


@timeless
async def test_without_a_cursor_a_phone_hears_from_now_on() -> None:
    async with stage() as (feed, hub):
        feed.commit("a", "a", "a")
        phone = Phone(hub, Screen("a").group)
        await settle()
        hub.wake(feed.commit("a"))
        assert await phone.until(b"4") == frames(4, 4)


@timeless
async def test_a_row_is_rendered_once_for_all_phones_of_a_group() -> None:
    async with stage() as (feed, hub):
        french, arabic = Screen("a", "fr"), Screen("a", "ar")
        phones = [Phone(hub, s.group) for s in (french, arabic) for _ in range(50)]
        await settle()
        for _ in range(20):
            hub.wake(feed.commit("a"))
            await settle()
        assert all(phone.heard == frames(1, 20) for phone in phones)
        assert set(french.rendered.values()) == set(arabic.rendered.values()) == {1}


@timeless
async def test_a_wake_for_many_audiences_is_one_read() -> None:
    async with stage() as (feed, hub):
        phones = [Phone(hub, Screen(f"a{number}").group) for number in range(30)]
        await settle()
        before = feed.reads["after"]
        hub.wake(feed.commit(*(f"a{number}" for number in range(30))))
        await settle()
        assert feed.reads["after"] == before + 1
        assert all(phone.heard == frames(1, 1) for phone in phones)


@timeless
async def test_an_event_whose_wake_was_lost_is_found_by_looking() -> None:
    async with stage() as (feed, hub):
        phone = Phone(hub, Screen("a").group)
        await settle()
        feed.commit("a", "a")
        await settle()
        assert phone.heard == []
        await asyncio.sleep(POLL)
        assert phone.heard == frames(1, 2)


@timeless
async def test_a_lost_wake_is_found_though_others_are_woken_all_the_time() -> None:
    async with stage() as (feed, hub):
        busy, quiet = Phone(hub, Screen("busy").group), Phone(hub, Screen("quiet").group)
        await settle()
        feed.commit("quiet")
        for _ in range(20):
            hub.wake(feed.commit("busy"))
            await asyncio.sleep(POLL / 10)
        assert quiet.heard == frames(1, 1)
        assert busy.heard == frames(1, 20)


@timeless
async def test_looking_reads_rows_of_those_feeds_only_that_moved() -> None:
    async with stage() as (feed, hub):
        Phone(hub, Screen("a").group)
        await settle()
        before = dict(feed.reads)
        await asyncio.sleep(3 * POLL)
        assert feed.reads["after"] == before["after"]
        assert feed.reads["heads"] == before["heads"] + 3


@pytest.mark.parametrize("burst", [99, 100, 101, 128, 129, 500])
def test_a_slow_phone_misses_nothing_however_much_it_sleeps_through(burst: int) -> None:
    async def main() -> None:
        async with stage() as (feed, hub):
            slow = Phone(hub, Screen("a").group, patience=1)
            quick = Phone(hub, Screen("a").group)
            await settle()
            for _ in range(3):
                hub.wake(feed.commit(*["a"] * burst))
                await settle()
            assert quick.heard == frames(1, 3 * burst)
            assert slow.heard == frames(1, 1)
            await slow.want(None)
            assert await slow.until(b"%d" % (3 * burst)) == frames(1, 3 * burst)

    run_in_virtual_time(main())


@timeless
async def test_one_slow_phone_holds_up_nobody_and_costs_no_second_render() -> None:
    async with stage() as (feed, hub):
        screen = Screen("a")
        slow, quick = Phone(hub, screen.group, patience=1), Phone(hub, screen.group)
        await settle()
        hub.wake(feed.commit(*["a"] * 90))
        assert await quick.until(b"90") == frames(1, 90)
        await slow.want(None)
        assert await slow.until(b"90") == frames(1, 90)
        assert set(screen.rendered.values()) == {1}


@timeless
async def test_a_phone_that_leaves_leaves_nothing_behind() -> None:
    async with stage() as (feed, hub):
        screen = Screen("a")
        gone = weakref.ref(screen)
        phones = [Phone(hub, screen.group, after) for after in (None, 0, 7)]
        await settle()
        tasks = asyncio.all_tasks()
        hub.wake(feed.commit("a"))
        await asyncio.gather(*(phone.leave() for phone in phones))
        assert asyncio.all_tasks() == tasks - {phone.following for phone in phones}
        del screen, phones, tasks
        before = feed.reads["after"]
        hub.wake(feed.commit("a"))
        await asyncio.sleep(2 * POLL)
        assert feed.reads["after"] == before
        gc.collect()
        assert gone() is None


@timeless
async def test_a_stream_that_was_never_begun_registers_nothing() -> None:
    async with stage() as (feed, hub):
        await hub.follow(Screen("a").group, None).aclose()
        hub.wake(feed.commit("a"))
        await asyncio.sleep(2 * POLL)
        assert feed.reads["after"] == 0


@timeless
async def test_a_cursor_ahead_of_the_feed_is_reset_to_the_head() -> None:
    async with stage() as (feed, hub):
        feed.commit("a", "a")
        phone = Phone(hub, Screen("a").group, after=9)
        await phone.until(b"RESET 2 AHEAD")
        hub.wake(feed.commit("a"))
        assert await phone.until(b"3") == [b"RESET 2 AHEAD", b"3"]


@timeless
async def test_a_cursor_under_the_floor_is_reset_to_the_head() -> None:
    async with stage() as (feed, hub):
        feed.commit(*["a"] * 9)
        feed.forget("a", 5)
        old, kept = Phone(hub, Screen("a").group, after=4), Phone(hub, Screen("a").group, after=5)
        await asyncio.gather(old.until(b"RESET 9 TOO_OLD"), kept.until(b"9"))
        hub.wake(feed.commit("a"))
        assert await old.until(b"10") == [b"RESET 9 TOO_OLD", b"10"]
        assert await kept.until(b"10") == frames(6, 10)


@timeless
async def test_rows_purged_while_a_slow_phone_sleeps_are_a_reset_and_no_silent_hole() -> None:
    async with stage() as (feed, hub):
        phone = Phone(hub, Screen("a").group, patience=1)
        await settle()
        for _ in range(4):
            hub.wake(feed.commit(*["a"] * 100))
            await settle()
        feed.forget("a", 300)
        await phone.want(None)
        assert await phone.until(b"RESET 400 TOO_OLD") == [b"1", b"RESET 400 TOO_OLD"]
        hub.wake(feed.commit("a"))
        assert (await phone.until(b"401"))[-1] == b"401"


@timeless
async def test_a_render_that_fails_ends_its_own_group_only() -> None:
    async with stage() as (feed, hub):
        broken, sound = Screen("a", "fr"), Screen("a", "ar")
        elsewhere = Screen("b", "fr")
        ended = [Phone(hub, broken.group) for _ in range(3)]
        others = [Phone(hub, screen.group) for screen in (sound, elsewhere)]
        await settle()
        broken.failure = LookupError("a row that nobody can show")
        hub.wake(feed.commit("a", "b"))
        await settle()
        for phone in ended:
            assert isinstance(phone.following.exception(), FeedBroken)
        broken.failure = None
        again = Phone(hub, broken.group, after=0)
        hub.wake(feed.commit("a", "b"))
        await settle()
        assert [phone.heard for phone in (*others, again)] == [frames(1, 2)] * 3


@timeless
async def test_a_render_that_fails_over_the_log_breaks_that_stream_alone() -> None:
    async with stage() as (feed, hub):
        feed.commit("a")
        screen = Screen("a")
        sound = Phone(hub, screen.group)
        await settle()
        screen.failure = LookupError("a row that nobody can show")
        late = Phone(hub, screen.group, after=0)
        await settle()
        screen.failure = None
        hub.wake(feed.commit("a"))
        await settle()
        assert isinstance(late.following.exception(), FeedBroken)
        assert sound.heard == frames(2, 2)


@timeless
async def test_a_render_that_loses_a_row_is_a_failure_of_its_group() -> None:
    async with stage() as (feed, hub):
        short = Screen("a", "short", loses=1)
        phone, other = Phone(hub, short.group), Phone(hub, Screen("a").group)
        await settle()
        hub.wake(feed.commit("a", "a"))
        await settle()
        assert isinstance(phone.following.exception(), FeedBroken)
        assert other.heard == frames(1, 2)


@timeless
async def test_a_read_that_fails_is_made_again_when_the_hub_looks() -> None:
    async with stage() as (feed, hub):
        phone = Phone(hub, Screen("a").group)
        await settle()
        feed.failures.append(OSError("no database"))
        hub.wake(feed.commit("a"))
        await settle()
        assert phone.heard == []
        await asyncio.sleep(POLL)
        assert phone.heard == frames(1, 1)


@timeless
async def test_a_phone_whose_first_read_fails_does_not_spoil_the_channel() -> None:
    async with stage() as (feed, hub):
        feed.failures.append(OSError("no database"))
        first, second = Phone(hub, Screen("a").group), Phone(hub, Screen("a").group, after=0)
        await settle()
        hub.wake(feed.commit("a"))
        await settle()
        assert isinstance(first.following.exception(), OSError)
        assert second.heard == frames(1, 1)


@timeless
async def test_a_hint_for_a_feed_that_nobody_follows_costs_nothing() -> None:
    async with stage() as (feed, hub):
        hub.wake([Position(audience="nobody", seq=3)])
        await settle()
        assert not feed.reads


def test_a_hub_can_be_stopped_at_any_turn() -> None:
    async def stopped_after(count: int) -> None:
        feed = MemoryFeed(turns(Random(count)))
        hub = Hub(feed, SteppedClock(), POLL)
        running = asyncio.create_task(hub.run())
        phone = Phone(hub, Screen("a").group, after=0)
        hub.wake(feed.commit("a"))
        for _ in range(count):
            await asyncio.sleep(0)
            hub.wake(feed.commit("a"))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
        await phone.leave()
        assert phone.heard == frames(1, len(phone.heard))

    for count in range(25):
        run_in_virtual_time(stopped_after(count))
