"""The company's own rules of approval, and who lends the right to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NoReturn, TypeAlias

import strawberry

from portnet.domain.access import Role as KnownRole
from portnet.domain.approving.authority import Delegation as KnownDelegation
from portnet.domain.approving.matrix import Matrix, Rule
from portnet.domain.submission import NotDone
from portnet.services.approving.delegation import Loan
from portnet.services.approving.outcome import Fault, SecondFactorMissing
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.done import Done
from portnet_graphql.mutations.identity.proving import ProofInput, unproven
from portnet_graphql.types.approving.approval import Delegation
from portnet_graphql.types.company import Company
from portnet_graphql.types.money import MoneyInput
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import (
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    SecondFactorRequired,
    Throttled,
)
from portnet_graphql.types.scalars import Role

Refusal = InvalidInput | NotAllowedNow | SecondFactorRequired | Throttled | IdempotencyMismatch


@strawberry.input
class ApprovalRuleInput:
    action: str
    role: Role
    above: MoneyInput | None = strawberry.UNSET

    def known(self) -> Rule:
        above = self.above.known() if self.above else None
        return Rule(action=self.action, role=KnownRole(self.role.value), above=above)


@strawberry.input
class ApprovalRulesInput:
    client_mutation_id: strawberry.ID
    rules: list[ApprovalRuleInput]
    proof: ProofInput | None = strawberry.UNSET


@strawberry.input
class DelegateInput:
    client_mutation_id: strawberry.ID
    to: strawberry.ID
    from_: datetime = strawberry.field(name="from")
    until: datetime
    kinds: list[str] | None = strawberry.UNSET
    limit: MoneyInput | None = strawberry.UNSET
    proof: ProofInput | None = strawberry.UNSET

    def known(self) -> Loan:
        return Loan(
            key=self.client_mutation_id,
            holder=key_of(Kind.VIEWER, self.to) or "",
            starts_at=self.from_,
            ends_at=self.until,
            kinds=tuple(self.kinds) if isinstance(self.kinds, list) else None,
            limit=self.limit.known() if self.limit else None,
        )


@strawberry.input
class RevokeDelegationInput:
    client_mutation_id: strawberry.ID
    id: strawberry.ID


ApprovalRulesResult: TypeAlias = Annotated[
    Company | Refusal,
    strawberry.union("ApprovalRulesResult"),
]
DelegateResult: TypeAlias = Annotated[
    Delegation | Refusal,
    strawberry.union("DelegateResult"),
]


@strawberry.type
class ApprovalRuleMutations:
    @described("Replaces all rules of the viewer's company.")
    async def set_approval_rules(
        self, info: Info, input: ApprovalRulesInput
    ) -> ApprovalRulesResult:
        context = info.context
        rules = tuple(rule.known() for rule in input.rules)
        proof = input.proof.known() if input.proof else None
        outcome = await context.services.approving.matrices.set(
            context.viewer, input.client_mutation_id, rules, proof
        )
        if isinstance(outcome, Matrix):
            return Company.of(context.company)
        return await _refused(outcome, context)

    @described("Lends the viewer's right to approve; whoever has it lent lends it on once at most.")
    async def delegate_approvals(self, info: Info, input: DelegateInput) -> DelegateResult:
        context = info.context
        proof = input.proof.known() if input.proof else None
        delegations = context.services.approving.delegations
        outcome = await delegations.lend(context.viewer, input.known(), proof)
        if isinstance(outcome, KnownDelegation):
            return Delegation.of(outcome)
        return await _refused(outcome, context)

    @described("At once, for all that is not decided yet.")
    async def revoke_delegation(self, info: Info, input: RevokeDelegationInput) -> Done:
        context, delegation = info.context, key_of(Kind.DELEGATION, input.id) or ""
        refusal = await context.services.approving.delegations.revoke(context.viewer, delegation)
        if refusal is NotDone.NOT_YOURS:
            raise ContractError(ErrorCode.FORBIDDEN, "This is for whoever gave or holds it.")
        if refusal is not None:
            _missing()
        return Done(client_mutation_id=input.client_mutation_id)


async def _refused(
    outcome: SecondFactorMissing | tuple[Fault, ...] | NotDone, context: Context
) -> Refusal:
    locale = context.locale
    if isinstance(outcome, tuple):
        return InvalidInput.of(outcome, locale)
    if isinstance(outcome, SecondFactorMissing):
        return await unproven(outcome.because, outcome.operation_hash, context)
    if outcome is NotDone.KEY_REUSED:
        return IdempotencyMismatch.in_(locale)
    return NotAllowedNow.because(outcome, outcome.value, locale)


def _missing() -> NoReturn:
    raise ContractError(ErrorCode.NOT_FOUND, "There is no such delegation.")
