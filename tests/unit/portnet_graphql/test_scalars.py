"""Scalars: instants with their zone only, one way to write each."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError

from portnet_graphql.types.scalars import read_instant, write_instant

HALF_PAST_NINE = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_an_instant_is_written_in_utc() -> None:
    local = HALF_PAST_NINE.astimezone(timezone(timedelta(hours=1)))
    assert write_instant(local) == "2026-11-22T09:30:00Z"
    assert write_instant(HALF_PAST_NINE.replace(microsecond=5)) == "2026-11-22T09:30:00.000005Z"


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), "2026-01-01T00:00:00Z", 5, None])  # noqa: DTZ001  # refused
def test_what_is_no_aware_instant_is_our_bug(value: object) -> None:
    with pytest.raises(TypeError):
        write_instant(value)


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T09:30:00Z", "2026-11-22T10:30:00+01:00", "2026-11-22t09:30:00z",
     "2026-11-22T09:30:00.000Z"],
)  # fmt: skip
def test_rfc_3339_is_read(text: str) -> None:
    assert read_instant(text) == HALF_PAST_NINE


@pytest.mark.parametrize(
    "value",
    ["2026-11-22T09:30:00", "2026-11-22", "20261122T093000Z", "2026-11-22 09:30:00Z",
     "2026-13-22T09:30:00Z", "2026-11-22T25:30:00Z", "0001-01-01T00:00:00+23:59",
     "2026-11-22T09:30:00+99:99", "٢٠٢٦-11-22T09:30:00Z", "", "x", 1, 1.5, True, None, [], {}],
)  # fmt: skip
def test_everything_else_is_refused_as_the_clients(value: object) -> None:
    with pytest.raises(GraphQLError):
        read_instant(value)
