"""Local months as numbers, 202611 for November 2026: indicators are counted by them."""

from __future__ import annotations

from datetime import date, datetime

from portnet.domain.business_hours import CASABLANCA


def month_of(at: datetime) -> int:
    """The local month of an instant."""
    return month_number(at.astimezone(CASABLANCA).date())


def month_number(day: date) -> int:
    """The month of a local day."""
    return day.year * 100 + day.month


def month_name(month: int) -> str:
    """As people read it, 2026-11."""
    return f"{month // 100}-{month % 100:02}"


def months_before(month: int, count: int) -> int:
    """The month that lies ``count`` months before."""
    earlier = _ordinal(month) - count
    return earlier // 12 * 100 + earlier % 12 + 1


def months_between(first: int, last: int) -> int:
    """How many months from the first to the last, both included; less than one if they are the wrong way round."""
    return _ordinal(last) - _ordinal(first) + 1


def _ordinal(month: int) -> int:
    return month // 100 * 12 + month % 100 - 1
