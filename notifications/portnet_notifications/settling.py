"""What a try makes of a delivery: over, or due again. Pure; who tries, and when, is the dispatcher's.

What surely did not arrive is tried again until the alert expires. What may have arrived is tried
again where a second one does no harm: a push replaces its like on the phone, an SMS does not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from portnet.domain.alerts import AlertState, Attempt, Channel, Delivery, DeliveryState
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

#: Full-jitter backoff: a random part of twice as long each time. The base is a gateway's hiccup,
#: the cap what a person would still call soon.
BACKOFF_BASE = timedelta(seconds=2)
BACKOFF_CAP = timedelta(minutes=5)
#: 2^8 times the base is beyond the cap.
_LONGEST_EXPONENT = 8

#: A critical SMS that may not have arrived is sent once more; two of it are better than none.
CRITICAL = 4
UNCERTAIN_SMS_SENDS = 2

_OVER = frozenset({AlertState.ACKNOWLEDGED, AlertState.SUPERSEDED, AlertState.EXPIRED})


def unsendable(claimed: Claimed, configured: frozenset[Channel], now: datetime) -> Settled | None:
    """Why ``claimed`` must not be sent at ``now``, as its end; None when it may be."""
    checks = {
        FailureReason.EXPIRED: claimed.delivery.expires_at <= now,
        FailureReason.NO_LONGER_WANTED: claimed.alert.state in _OVER,
        FailureReason.NOT_ALLOWED: not claimed.allowed,
        FailureReason.DEVICE_GONE: claimed.address_dead,
        FailureReason.NO_GATEWAY: claimed.delivery.channel not in configured,
    }
    reason = next((reason for reason, found in checks.items() if found), None)
    if reason is None:
        return None
    failed = _changed(claimed.delivery, now, DeliveryState.FAILED, reason=reason)
    return Settled(delivery=failed)


def settle(
    claimed: Claimed, outcome: Outcome, attempt: Attempt, now: datetime, jitter: float
) -> Settled:
    """What ``outcome``, known at ``now``, makes of ``claimed``. ``jitter``, from 0 to 1, is the part
    of the backoff that is waited.
    """
    delivery = msgspec.structs.replace(claimed.delivery, attempts=claimed.delivery.attempts + 1)
    match outcome:
        case Accepted():
            reference = outcome.provider_id
            delivery = _changed(delivery, now, DeliveryState.SENT, provider_reference=reference)
        case Permanent():
            delivery = _changed(delivery, now, DeliveryState.FAILED, reason=_reason(outcome.reason))
        case Throttled():
            asked = timedelta(seconds=outcome.retry_after)
            delivery = _again(delivery, now, asked + backoff(claimed, jitter))
        case Transient():
            delivery = _again(delivery, now, backoff(claimed, jitter))
        case Uncertain():
            if _may_arrive_twice(claimed):
                delivery = _again(delivery, now, backoff(claimed, jitter))
            else:
                delivery = _changed(delivery, now, DeliveryState.UNCERTAIN)
        case _:
            assert_never(outcome)
    dead = isinstance(outcome, Permanent) and outcome.reason is Refusal.DEAD_TOKEN
    return Settled(delivery=delivery, attempt=attempt, token_dead=dead)


def attempted(claimed: Claimed, outcome: Outcome, at: datetime, id: str) -> Attempt:
    """The log's line of a try that began at ``at``."""
    return Attempt(
        id=id,
        delivery=claimed.delivery.id,
        # Claims are numbered: two senders of one delivery never log under one number.
        number=claimed.delivery.fence,
        at=at,
        outcome=_named(outcome),
        detail=None if isinstance(outcome, Accepted) else outcome.detail,
    )


def backoff(claimed: Claimed, jitter: float) -> timedelta:
    """How long to wait after as many attempts as ``claimed`` has had."""
    exponent = min(claimed.delivery.attempts, _LONGEST_EXPONENT)
    return min(BACKOFF_CAP, BACKOFF_BASE * (1 << exponent)) * jitter


def _may_arrive_twice(claimed: Claimed) -> bool:
    if claimed.delivery.channel is Channel.PUSH:
        return True
    sends = claimed.uncertain_attempts + 1
    return claimed.alert.level >= CRITICAL and sends < UNCERTAIN_SMS_SENDS


def _again(delivery: Delivery, now: datetime, wait: timedelta) -> Delivery:
    due = now + wait
    if due >= delivery.expires_at:
        return _changed(delivery, now, DeliveryState.FAILED, reason=FailureReason.EXPIRED)
    return _changed(delivery, now, DeliveryState.QUEUED, due_at=due)


def _changed(
    delivery: Delivery,
    now: datetime,
    state: DeliveryState,
    *,
    due_at: datetime | None = None,
    provider_reference: str | None = None,
    reason: FailureReason | None = None,
) -> Delivery:
    return msgspec.structs.replace(
        delivery,
        state=state,
        updated_at=now,
        due_at=due_at or delivery.due_at,
        leased_until=None,
        provider_reference=provider_reference,
        reason=None if reason is None else reason.value,
    )


def _reason(refusal: Refusal) -> FailureReason:
    match refusal:
        case Refusal.DEAD_TOKEN:
            return FailureReason.DEVICE_GONE
        case Refusal.BAD_REQUEST:
            return FailureReason.BAD_REQUEST
        case _:
            assert_never(refusal)


def _named(outcome: Outcome) -> AttemptOutcome:
    match outcome:
        case Accepted():
            return AttemptOutcome.ACCEPTED
        case Permanent():
            return AttemptOutcome.PERMANENT
        case Throttled():
            return AttemptOutcome.THROTTLED
        case Transient():
            return AttemptOutcome.TRANSIENT
        case Uncertain():
            return AttemptOutcome.UNCERTAIN
        case _:
            assert_never(outcome)
