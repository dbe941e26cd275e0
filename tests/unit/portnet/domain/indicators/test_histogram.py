"""The histogram: exact counts and sums, percentiles within its error, and values that can be taken out again."""

import pytest

from portnet.domain.indicators.histogram import (
    LARGEST,
    RELATIVE_ERROR,
    Tally,
    bucket,
    merged,
    middle,
    rank,
    share_of,
    tally_of,
)


@pytest.mark.parametrize(
    "value", [1, 2, 24, 25, 26, 27, 999, 60_000, 9_000_000, 604_800_000, LARGEST]
)
def test_a_value_is_never_far_from_the_middle_of_its_bucket(value: int) -> None:
    assert abs(middle(bucket(value)) - value) <= RELATIVE_ERROR * value


def test_a_larger_value_never_falls_into_a_smaller_bucket() -> None:
    buckets = [bucket(value) for value in range(20_000)]
    assert buckets == sorted(buckets)
    assert buckets[:26] == list(range(26))


def test_what_cannot_be_is_kept_at_the_ends() -> None:
    assert bucket(-5) == bucket(0) == 0
    assert bucket(LARGEST * 50) == bucket(LARGEST)


def test_small_values_are_exact() -> None:
    tally = tally_of((value, 1) for value in range(1, 11))
    assert [tally.percentile(share) for share in (0.1, 0.5, 0.9, 1.0)] == [1, 5, 9, 10]
    assert tally.mean() == 5.5


def test_nothing_has_neither_mean_nor_percentile() -> None:
    assert (Tally().mean(), Tally().percentile(0.5)) == (None, None)


def test_what_is_taken_out_was_never_there() -> None:
    whole = tally_of([(10, 2), (5_000, 1), (90_000, 4)])
    assert merged([whole, tally_of([(5_000, -1)])]) == tally_of([(10, 2), (90_000, 4)])


def test_a_share_counts_its_hits() -> None:
    tally = share_of([(True, 3), (False, 1)])
    assert (tally.count, tally.total, tally.mean(), tally.buckets) == (4, 3, 0.75, {})


@pytest.mark.parametrize(
    ("share", "count", "expected"), [(0.9, 10, 9), (0.5, 1, 1), (0.95, 20, 19), (0.5, 3, 2)]
)
def test_the_nearest_rank(share: float, count: int, expected: int) -> None:
    assert rank(share, count) == expected
