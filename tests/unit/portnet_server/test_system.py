"""Ids that grow, whatever the clock does."""

from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.identifiers import is_ulid, new_ulid
from portnet_server.system import GrowingIds, SystemClock
from tests.support.clock import NOON, SteppedClock


def test_the_clock_tells_aware_utc_and_does_not_go_back() -> None:
    clock = SystemClock()
    earlier, later = clock.now(), clock.now()
    assert earlier.tzinfo is UTC
    assert earlier <= later


@given(st.lists(st.integers(-5_000, 5_000), max_size=50))
def test_ids_grow_though_the_clock_stands_still_or_steps_back(moves: list[int]) -> None:
    clock = SteppedClock()
    ids = GrowingIds(clock)
    made = [ids.new()]
    for milliseconds in moves:
        clock.advance(timedelta(milliseconds=milliseconds))
        made += [ids.new(), ids.new()]
    assert made == sorted(set(made))
    assert all(map(is_ulid, made))


def test_an_id_begins_with_its_millisecond() -> None:
    at = NOON + timedelta(microseconds=1_999)
    assert GrowingIds(SteppedClock(at)).new()[:10] == new_ulid(at, bytes(10))[:10]


def test_two_processes_make_different_ids_in_one_millisecond() -> None:
    made = {GrowingIds(SteppedClock()).new() for _ in range(100)}
    assert len(made) == 100
