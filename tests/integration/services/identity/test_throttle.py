"""Attempts to get in are counted: in this process and in Redis, by the same rules."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest

from portnet.domain.identity import throttling
from portnet.domain.identity.throttling import ADDRESS, OWN_DEVICE, TURN, UNKNOWN_DEVICE
from portnet.security.throttling.memory import MemoryThrottle
from portnet.security.throttling.redis import RedisThrottle
from tests.support.servers import Servers

Throttle: TypeAlias = MemoryThrottle | RedisThrottle
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(params=["memory", "redis"])
async def throttle(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[Throttle]:
    made = MemoryThrottle() if request.param == "memory" else RedisThrottle(servers.redis)
    yield made
    await made.close()


@pytest.fixture
def login() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def address() -> str:
    """Somewhere that no other test comes from."""
    return f"not an IP address {uuid.uuid4()}"


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def test_an_account_takes_so_many_guesses_and_then_one_now_and_then(
    throttle: Throttle, login: str
) -> None:
    entry = throttling.sign_in(login, None, None)
    waits = [await throttle.admit(entry, NOW) for _ in range(UNKNOWN_DEVICE.burst + 1)]
    assert waits == [0.0] * UNKNOWN_DEVICE.burst + [UNKNOWN_DEVICE.every]
    assert await throttle.admit(entry, after(UNKNOWN_DEVICE.every - 1)) == pytest.approx(1)
    assert await throttle.admit(entry, after(UNKNOWN_DEVICE.every)) == 0.0
    assert await throttle.admit(entry, after(UNKNOWN_DEVICE.every)) > 0


async def test_of_thirty_guesses_at_once_no_more_get_in_than_in_a_row(
    throttle: Throttle, login: str
) -> None:
    entry = throttling.sign_in(login, None, None)
    waits = await asyncio.gather(*(throttle.admit(entry, NOW) for _ in range(30)))
    assert waits.count(0.0) == UNKNOWN_DEVICE.burst


async def test_guessing_elsewhere_does_not_stop_the_owners_phone(
    throttle: Throttle, login: str, address: str
) -> None:
    for _ in range(UNKNOWN_DEVICE.burst + 1):
        await throttle.admit(throttling.sign_in(login, None, address), NOW)
    own = throttling.sign_in(login, "01DEVICE", address)
    assert await throttle.admit(own, NOW) == 0.0
    for _ in range(OWN_DEVICE.burst):
        await throttle.admit(own, NOW)
    assert await throttle.admit(own, NOW) > 0


async def test_behind_a_flooded_address_a_known_device_gets_in_and_others_get_their_turn(
    throttle: Throttle, login: str, address: str
) -> None:
    flood = [
        await throttle.admit(throttling.sign_in(f"{login}{n}", None, address), NOW)
        for n in range(ADDRESS.burst + 20)
    ]
    assert flood == [0.0] * ADDRESS.burst + [TURN] * 20
    assert await throttle.admit(throttling.sign_in(login, "01DEVICE", address), NOW) == 0.0

    newcomer = throttling.sign_in(login, None, address)
    assert await throttle.admit(newcomer, NOW) == TURN
    # The flood goes on all the while.
    for second in (TURN - 1, TURN):
        for n in range(20):
            other = throttling.sign_in(f"{login}{second}{n}", None, address)
            await throttle.admit(other, after(second))
    assert await throttle.admit(newcomer, after(TURN - 1)) == pytest.approx(1)
    assert await throttle.admit(newcomer, after(TURN)) == 0.0


async def test_a_right_password_does_not_count(
    throttle: Throttle, login: str, address: str
) -> None:
    entry = throttling.sign_in(login, None, address)
    for _ in range(3 * ADDRESS.burst):
        assert await throttle.admit(entry, NOW) == 0.0
        await throttle.forgive(entry, NOW)


async def test_while_redis_is_away_each_process_counts_for_itself(login: str) -> None:
    throttle = RedisThrottle("unix:///nowhere/redis.sock")
    entry = throttling.sign_in(login, None, None)
    waits = [await throttle.admit(entry, NOW) for _ in range(UNKNOWN_DEVICE.burst + 1)]
    await throttle.forgive(entry, NOW)
    assert waits[-1] > 0
    assert await throttle.admit(entry, NOW) == 0.0
    await throttle.close()


async def test_two_processes_count_together(servers: Servers, login: str) -> None:
    both = RedisThrottle(servers.redis), RedisThrottle(servers.redis)
    entry = throttling.sign_in(login, None, None)
    waits = [await both[n % 2].admit(entry, NOW) for n in range(2 * UNKNOWN_DEVICE.burst)]
    assert waits.count(0.0) == UNKNOWN_DEVICE.burst
    for throttle in both:
        await throttle.close()
