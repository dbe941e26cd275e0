"""Counting in one process takes a fixed amount of memory, whatever is thrown at it."""

import tracemalloc
from datetime import UTC, datetime, timedelta

from portnet.domain.identity import throttling
from portnet.domain.identity.throttling import UNKNOWN_DEVICE
from portnet.security.throttling.memory import MemoryThrottle

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def _flood(throttle: MemoryThrottle, start: int, attempts: int) -> None:
    """Each from an address of its own, so that each is counted."""
    for n in range(start, start + attempts):
        entry = throttling.sign_in(f"user{n}", None, f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
        await throttle.admit(entry, NOW + timedelta(seconds=n / 200))


async def test_a_flood_from_everywhere_does_not_grow_what_is_kept() -> None:
    throttle = MemoryThrottle(tallies=1_000, turns=200)
    await _flood(throttle, 0, 2_000)
    tracemalloc.start()
    await _flood(throttle, 2_000, 4_000)
    grown, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A thousand new keys took the places of a thousand; four thousand kept would be over 1 MB.
    assert grown < 400_000


async def test_a_flood_from_one_address_does_not_push_a_guessed_accounts_count_out() -> None:
    throttle = MemoryThrottle(tallies=1_000, turns=200)
    guessed = throttling.sign_in("manager", None, "192.0.2.1")
    for _ in range(UNKNOWN_DEVICE.burst):
        assert await throttle.admit(guessed, NOW) == 0.0
    for n in range(20_000):
        await throttle.admit(throttling.sign_in(f"user{n}", None, "192.0.2.1"), NOW)
    assert await throttle.admit(guessed, NOW) > 0
