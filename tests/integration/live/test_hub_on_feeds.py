"""The hub over each feed, with real writers beside it."""

import asyncio
from random import Random

from tests.support.feed import FeedLog, Phone, Screen, frames, hub_over, what_is_wrong

AUDIENCES = ("company:importer", "company:broker", "user:amina")


async def test_snapshot_and_events_are_everything_under_concurrent_writers(feed: FeedLog) -> None:
    chance = Random(7)
    for _ in range(2):
        await feed.append(*AUDIENCES)
    async with hub_over(feed, poll_seconds=0.05) as hub:

        async def write() -> None:
            for _ in range(25):
                moved = await feed.append(*chance.sample(AUDIENCES, chance.randint(1, 3)))
                if chance.random() < 0.5:
                    hub.wake(moved)

        async def come_and_go(audience: str, after: int) -> None:
            phone = Phone(hub, Screen(audience).group, after)
            await phone.until(b"%d" % (after + 3))
            await phone.leave()
            last = after + len(phone.heard)
            assert what_is_wrong(phone.heard, after, last) is None

        phones = [(a, Phone(hub, Screen(a).group, after=0)) for a in AUDIENCES for _ in range(3)]
        visits = [come_and_go(a, after) for a in AUDIENCES for after in (0, 2)]
        await asyncio.gather(*(write() for _ in range(4)), *visits)
        heads = {p.audience: p.seq for p in await feed.heads(AUDIENCES)}
        for audience, phone in phones:
            await phone.until(b"%d" % heads[audience])
            assert what_is_wrong(phone.heard, 0, heads[audience]) is None
            await phone.leave()


async def test_a_phone_that_drops_its_socket_anywhere_hears_the_same(feed: FeedLog) -> None:
    async with hub_over(feed, poll_seconds=0.05) as hub:
        heard: list[bytes] = []
        for number in range(12):
            hub.wake(await feed.append("a"))
            phone = Phone(hub, Screen("a").group, after=len(heard))
            hub.wake(await feed.append("a"))
            heard += await phone.until(b"%d" % (2 * number + 2))
            await phone.leave()
        assert heard == frames(1, 24)


async def test_useless_cursors_are_reset_on_every_feed(feed: FeedLog) -> None:
    async with hub_over(feed) as hub:
        for _ in range(5):
            await feed.append("a")
        await feed.purge("a", 3)
        ahead, old = Phone(hub, Screen("a").group, 6), Phone(hub, Screen("a").group, 2)
        kept = Phone(hub, Screen("a").group, 3)
        await asyncio.gather(
            ahead.until(b"RESET 5 AHEAD"), old.until(b"RESET 5 TOO_OLD"), kept.until(b"5")
        )
        hub.wake(await feed.append("a"))
        assert await ahead.until(b"6") == [b"RESET 5 AHEAD", b"6"]
        assert await old.until(b"6") == [b"RESET 5 TOO_OLD", b"6"]
        assert await kept.until(b"6") == frames(4, 6)
        for phone in (ahead, old, kept):
            await phone.leave()


async def test_a_row_is_rendered_once_for_a_group_on_every_feed(feed: FeedLog) -> None:
    async with hub_over(feed) as hub:
        screen = Screen("a")
        phones = [Phone(hub, screen.group, after=0) for _ in range(20)]
        hub.wake(await feed.append("a"))
        await asyncio.gather(*(phone.until(b"1") for phone in phones))
        screen.rendered.clear()
        for number in range(2, 12):
            hub.wake(await feed.append("a"))
            await asyncio.gather(*(phone.until(b"%d" % number) for phone in phones))
            assert all(phone.heard == frames(1, number) for phone in phones)
        assert dict(screen.rendered) == dict.fromkeys(range(2, 12), 1)
        for phone in phones:
            await phone.leave()
