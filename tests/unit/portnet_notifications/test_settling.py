"""What becomes of a delivery after a try, and what must not be tried."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.alerts import Alert, AlertState, Channel, DeliveryState
from portnet.ports.outbox import AttemptOutcome, Claimed, FailureReason, Settled
from portnet_notifications.channels import (
    Accepted,
    Outcome,
    Permanent,
    Refusal,
    Throttled,
    Transient,
    Uncertain,
)
from portnet_notifications.settling import (
    BACKOFF_CAP,
    UNCERTAIN_SMS_SENDS,
    attempted,
    backoff,
    settle,
    unsendable,
)
from tests.support.outbox import LEASE, NOW, SECOND, a_delivery, an_alert

BOTH = frozenset({Channel.PUSH, Channel.SMS})


def a_claim(
    channel: Channel = Channel.PUSH, *, level: int = 4, attempts: int = 0, uncertain: int = 0
) -> Claimed:
    alert = an_alert(level=level)
    delivery = msgspec.structs.replace(
        a_delivery(alert=alert, channel=channel),
        attempts=attempts,
        fence=attempts + 1,
        due_at=NOW + LEASE,
        leased_until=NOW + LEASE,
    )
    return Claimed(
        delivery=delivery,
        alert=alert,
        sandbox=False,
        allowed=True,
        address_dead=False,
        uncertain_attempts=uncertain,
        generation="g",
        position=None,
    )


def an_alert_in(state: AlertState) -> Alert:
    return msgspec.structs.replace(an_alert(), state=state)


def settled(claimed: Claimed, outcome: Outcome, jitter: float = 1.0) -> Settled:
    return settle(claimed, outcome, attempted(claimed, outcome, NOW, "try"), NOW, jitter)


def test_what_the_gateway_took_is_sent() -> None:
    end = settled(a_claim(), Accepted(provider_id="p-1"))
    assert (end.delivery.state, end.delivery.provider_reference) == (DeliveryState.SENT, "p-1")
    assert (end.delivery.attempts, end.delivery.leased_until) == (1, None)
    assert not end.token_dead


@pytest.mark.parametrize(
    ("refusal", "reason", "dead"),
    [
        (Refusal.DEAD_TOKEN, FailureReason.DEVICE_GONE, True),
        (Refusal.BAD_REQUEST, FailureReason.BAD_REQUEST, False),
    ],
)
def test_what_the_gateway_never_takes_has_failed(
    refusal: Refusal, reason: FailureReason, dead: bool
) -> None:
    end = settled(a_claim(), Permanent(reason=refusal, detail="no"))
    assert (end.delivery.state, end.delivery.reason) == (DeliveryState.FAILED, reason)
    assert end.token_dead is dead


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 2), (1, 4), (2, 8), (7, 256), (8, 300), (1000, 300)]
)
def test_each_wait_may_be_twice_the_one_before_up_to_a_cap(attempts: int, seconds: int) -> None:
    end = settled(a_claim(attempts=attempts), Transient(detail="refused"))
    assert end.delivery.state is DeliveryState.QUEUED
    assert end.delivery.due_at == NOW + timedelta(seconds=seconds)


@given(attempts=st.integers(0, 10_000), jitter=st.floats(0, 1))
def test_a_backoff_is_any_part_of_its_bound(attempts: int, jitter: float) -> None:
    assert timedelta(0) <= backoff(a_claim(attempts=attempts), jitter) <= BACKOFF_CAP


def test_a_throttled_delivery_waits_as_long_as_it_was_told_at_least() -> None:
    outcome = Throttled(retry_after=17, detail="429")
    assert settled(a_claim(), outcome, 0.0).delivery.due_at == NOW + 17 * SECOND
    assert settled(a_claim(), outcome, 1.0).delivery.due_at == NOW + 19 * SECOND


def test_an_alert_that_would_be_over_is_not_tried_again() -> None:
    outcome = Throttled(retry_after=12 * 3600, detail="429")
    end = settled(a_claim(), outcome).delivery
    assert (end.state, end.reason) == (DeliveryState.FAILED, FailureReason.EXPIRED)
    assert end.attempts == 1


@pytest.mark.parametrize(
    ("channel", "level", "uncertain", "state"),
    [
        (Channel.PUSH, 2, 0, DeliveryState.QUEUED),
        (Channel.PUSH, 4, 5, DeliveryState.QUEUED),
        (Channel.SMS, 3, 0, DeliveryState.UNCERTAIN),
        (Channel.SMS, 4, 0, DeliveryState.QUEUED),
        (Channel.SMS, 4, 1, DeliveryState.UNCERTAIN),
    ],
)
def test_what_may_have_arrived_is_sent_again_only_where_that_is_worth_it(
    channel: Channel, level: int, uncertain: int, state: DeliveryState
) -> None:
    claimed = a_claim(channel, level=level, attempts=uncertain, uncertain=uncertain)
    assert settled(claimed, Uncertain(detail="silence")).delivery.state is state


OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Accepted, provider_id=st.just("p")),
    st.builds(Permanent, reason=st.sampled_from(Refusal), detail=st.just("")),
    st.builds(Throttled, retry_after=st.floats(0, 3600), detail=st.just("")),
    st.builds(Transient, detail=st.just("")),
    st.builds(Uncertain, detail=st.just("")),
)


@given(outcomes=st.lists(OUTCOMES, max_size=400), level=st.integers(1, 4), jitter=st.floats(0, 1))
def test_an_sms_is_never_sent_again_once_it_may_have_arrived_often_enough(
    outcomes: list[Outcome], level: int, jitter: float
) -> None:
    claimed, now, doubtful = a_claim(Channel.SMS, level=level), NOW, 0
    for number, outcome in enumerate(outcomes, start=1):
        attempt = attempted(claimed, outcome, now, f"try-{number}")
        end = settle(claimed, outcome, attempt, now, jitter).delivery
        doubtful += isinstance(outcome, Uncertain)
        assert end.attempts == number
        if end.state is not DeliveryState.QUEUED:
            break
        assert now <= end.due_at < end.expires_at
        assert not isinstance(outcome, Accepted | Permanent)
        now = end.due_at
        claimed = msgspec.structs.replace(claimed, delivery=end, uncertain_attempts=doubtful)
    assert doubtful <= (UNCERTAIN_SMS_SENDS if level == 4 else 1)


@pytest.mark.parametrize(
    ("outcome", "name", "detail"),
    [
        (Accepted(provider_id="p"), AttemptOutcome.ACCEPTED, None),
        (Permanent(reason=Refusal.BAD_REQUEST, detail="400"), AttemptOutcome.PERMANENT, "400"),
        (Throttled(retry_after=1, detail="429"), AttemptOutcome.THROTTLED, "429"),
        (Transient(detail="refused"), AttemptOutcome.TRANSIENT, "refused"),
        (Uncertain(detail="500"), AttemptOutcome.UNCERTAIN, "500"),
    ],
)
def test_each_try_is_logged(outcome: Outcome, name: AttemptOutcome, detail: str | None) -> None:
    attempt = attempted(a_claim(attempts=2), outcome, NOW, "try")
    assert (attempt.id, attempt.delivery, attempt.number) == ("try", "delivery", 3)
    assert (attempt.at, attempt.outcome, attempt.detail) == (NOW, name, detail)


def test_what_is_due_wanted_and_allowed_may_be_sent() -> None:
    assert unsendable(a_claim(), BOTH, NOW) is None


@pytest.mark.parametrize(
    ("claimed", "reason"),
    [
        (
            msgspec.structs.replace(a_claim(), alert=an_alert_in(state)),
            FailureReason.NO_LONGER_WANTED,
        )
        for state in (AlertState.ACKNOWLEDGED, AlertState.SUPERSEDED, AlertState.EXPIRED)
    ]
    + [
        (msgspec.structs.replace(a_claim(), allowed=False), FailureReason.NOT_ALLOWED),
        (msgspec.structs.replace(a_claim(), address_dead=True), FailureReason.DEVICE_GONE),
    ],
)
def test_what_must_not_be_sent_ends_with_its_reason(
    claimed: Claimed, reason: FailureReason
) -> None:
    end = unsendable(claimed, BOTH, NOW)
    assert end is not None
    assert (end.delivery.state, end.delivery.reason) == (DeliveryState.FAILED, reason)
    assert (end.attempt, end.delivery.attempts, end.token_dead) == (None, 0, False)


def test_an_alert_that_was_only_seen_is_still_sent() -> None:
    seen = msgspec.structs.replace(a_claim(), alert=an_alert_in(AlertState.SEEN))
    assert unsendable(seen, BOTH, NOW) is None


def test_an_alert_that_is_over_is_not_sent() -> None:
    end = unsendable(a_claim(), BOTH, an_alert().expires_at)
    assert end is not None
    assert end.delivery.reason == FailureReason.EXPIRED


def test_a_channel_without_a_gateway_fails_at_once() -> None:
    end = unsendable(a_claim(Channel.SMS), frozenset({Channel.PUSH}), NOW)
    assert end is not None
    assert end.delivery.reason == FailureReason.NO_GATEWAY
