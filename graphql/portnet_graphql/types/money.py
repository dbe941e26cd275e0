"""Amounts of money and what they are for."""

from __future__ import annotations

from decimal import Decimal

import strawberry


@strawberry.type
class Money:
    amount: Decimal
    currency: str


@strawberry.type
class LabelledAmount:
    kind: str
    label: str
    money: Money
