"""Many values in a few numbers: a histogram whose buckets widen by four per cent, so that a percentile read from it is
within two per cent of the exact one, and values can be taken out again. Whole numbers only: every machine counts alike.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

#: A percentile lies at most this far from the exact one, as a share of it.
RELATIVE_ERROR = 0.02
#: The largest value that is told apart from larger ones: ten years in milliseconds.
LARGEST = 10 * 366 * 24 * 3_600_000


def _bounds() -> list[int]:
    """The largest value of each bucket: one by one up to 25, then 26/25 of the one before."""
    bounds = [0]
    while bounds[-1] < LARGEST:
        bounds.append(max(bounds[-1] + 1, bounds[-1] * 26 // 25))
    return bounds


_BOUNDS = _bounds()


def bucket(value: int) -> int:
    """The bucket of ``value``; negative values share the first one, too large ones the last."""
    return min(bisect_left(_BOUNDS, value), len(_BOUNDS) - 1)


def middle(number: int) -> float:
    """The value that stands for a bucket: no value of it is further away than `RELATIVE_ERROR` of itself."""
    return 0.0 if number == 0 else (_BOUNDS[number - 1] + 1 + _BOUNDS[number]) / 2


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` values with the exact sum ``total``; ``buckets`` say how many of them each bucket holds.

    Shares have no buckets: their ``total`` is how many of the ``count`` hit. A difference of tallies may be negative.
    """

    count: int = 0
    total: int = 0
    buckets: Mapping[int, int] = {}

    def mean(self) -> float | None:
        """The exact mean; None of nothing."""
        return self.total / self.count if self.count else None

    def percentile(self, share: float) -> float | None:
        """About the smallest value that ``share`` (0 to 1) of them do not exceed; None of nothing."""
        left = rank(share, self.count)
        for number in sorted(self.buckets):
            left -= self.buckets[number]
            if left <= 0:
                return middle(number)
        return None


def rank(share: float, count: int) -> int:
    """Which of ``count`` ordered values, from 1, is the percentile (the nearest-rank definition)."""
    # Rounded first: 0.9 × 10 is a little more than 9 in floating point.
    return max(1, math.ceil(round(share * count, 6)))


def tally_of(values: Iterable[tuple[int, int]]) -> Tally:
    """Values with how often each is counted; minus one takes a value out."""
    count = total = 0
    buckets: Counter[int] = Counter()
    for value, times in values:
        count += times
        total += value * times
        buckets[bucket(value)] += times
    return Tally(count=count, total=total, buckets=_kept(buckets))


def share_of(hits: Iterable[tuple[bool, int]]) -> Tally:
    """Hits and misses with how often each is counted."""
    count = total = 0
    for hit, times in hits:
        count += times
        total += times if hit else 0
    return Tally(count=count, total=total)


def merged(tallies: Iterable[Tally]) -> Tally:
    """All values of all tallies."""
    given = list(tallies)
    if len(given) == 1:
        return given[0]
    count = total = 0
    buckets: Counter[int] = Counter()
    for tally in given:
        count += tally.count
        total += tally.total
        for number, times in tally.buckets.items():
            buckets[number] += times
    return Tally(count=count, total=total, buckets=_kept(buckets))


def _kept(buckets: Mapping[int, int]) -> dict[int, int]:
    return {number: times for number, times in sorted(buckets.items()) if times}
