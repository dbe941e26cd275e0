"""A company's matrix: what needs whose approval. It knows no people; who may decide today is `authority`'s.

What the procedures' definitions mark as needing an approval always needs one; the matrix says whose. Of declarations
it says whether, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from portnet.domain.access import Role
from portnet.domain.approving.money import Money
from portnet.domain.catalogue import Catalogue, Definition
from portnet.domain.submission import APPROVED_BY_DEFAULT, ENVELOPE

#: Import titles up to this need nobody's approval, unless the company says otherwise (domain rules, section 2.2).
TITLE_LIMIT = Money(amount=Decimal(200_000), currency="MAD")
_TITLE = "IMP_TITLE"

#: Roles that may be asked for an approval.
APPROVERS = frozenset({Role.MANAGER, Role.FINANCE, Role.LOGISTICS, Role.ADMINISTRATOR})


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """``action`` is a procedure's code for its declaration, or the event of an act. Up to ``above`` it is free."""

    action: str
    role: Role
    above: Money | None = None


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """A company's rules, one for each action."""

    company: str
    rules: tuple[Rule, ...]

    def asks(self, action: str, amount: Money | None) -> Role | None:
        """Whose approval a declaration needs; an amount that nobody knows is not below anything."""
        rule = self._rule(action)
        if rule is None:
            return None
        free = rule.above is not None and amount is not None and amount.surely_within(rule.above)
        return None if free else rule.role

    def role_for_act(self, event: str) -> Role:
        """Whose approval an act needs that its definition marks as needing one."""
        rule = self._rule(event)
        return Role.MANAGER if rule is None else rule.role

    def _rule(self, action: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.action == action), None)


class RuleFault(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that cannot be taken, and why: UNKNOWN, TWICE."""

    path: str
    code: str


def default_matrix(catalogue: Catalogue, company: str) -> Matrix:
    """What holds until a company has rules of its own."""
    rules = [_declaring(code) for code in sorted(APPROVED_BY_DEFAULT)]
    rules += [Rule(action=event, role=Role.MANAGER) for event in sorted(approved_acts(catalogue))]
    return Matrix(company=company, rules=tuple(rules))


def approved_acts(catalogue: Catalogue) -> frozenset[str]:
    """The events of acts that need an approval wherever the definitions say so."""
    return frozenset(
        transition.event
        for definition in _definitions(catalogue)
        for transition in definition.transitions
        if transition.approval
    )


def faults(catalogue: Catalogue, rules: Sequence[Rule]) -> tuple[RuleFault, ...]:
    """What is wrong with rules that somebody wants to set."""
    acts = approved_acts(catalogue)
    known = acts | APPROVED_BY_DEFAULT | {d.code for d in _definitions(catalogue)}
    found: list[RuleFault] = []
    for place, rule in enumerate(rules):
        path = f"rules/{place}"
        if rule.action not in known:
            found.append(RuleFault(path=f"{path}/action", code="UNKNOWN"))
        elif rule.action in {earlier.action for earlier in rules[:place]}:
            found.append(RuleFault(path=f"{path}/action", code="TWICE"))
        if rule.role not in APPROVERS:
            found.append(RuleFault(path=f"{path}/role", code="UNKNOWN"))
        # An act has no amount of its own that everybody agrees on before it is done.
        limited_act = rule.above is not None and rule.action in acts
        if limited_act or (rule.above is not None and not rule.above.plausible()):
            found.append(RuleFault(path=f"{path}/above", code="UNKNOWN"))
    return tuple(found)


def _declaring(code: str) -> Rule:
    above = TITLE_LIMIT if code == _TITLE else None
    return Rule(action=code, role=Role.MANAGER, above=above)


def _definitions(catalogue: Catalogue) -> list[Definition]:
    """Those of today; the envelope's own approval is what this is all about, not one of its actions."""
    newest: dict[str, Definition] = {}
    for (code, _), definition in sorted(catalogue.definitions.items()):
        newest[code] = definition
    return [definition for code, definition in newest.items() if code != ENVELOPE]
