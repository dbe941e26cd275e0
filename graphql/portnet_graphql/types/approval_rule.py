"""Amounts, and from which amount on what needs whose approval."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from portnet.domain.approving.matrix import Rule
from portnet.domain.approving.money import Money as KnownMoney
from portnet_graphql.types.scalars import Role


@strawberry.type
class Money:
    amount: Decimal
    currency: str

    @classmethod
    def of(cls, money: KnownMoney | None) -> Money | None:
        return None if money is None else cls(amount=money.amount, currency=money.currency)


@strawberry.input
class MoneyInput:
    amount: Decimal
    currency: str

    def known(self) -> KnownMoney:
        return KnownMoney(amount=self.amount, currency=self.currency)


@strawberry.type(description="What needs whose approval; amounts up to `above` need none.")
class ApprovalRule:
    action: str
    above: Money | None
    role: Role

    @classmethod
    def of(cls, rule: Rule) -> ApprovalRule:
        return cls(action=rule.action, above=Money.of(rule.above), role=Role(rule.role.value))
