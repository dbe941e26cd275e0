"""The real clock, and ids that grow: what the core's ports get outside of tests."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

from portnet.domain.identifiers import new_ulid
from portnet.ports.clock import Clock

_ENTROPY_BYTES = 10


class SystemClock:
    """Implements `Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class GrowingIds:
    """Implements `Ids`: within a millisecond the random part counts up, so that ids sort as they were made.

    A clock that steps back does not: the last millisecond is used until the clock has caught up.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ms = -1
        self._last = datetime.fromtimestamp(0, UTC)
        self._entropy = 0
        # Decisions are made on the writer's thread, too.
        self._turn = threading.Lock()

    def new(self) -> str:
        with self._turn:
            return self._next()

    def _next(self) -> str:
        now = self._clock.now()
        ms = int(now.timestamp() * 1000)
        if ms > self._last_ms:
            self._last_ms = ms
            self._last = datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)
            # The top bit is left free for counting up.
            self._entropy = int.from_bytes(os.urandom(_ENTROPY_BYTES), "big") >> 1
        else:
            self._entropy += 1
        return new_ulid(self._last, self._entropy.to_bytes(_ENTROPY_BYTES, "big"))
