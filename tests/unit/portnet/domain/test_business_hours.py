"""Durations as files write them, and what working hours make of them, Ramadan included."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.business_hours import (
    CASABLANCA,
    CLOSES,
    OPENS,
    OpeningHours,
    Span,
    add,
    in_ramadan,
    opening,
    parse_span,
    parse_week,
    subtract,
    worked,
)

#: From 2020 on, some fifteen years.
INSTANTS = st.integers(0, 15 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CASABLANCA)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("30min", 1_800),
        ("40m", 2_400),
        ("4h", 14_400),
        ("2h30", 9_000),
        ("2h30m", 9_000),
        ("1d", 86_400),
        ("2d2h30", 181_800),
        ("0s", 0),
    ],
)
def test_a_clock_duration_reads_as_its_seconds(text: str, seconds: int) -> None:
    assert parse_span(text) == Span(seconds=seconds)


def test_business_hours_are_told_from_clock_hours() -> None:
    assert parse_span("8bh") == Span(seconds=8 * 3600, business=True)


@pytest.mark.parametrize("text", ["", "30", "h", "4 h", "-4h", "4H", "1.5h", "٤h", "2h3", "8bd"])
def test_what_is_no_duration_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_span(text)


@given(st.text())
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_span(text).seconds >= 0


def test_a_clock_span_passes_at_night_too() -> None:
    assert add(parse_span("4h"), local(2026, 4, 3, 22, 40)) == local(2026, 4, 4, 2, 40)


def test_business_hours_of_one_day_end_that_day() -> None:
    assert add(parse_span("4bh"), local(2026, 4, 1, 9)) == local(2026, 4, 1, 13)


def test_a_span_that_fills_the_day_ends_when_the_agencies_close() -> None:
    assert add(parse_span("8bh"), local(2026, 4, 1, 8, 30)) == local(2026, 4, 1, 16, 30)


def test_a_message_at_night_starts_counting_in_the_morning() -> None:
    assert add(parse_span("1bh"), local(2026, 3, 31, 22, 40)) == local(2026, 4, 1, 9, 30)


def test_a_span_begun_on_friday_afternoon_goes_on_on_monday() -> None:
    assert add(parse_span("4bh"), local(2026, 4, 3, 15)) == local(2026, 4, 6, 11)


def test_the_zone_is_an_hour_behind_during_ramadan() -> None:
    offsets = [
        local(2026, month, day, 12).utcoffset() for month, day in ((2, 14), (2, 25), (3, 25))
    ]
    assert offsets == [timedelta(hours=1), timedelta(0), timedelta(hours=1)]


def test_working_hours_follow_the_local_clock_into_ramadan() -> None:
    # The clocks go back in the night to Sunday, 15 February 2026.
    due = add(parse_span("2bh"), local(2026, 2, 13, 16))
    assert due == datetime(2026, 2, 16, 10, 0, tzinfo=UTC)


def test_working_hours_follow_the_local_clock_out_of_ramadan() -> None:
    # The clocks go forward in the night to Sunday, 22 March 2026.
    due = add(parse_span("2bh"), local(2026, 3, 20, 16))
    assert due == datetime(2026, 3, 23, 9, 0, tzinfo=UTC)


def test_a_clock_span_over_the_change_lasts_as_long_as_it_says() -> None:
    start = local(2026, 2, 14, 12)
    assert add(parse_span("1d"), start) - start.astimezone(UTC) == timedelta(days=1)


@given(
    start=INSTANTS,
    hours=st.integers(1, 60),
)
def test_business_hours_always_end_while_the_agencies_work(start: datetime, hours: int) -> None:
    span = Span(seconds=hours * 3600, business=True)
    due = add(span, start)
    assert due - start >= span.length
    at = due.astimezone(CASABLANCA)
    assert at.weekday() < 5
    assert OPENS <= at.time() <= CLOSES


@given(
    start=INSTANTS,
    first=st.integers(0, 20),
    second=st.integers(0, 20),
)
def test_business_spans_add_up(start: datetime, first: int, second: int) -> None:
    one, two = (Span(seconds=hours * 3600, business=True) for hours in (first, second))
    both = Span(seconds=one.seconds + two.seconds, business=True)
    assert add(two, add(one, start)) == add(both, start)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (local(2026, 4, 13, 9), local(2026, 4, 13, 10), 1),
        (local(2026, 4, 13, 7), local(2026, 4, 13, 18), 8),
        (local(2026, 4, 13, 16), local(2026, 4, 14, 9), 1),
        (local(2026, 4, 17, 16), local(2026, 4, 20, 9), 1),
        (local(2026, 4, 18, 9), local(2026, 4, 19, 18), 0),
        (local(2026, 4, 13, 9), local(2026, 5, 11, 9), 160),
        # The clocks went forward on 22 March 2026, when Ramadan was over, and no working day is longer for it.
        (local(2026, 3, 20, 9), local(2026, 3, 23, 9), 8),
        (local(2026, 4, 13, 10), local(2026, 4, 13, 9), 0),
    ],
)
def test_hours_worked_between_two_instants(start: datetime, end: datetime, hours: int) -> None:
    assert worked(start, end) == timedelta(hours=hours)


def test_what_is_added_was_worked() -> None:
    start = local(2026, 3, 19, 11)
    for whole in range(1, 60):
        span = Span(seconds=whole * 3_600, business=True)
        assert worked(start, add(span, start)) == span.length


def test_a_clock_span_before_a_deadline_is_counted_at_night_too() -> None:
    deadline = local(2026, 11, 23, 9)
    assert subtract(parse_span("12h"), deadline) == local(2026, 11, 22, 21)


def test_a_business_span_before_a_deadline_leaves_nights_and_weekends_out() -> None:
    assert subtract(parse_span("8bh"), local(2026, 11, 23, 10, 30)) == local(2026, 11, 20, 10, 30)
    assert subtract(parse_span("2bh"), local(2026, 11, 22, 12)) == local(2026, 11, 20, 14, 30)


@given(end=INSTANTS, hours=st.integers(0, 60), business=st.booleans())
def test_a_span_begun_as_late_as_can_be_is_over_in_time(
    end: datetime, hours: int, business: bool
) -> None:
    span = Span(seconds=hours * 3600, business=business)
    begun = subtract(span, end)
    assert add(span, begun) <= end
    assert hours == 0 or add(span, begun + timedelta(minutes=1)) > add(span, begun)


WEEK = OpeningHours(
    usual=parse_week("Mon-Thu 08:30-12:00; Mon-Thu 13:00-16:30; Fri 08:30-12:00"),
    ramadan=parse_week("Mon-Fri 09:00-14:00"),
)


@pytest.mark.parametrize(
    ("at", "opens", "closes", "open_now"),
    [
        # Summer's clock is UTC+1: a Monday morning, noon, evening; a Friday afternoon.
        ("2026-06-22T08:00", "2026-06-22T07:30", "2026-06-22T11:00", True),
        ("2026-06-22T11:00", "2026-06-22T12:00", "2026-06-22T15:30", False),
        ("2026-06-22T15:30", "2026-06-23T07:30", "2026-06-23T11:00", False),
        ("2026-06-26T13:00", "2026-06-29T07:30", "2026-06-29T11:00", False),
        # In Ramadan it is UTC+0 and other hours hold, on Friday afternoons too.
        ("2026-02-27T13:00", "2026-02-27T09:00", "2026-02-27T14:00", True),
    ],
)
def test_the_opening_that_holds_or_comes(at: str, opens: str, closes: str, open_now: bool) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    window = opening(WEEK, now)
    assert window is not None
    assert window.opens_at == datetime.fromisoformat(opens).replace(tzinfo=UTC)
    assert window.closes_at == datetime.fromisoformat(closes).replace(tzinfo=UTC)
    assert window.open_at(now) is open_now


def test_a_port_that_never_closes_is_open_for_days() -> None:
    now = datetime(2026, 6, 22, 23, 59, tzinfo=UTC)
    window = opening(OpeningHours(usual=parse_week("Mon-Sun 00:00-24:00")), now)
    assert window is not None
    assert window.open_at(now + timedelta(days=7))


def test_an_office_without_hours_never_opens() -> None:
    assert opening(OpeningHours(usual=()), datetime(2026, 6, 22, tzinfo=UTC)) is None


@pytest.mark.parametrize("announced", [date(2024, 3, 12), date(2025, 3, 2), date(2026, 2, 19)])
def test_ramadan_begins_within_a_day_of_what_was_announced_in_morocco(announced: date) -> None:
    assert in_ramadan(announced + timedelta(days=1))
    assert not in_ramadan(announced - timedelta(days=2))
    assert not in_ramadan(announced + timedelta(days=31))


@pytest.mark.parametrize(
    "text",
    ["", "Mon", "Mon 8:30-16:30", "Mon 08:30-16:60", "Mon 09:00-25:00", "Fri-Mon 08:00-09:00",
     "Mon 08:00-12:00; Mon 11:00-16:00", "Mon 12:00-12:00"],
)  # fmt: skip
def test_a_week_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_week(text)
