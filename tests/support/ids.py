"""Ids that grow, and are the same each time a test runs."""

from itertools import count

from portnet.domain.identifiers import new_ulid
from portnet.ports.clock import Clock

_LANE_BYTES = 2
_COUNTER_BYTES = 8


class CountedIds:
    """Implements `Ids`: the clock's time, then a counter, then a lane.

    Args:
        clock: tells the time that each id begins with.
        lane: tells apart the ids of makers that share a database.
    """

    def __init__(self, clock: Clock, lane: int = 0) -> None:
        self._clock = clock
        self._counter = count(1)
        self._lane = lane.to_bytes(_LANE_BYTES, "big")

    def new(self) -> str:
        counted = next(self._counter).to_bytes(_COUNTER_BYTES, "big")
        return new_ulid(self._clock.now(), counted + self._lane)
