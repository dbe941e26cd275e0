"""What a column holds: instants in microseconds since the epoch, nested values as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_to_json = msgspec.json.Encoder()


def micros(at: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """The instant of that many microseconds, aware UTC."""
    return _EPOCH + value * _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def instant_or_none(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def json_text(value: object) -> str:
    """JSON as the tables keep it."""
    return _to_json.encode(value).decode()


def json_or_none(value: object | None) -> str | None:
    return None if value is None else json_text(value)
