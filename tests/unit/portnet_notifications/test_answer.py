from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet_notifications.channels import Permanent, Refusal, Throttled, Transient, Uncertain
from portnet_notifications.channels.answer import refused, retry_after
from portnet_notifications.channels.http import Answer

DATE = "Tue, 24 Nov 2026 13:30:00 GMT"


def answer(status: int = 429, retry: str = "", date: str = DATE) -> Answer:
    return Answer(status=status, body=b"no", retry_after=retry, date=date)


@pytest.mark.parametrize(
    ("retry", "date", "seconds"),
    [
        ("30", DATE, 30),
        ("0", DATE, 0),
        ("Tue, 24 Nov 2026 13:31:30 GMT", DATE, 90),
        ("Tue, 24 Nov 2026 13:00:00 GMT", DATE, 0),
        ("Wed, 25 Nov 2026 13:30:00 GMT", DATE, 3600),
        ("9" * 400, DATE, 3600),
        ("", DATE, 60),
        ("soon", DATE, 60),
        ("-5", DATE, 60),
        ("Tue, 24 Nov 2026 13:31:30 GMT", "", 60),
        ("Tue, 24 Nov 2026 13:31:30 -0000", DATE, 60),
        ("٣", DATE, 60),
    ],
)
def test_retry_after_is_read_in_seconds_and_dates(retry: str, date: str, seconds: float) -> None:
    assert retry_after(answer(retry=retry, date=date)) == seconds


@given(st.text(), st.text())
def test_no_header_breaks_retry_after(retry: str, date: str) -> None:
    assert 0 <= retry_after(answer(retry=retry, date=date)) <= 3600


@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 405, 407, 408, 410])
def test_what_is_our_own_fault_may_be_tried_again(status: int) -> None:
    assert isinstance(refused(answer(status)), Transient)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_bad_message_is_never_tried_again_and_kills_no_token(status: int) -> None:
    outcome = refused(answer(status))
    assert isinstance(outcome, Permanent)
    assert outcome.reason is Refusal.BAD_REQUEST


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_gateway_that_fails_may_have_sent(status: int) -> None:
    assert refused(answer(status)) == Uncertain(detail=f"{status} no")


def test_too_many_messages_are_throttled() -> None:
    assert refused(answer(429, "7")) == Throttled(retry_after=7, detail="429 no")
