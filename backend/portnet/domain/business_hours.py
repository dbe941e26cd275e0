"""Durations as our files write them, the working hours of Moroccan agencies, and those of one office.

Agencies work Monday to Friday, 8:30 to 16:30 local time; an office has hours of its own. Public holidays are not known
here: a delay that spans one is counted too short, and an office that closes for one is said to be open.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
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


# ---------------------------------------------------------------- one office


#: As the tables write the days of a week, Monday first.
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)
_MINUTES_OF_A_DAY = 24 * 60
#: The ordinal of the first day of the Islamic calendar, 16 July 622 in the Julian one.
_HIJRA = date(622, 7, 19).toordinal()
_SHIFT = re.compile(
    rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))? ([0-9]{{2}}):([0-5][0-9])-([0-9]{{2}}):([0-5][0-9])"
)
#: Days that are looked through for an opening: a week, and what is left of it when Ramadan begins or ends.
_LOOK_AHEAD = 15


class Shift(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One opening of a week: ``day`` 0 is Monday, ``opens`` and ``closes`` are minutes of local time, 1440 midnight."""

    day: int
    opens: int
    closes: int


class OpeningHours(msgspec.Struct, frozen=True, kw_only=True):
    """When an office answers. ``ramadan`` holds in that month (see `in_ramadan`); None when nothing changes then."""

    usual: tuple[Shift, ...]
    ramadan: tuple[Shift, ...] | None = None


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One opening as instants in UTC."""

    opens_at: datetime
    closes_at: datetime

    def open_at(self, at: datetime) -> bool:
        return self.opens_at <= at < self.closes_at


def parse_week(text: str) -> tuple[Shift, ...]:
    """Read ``Mon-Fri 08:30-16:30; Sat 09:00-12:00``; the hour 24:00 is the end of the day.

    Raises:
        ValueError: the text is not that, or two openings of a day overlap.
    """
    shifts: list[Shift] = []
    for part in text.split(";"):
        found = _SHIFT.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"{part.strip()!r} is no opening; write Mon-Fri 08:30-16:30")
        first, last, *clock = found.groups()
        opens, closes = (int(clock[i]) * 60 + int(clock[i + 1]) for i in (0, 2))
        if not opens < closes <= _MINUTES_OF_A_DAY:
            raise ValueError(f"{part.strip()!r} closes before it opens")
        days = range(DAYS.index(first), DAYS.index(last or first) + 1)
        if not days:
            raise ValueError(f"{part.strip()!r} ends before it begins")
        shifts += [Shift(day=day, opens=opens, closes=closes) for day in days]
    shifts.sort()
    for one, other in pairwise(shifts):
        if one.day == other.day and other.opens < one.closes:
            raise ValueError(f"two openings on {DAYS[one.day]} overlap")
    return tuple(shifts)


def opening(hours: OpeningHours, at: datetime) -> Window | None:
    """The opening that holds at the aware instant ``at``, or else the next one; None when there is none.

    Openings that touch are one: an office that never closes has one long opening.
    """
    found: Window | None = None
    for window in _windows(hours, at):
        if found is None:
            found = window if at < window.closes_at else None
        elif window.opens_at <= found.closes_at:
            found = msgspec.structs.replace(found, closes_at=window.closes_at)
        else:
            break
    return found


def in_ramadan(day: date) -> bool:
    """Whether ``day`` is of Ramadan by the arithmetic Islamic calendar: the moon may make it a day more or less.

    The clock does not tell: releases of the time zone database disagree on when Morocco is on UTC+0.
    """
    ordinal = day.toordinal()
    year = (30 * (ordinal - _HIJRA) + 10_646) // 10_631
    return _first_of_month(year, 9) <= ordinal < _first_of_month(year, 10)


def _first_of_month(year: int, month: int) -> int:
    """The ordinal of a month's first day: cycles of 30 years with 11 leap days (Reingold and Dershowitz)."""
    months = 29 * (month - 1) + (6 * month - 1) // 11
    return _HIJRA + months + (year - 1) * 354 + (3 + 11 * year) // 30


def _windows(hours: OpeningHours, at: datetime) -> Iterator[Window]:
    day = at.astimezone(CASABLANCA).date()
    for _ in range(_LOOK_AHEAD):
        ramadan = hours.ramadan if in_ramadan(day) else None
        for shift in hours.usual if ramadan is None else ramadan:
            if shift.day == day.weekday():
                yield Window(opens_at=_on(day, shift.opens), closes_at=_on(day, shift.closes))
        day += _DAY


def _on(day: date, minutes: int) -> datetime:
    local = datetime.combine(day, time.min) + timedelta(minutes=minutes)
    return local.replace(tzinfo=CASABLANCA).astimezone(UTC)
