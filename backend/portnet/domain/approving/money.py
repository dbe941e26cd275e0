"""An amount in one currency, exact. Amounts of two currencies are never compared: we know no rate here."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

_CURRENCY = re.compile(r"[A-Z]{3}")
#: Beyond any national budget, and far from where a decimal's digits cost time.
_LARGEST = Decimal(10) ** 15


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """``amount`` is a plain decimal, ``currency`` an ISO 4217 code."""

    amount: Decimal
    currency: str

    def plausible(self) -> bool:
        """Whether somebody could have meant it: not negative, finite, a currency of three letters."""
        sane = self.amount.is_finite() and 0 <= self.amount <= _LARGEST
        return sane and _CURRENCY.fullmatch(self.currency) is not None

    def surely_within(self, limit: Money) -> bool:
        """Whether it is known to be no more than ``limit``; what is in another currency is not."""
        return self.currency == limit.currency and self.amount <= limit.amount
