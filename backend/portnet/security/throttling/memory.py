"""Counts attempts in this process, in memory that a flood cannot grow."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from portnet.domain.identity.throttling import (
    TURN,
    TURN_LASTS,
    Entry,
    Tally,
    counted,
    seconds_to_wait,
)

#: About 200 bytes each. Only attempts that were let in are counted, so pushing a guessed account's count out takes as
#: many of them as there are places.
TALLIES = 50_000
#: A thousand a second may wait for their turn before the first of them lose it.
TURNS = 10_000


class MemoryThrottle:
    """Implements `Throttle`; the least recently used count is forgotten first."""

    def __init__(self, tallies: int = TALLIES, turns: int = TURNS) -> None:
        self._full_at = _Recent(tallies)
        self._turns = _Recent(turns)

    async def admit(self, entry: Entry, now: datetime) -> float:
        at = now.timestamp()
        if wait := self._wait(entry.own, at):
            return wait
        shared = entry.shared
        if shared is not None and self._wait(shared, at):
            if wait := self._wait_for_turn(entry.turn, at):
                return wait
        elif shared is not None:
            self._count(shared, at)
        self._count(entry.own, at)
        return 0.0

    async def forgive(self, entry: Entry, now: datetime) -> None:
        at = now.timestamp()
        for tally in filter(None, (entry.own, entry.shared)):
            full_at = self._full_at.get(tally.key) - tally.rate.every
            if full_at <= at:
                self._full_at.drop(tally.key)
            else:
                self._full_at.put(tally.key, full_at)

    async def close(self) -> None:
        """Nothing to give back."""

    def _wait(self, tally: Tally, at: float) -> float:
        return seconds_to_wait(self._full_at.get(tally.key), tally.rate, at)

    def _count(self, tally: Tally, at: float) -> None:
        self._full_at.put(tally.key, counted(self._full_at.get(tally.key), tally.rate, at))

    def _wait_for_turn(self, turn: str, at: float) -> float:
        since = self._turns.get(turn)
        if not since or at >= since + TURN_LASTS:
            self._turns.put(turn, at)
            return TURN
        if at < since + TURN:
            return since + TURN - at
        self._turns.drop(turn)
        return 0.0


class _Recent:
    """Numbers by key, the ``most`` that were used last; 0 for the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers: OrderedDict[str, float] = OrderedDict()

    def get(self, key: str) -> float:
        return self._numbers.get(key, 0.0)

    def put(self, key: str, number: float) -> None:
        self._numbers[key] = number
        self._numbers.move_to_end(key)
        if len(self._numbers) > self._most:
            self._numbers.popitem(last=False)

    def drop(self, key: str) -> None:
        self._numbers.pop(key, None)
