"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

#: A Sunday in November, at noon in Casablanca: no test depends on the day on which it runs.
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


class SteppedClock:
    """Implements `Clock`."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on, and say what time it is then."""
        self._now += by
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
