"""Amounts, and from which amount on what needs whose approval."""

from __future__ import annotations

import strawberry

from portnet.domain.approving.matrix import Rule
from portnet_graphql.types.money import Money
from portnet_graphql.types.scalars import Role


@strawberry.type(description="What needs whose approval; amounts up to `above` need none.")
class ApprovalRule:
    action: str
    above: Money | None
    role: Role

    @classmethod
    def of(cls, rule: Rule) -> ApprovalRule:
        return cls(action=rule.action, above=Money.of(rule.above), role=Role(rule.role.value))
