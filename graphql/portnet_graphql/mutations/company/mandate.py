"""Let a broker work on the company's files, or no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from portnet.domain.access import Mandate as KnownMandate
from portnet.domain.submission import NotDone
from portnet.services.identity.mandate import MandateWish, revocation_hash
from portnet_graphql.context import Info
from portnet_graphql.mutations.company.refusing import refused
from portnet_graphql.mutations.identity.proving import ProofInput
from portnet_graphql.types.company import Mandate
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import (
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    SecondFactorRequired,
    Throttled,
)


@strawberry.input
class MandateInput:
    client_mutation_id: strawberry.ID
    broker: strawberry.ID
    from_: datetime = strawberry.field(name="from")
    until: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Null: until it is revoked."
    )
    kinds: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Codes of the procedures that the broker may begin and act in; null: all.",
    )
    proof: ProofInput | None = strawberry.UNSET


@strawberry.input
class RevokeMandateInput:
    client_mutation_id: strawberry.ID
    id: strawberry.ID
    proof: ProofInput | None = strawberry.UNSET


MandateResult: TypeAlias = Annotated[
    Mandate | InvalidInput | NotAllowedNow | SecondFactorRequired | Throttled | IdempotencyMismatch,
    strawberry.union("MandateResult"),
]


@strawberry.type
class MandateMutations:
    @described(
        "For a manager or the administrator: lets the broker work on the company's files that name"
        " it. Both companies hear it at once."
    )
    async def grant_mandate(self, info: Info, input: MandateInput) -> MandateResult:
        context = info.context
        wish = MandateWish(
            key=input.client_mutation_id,
            broker=key_of(Kind.COMPANY, input.broker) or "",
            starts_at=input.from_,
            ends_at=input.until or None,
            kinds=tuple(input.kinds) if isinstance(input.kinds, list) else None,
        )
        proof = input.proof.known() if input.proof else None
        outcome = await context.services.mandates.grant(context.viewer, wish, proof)
        match outcome:
            case KnownMandate():
                return Mandate.of(outcome, context.now)
            case NotDone():
                return await refused(outcome, wish.operation_hash, "mandate", context)
            case _:
                return InvalidInput.of(outcome, context.locale)

    @described(
        "For a manager or the administrator of the company that gave it: the broker may read the"
        " files it was named on, and nothing more, from now on."
    )
    async def revoke_mandate(self, info: Info, input: RevokeMandateInput) -> MandateResult:
        context = info.context
        mandate = key_of(Kind.MANDATE, input.id) or ""
        proof = input.proof.known() if input.proof else None
        outcome = await context.services.mandates.revoke(
            context.viewer, input.client_mutation_id, mandate, proof
        )
        if isinstance(outcome, NotDone):
            return await refused(outcome, revocation_hash(mandate), "mandate", context)
        # It was revoked after the operation began.
        return Mandate.of(outcome, max(context.now, outcome.revoked_at or context.now))
