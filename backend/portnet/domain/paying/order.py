"""An order to pay as it stands with the provider: under which key it left, and when the provider is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from portnet.domain.agency import Amount

_TOTAL = "TOTAL"
_FIRST_CHECK = timedelta(minutes=2)
_LONGEST_PAUSE = timedelta(hours=1)


class PaymentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The last order of a payment. ``key`` is the idempotency key under which it left and, in doubt, leaves again.

    ``provider_reference`` is the provider's own name for it, once it answered. ``next_check_at`` is None while there
    is nothing to ask.
    """

    procedure: str
    key: str
    sandbox: bool
    ordered_by: str
    ordered_at: datetime
    provider_reference: str | None = None
    checks: int = 0
    next_check_at: datetime | None = None


def taken(order: PaymentOrder, reference: str, now: datetime) -> PaymentOrder:
    """The provider has it under ``reference``; what became of it is asked from now on."""
    return msgspec.structs.replace(
        order, provider_reference=reference, next_check_at=now + _FIRST_CHECK
    )


def checked(order: PaymentOrder, now: datetime) -> PaymentOrder:
    """The provider was asked once more and knew nothing new: the pauses grow, up to an hour."""
    pause = min(_FIRST_CHECK * 2 ** min(order.checks + 1, 10), _LONGEST_PAUSE)
    return msgspec.structs.replace(order, checks=order.checks + 1, next_check_at=now + pause)


def over(order: PaymentOrder) -> PaymentOrder:
    """Nothing more to ask."""
    return msgspec.structs.replace(order, next_check_at=None)


def amount_due(amounts: Sequence[Amount]) -> Amount | None:
    """What is to be paid: the stated total, else the sum; None where the amounts have no one currency or none."""
    stated = next((amount for amount in amounts if amount.kind == _TOTAL), None)
    if stated is not None or not amounts:
        return stated
    currency = amounts[0].currency
    if any(amount.currency != currency for amount in amounts):
        return None
    total = sum((Decimal(amount.value) for amount in amounts), Decimal())
    return Amount(kind=_TOTAL, value=str(total), currency=currency)
