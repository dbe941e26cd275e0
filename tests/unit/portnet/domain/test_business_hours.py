"""Durations as files write them, and what working hours make of them, Ramadan included."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.business_hours import (
    CASABLANCA,
    CLOSES,
    OPENS,
    Span,
    add,
    parse_span,
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
