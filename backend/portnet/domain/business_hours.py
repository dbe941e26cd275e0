"""Durations as our files write them, and the working hours of Moroccan agencies.

These are Monday to Friday, 8:30 to 16:30 local time. Public holidays are not known here: a delay
that spans one is counted too short.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

OPENS = time(8, 30)
CLOSES = time(16, 30)
_FRIDAY = 4

_BUSINESS = re.compile(r"([0-9]{1,4})bh")
_CLOCK = re.compile(
    r"(?=[0-9])(?:([0-9]{1,3})d)?(?:([0-9]{1,4})h([0-9]{2})?)?"
    r"(?:([0-9]{1,5})(?:min|m))?(?:([0-9]{1,6})s)?"
)


def _shipped_zone(key: str) -> ZoneInfo:
    """The zone out of the ``tzdata`` that we ship.

    ``ZoneInfo(key)`` would prefer the machine's own files, and Morocco's rules change at short
    notice: two releases of the database disagree by an hour about one and the same evening.
    """
    area, place = key.split("/")
    file = importlib.resources.files(f"tzdata.zoneinfo.{area}").joinpath(place)
    with file.open("rb") as data:
        return ZoneInfo.from_file(data, key=key)


#: Local time of every border post. UTC+0 during Ramadan.
CASABLANCA = _shipped_zone("Africa/Casablanca")


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A length of time; ``business`` ones pass only while the agencies work."""

    seconds: int
    business: bool = False

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=self.seconds)


def parse_span(text: str) -> Span:
    """Read ``30min``, ``40m``, ``4h``, ``2h30``, ``1d``, ``1d6h``, ``45s`` or, business hours,
    ``8bh``.

    Raises:
        ValueError: the text is none of these.
    """
    if business := _BUSINESS.fullmatch(text):
        return Span(seconds=int(business[1]) * 3600, business=True)
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise ValueError(f"{text!r} is not a duration; write 30min, 4h, 2h30, 1d or 8bh")
    days, hours, odd_minutes, minutes, seconds = (int(part or 0) for part in clock.groups())
    return Span(seconds=((days * 24 + hours) * 60 + odd_minutes + minutes) * 60 + seconds)


def add(span: Span, start: datetime) -> datetime:
    """The UTC instant at which ``span``, begun at the aware instant ``start``, is over.

    A business span that fills a day to the last minute ends when the agencies close, not when they
    open again.
    """
    start = start.astimezone(UTC)
    if not span.business or not span.seconds:
        return start + span.length
    left = span.length
    for opens, closes in _working_days(start):
        begins = max(start, opens)
        if left <= closes - begins:
            return begins + left
        left -= max(closes - begins, timedelta(0))
    raise AssertionError("working days never end")


def worked(start: datetime, end: datetime) -> timedelta:
    """How long the agencies were open between two aware instants; nothing when ``end`` is not the
    later one.
    """
    return max(_worked_until(end) - _worked_until(start), timedelta(0))


def _worked_until(instant: datetime) -> timedelta:
    """All opening hours before ``instant``, counted from a Monday long ago.

    Clocks change at night, so that a working day has its eight hours whatever the offset.
    """
    local = instant.astimezone(CASABLANCA)
    # Day 1 of the calendar was a Monday.
    weeks, weekday = divmod(local.toordinal() - 1, 7)
    day = _on_the_clock(CLOSES) - _on_the_clock(OPENS)
    whole = day * (weeks * (_FRIDAY + 1) + min(weekday, _FRIDAY + 1))
    if weekday > _FRIDAY:
        return whole
    since = _on_the_clock(local.time()) - _on_the_clock(OPENS)
    return whole + min(max(since, timedelta(0)), day)


def _on_the_clock(time_of_day: time) -> timedelta:
    return timedelta(
        hours=time_of_day.hour,
        minutes=time_of_day.minute,
        seconds=time_of_day.second,
        microseconds=time_of_day.microsecond,
    )


def subtract(span: Span, end: datetime) -> datetime:
    """The last UTC instant at which ``span`` can begin and be over at the aware instant ``end``."""
    end = end.astimezone(UTC)
    if not span.business or not span.seconds:
        return end - span.length
    left = span.length
    for opens, closes in _working_days_back(end):
        ends = min(end, closes)
        if left <= ends - opens:
            return ends - left
        left -= max(ends - opens, timedelta(0))
    raise AssertionError("working days never end")


def _working_days(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing instants in UTC, from the local day of ``start`` on."""
    return _working_days_by(start, timedelta(days=1))


def _working_days_back(end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The same from the local day of ``end`` back."""
    return _working_days_by(end, timedelta(days=-1))


def _working_days_by(start: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    day = start.astimezone(CASABLANCA).date()
    while True:
        if day.weekday() <= _FRIDAY:
            yield (
                datetime.combine(day, OPENS, CASABLANCA).astimezone(UTC),
                datetime.combine(day, CLOSES, CASABLANCA).astimezone(UTC),
            )
        day += step
