"""Hints between processes: two relays are two processes, and Redis may go away at any time."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from portnet.live.hub import Hub
from portnet.live.memory import MemoryRelay
from portnet.live.redis import RedisRelay
from portnet.live.relay import Hint, Relay, RelayedWakeups
from portnet.ports.unit_of_work import Position
from tests.integration.live.redis_server import KillableRedis
from tests.support.clock import NOON
from tests.support.feed import FeedLog, MemoryFeed, Phone, Screen, frames, hub_over
from tests.support.servers import Servers


class Ear:
    """Keeps the hints that one process hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Hint] = asyncio.Queue()

    async def next(self) -> Hint:
        return await asyncio.wait_for(self.heard.get(), 20)


class Process:
    """A web process: its hub, its relay."""

    def __init__(self, hub: Hub, relay: Relay) -> None:
        self.hub = hub
        self.relay = relay
        self.wakeups = RelayedWakeups(relay)

    def on_hint(self, hint: Hint) -> None:
        self.hub.wake(hint.feeds)


@asynccontextmanager
async def process(feed: FeedLog, relay: Relay, poll: float) -> AsyncGenerator[Process]:
    async with hub_over(feed, poll) as hub:
        running = Process(hub, relay)
        await relay.start(running.on_hint)
        try:
            if isinstance(relay, RedisRelay):
                await asyncio.wait_for(relay.listening(), 20)
            yield running
        finally:
            await relay.stop()


@pytest.fixture
def killable() -> Iterator[KillableRedis]:
    # Directly in the system's temporary folder: the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="portnet-redis-") as folder:
        redis = KillableRedis(Path(folder))
        redis.start()
        yield redis
        redis.kill()


@pytest.fixture
async def two_ears(servers: Servers) -> AsyncIterator[tuple[RedisRelay, Ear, Ear]]:
    """The relay of the process that speaks, its own ear and another process's."""
    ears = [Ear(), Ear()]
    relays = [RedisRelay(servers.redis), RedisRelay(servers.redis)]
    for relay, ear in zip(relays, ears, strict=True):
        await relay.start(ear.heard.put_nowait)
        await asyncio.wait_for(relay.listening(), 20)
    yield relays[0], ears[0], ears[1]
    for relay in relays:
        await relay.stop()


async def shout(url: str, data: bytes) -> None:
    """Say ``data`` where hints travel."""
    # The library types its keyword arguments as unknown.
    connect: Any = Redis
    stranger = connect.from_url(url)
    await stranger.publish("portnet:hints", data)
    await stranger.aclose()


async def test_hints_of_one_process_wake_its_own_phones(feed: FeedLog) -> None:
    async with process(feed, MemoryRelay(), poll=3600) as only:
        phone = Phone(only.hub, Screen("a").group, after=0)
        for number in range(1, 6):
            only.wakeups.feeds(await feed.append("a"))
            await phone.until(b"%d" % number)
        assert phone.heard == frames(1, 5)
        await phone.leave()


async def test_hints_of_one_process_wake_the_phones_of_another(
    feed: FeedLog, servers: Servers
) -> None:
    async with (
        process(feed, RedisRelay(servers.redis), poll=3600) as worker,
        process(feed, RedisRelay(servers.redis), poll=3600) as web,
    ):
        phones = [Phone(p.hub, Screen("a").group, after=0) for p in (worker, web)]
        worker.wakeups.feeds(await feed.append("a"))
        await asyncio.gather(*(phone.until(b"1") for phone in phones))
        for number in range(2, 20):
            speaker = (worker, web)[number % 2]
            speaker.wakeups.feeds(await feed.append("a"))
            await asyncio.gather(*(phone.until(b"%d" % number) for phone in phones))
        for phone in phones:
            assert phone.heard == frames(1, 19)
            await phone.leave()


async def test_every_kind_of_hint_travels(two_ears: tuple[RedisRelay, Ear, Ear]) -> None:
    relay, own, other = two_ears
    wakeups = RelayedWakeups(relay)
    position = Position(audience="company:importer", seq=7)
    wakeups.feeds([position])
    wakeups.inbox()
    wakeups.outbox()
    wakeups.session_renewed("s", NOON + timedelta(days=1))
    wakeups.session_ended("s")
    wakeups.feeds([])
    expected = [
        Hint(feeds=(position,)),
        Hint(inbox=True),
        Hint(outbox=True),
        Hint(session="s", session_until=NOON + timedelta(days=1)),
        Hint(session="s"),
    ]
    assert [await own.next() for _ in expected] == expected
    assert [await other.next() for _ in expected] == expected
    assert own.heard.empty()


@pytest.mark.parametrize(
    "garbage",
    [b"", b"null", b"\xff\xfe", b'{"sender":"x"}', b'["x",{"feeds":[{"audience":"\xff"}]}]'],
)
async def test_what_is_no_hint_stands_in_nobodys_way(
    garbage: bytes, servers: Servers, two_ears: tuple[RedisRelay, Ear, Ear]
) -> None:
    relay, _, other = two_ears
    await shout(servers.redis, garbage)
    relay.publish(Hint(inbox=True))
    assert await other.next() == Hint(inbox=True)


async def test_a_hint_of_a_later_release_is_understood_as_far_as_it_goes(
    servers: Servers, two_ears: tuple[RedisRelay, Ear, Ear]
) -> None:
    _, _, other = two_ears
    later = msgspec.json.encode({"sender": "later", "hint": {"inbox": True, "weather": "fine"}})
    await shout(servers.redis, later)
    assert await other.next() == Hint(inbox=True)


async def test_events_arrive_by_looking_while_redis_is_dead(killable: KillableRedis) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
    feed = MemoryFeed()
    async with (
        process(feed, RedisRelay(killable.url), poll=0.05) as worker,
        process(feed, RedisRelay(killable.url), poll=0.05) as web,
    ):
        phone = Phone(web.hub, Screen("a").group, after=0)
        for number in (30, 60):
            killable.kill()
            for _ in range(30):
                worker.wakeups.feeds(feed.commit("a"))
            await phone.until(b"%d" % number)
            killable.start()
        assert phone.heard == frames(1, 60)
        await phone.leave()
    assert not complaints


async def test_hints_travel_again_once_redis_is_back(killable: KillableRedis) -> None:
    speaker, listener, ear = RedisRelay(killable.url), RedisRelay(killable.url), Ear()
    await speaker.start(Ear().heard.put_nowait)
    await listener.start(ear.heard.put_nowait)
    await asyncio.wait_for(listener.listening(), 20)
    killable.kill()
    speaker.publish(Hint(outbox=True))
    killable.start()
    while ear.heard.empty():
        # Some are lost while both find their way back.
        speaker.publish(Hint(inbox=True))
        await asyncio.sleep(0.05)
    assert (await ear.next()) in (Hint(inbox=True), Hint(outbox=True))
    await speaker.stop()
    await listener.stop()


async def test_a_relay_starts_and_stops_though_redis_was_never_there(tmp_path: Path) -> None:
    relay, ear = RedisRelay(f"unix://{tmp_path}/nobody.sock"), Ear()
    await relay.start(ear.heard.put_nowait)
    for _ in range(1_500):
        relay.publish(Hint(outbox=True))
    assert await ear.next() == Hint(outbox=True)
    assert ear.heard.qsize() == 1_499
    await relay.stop()
