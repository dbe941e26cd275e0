"""Get a second factor, and put it in force by its first code."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from portnet.domain.identity.second_factor import Method
from portnet.domain.submission import NotDone
from portnet_graphql.context import Info
from portnet_graphql.mutations.identity.proving import ProofInput, prove_first, try_later
from portnet_graphql.types.node import described
from portnet_graphql.types.problem import (
    NotAllowedNow,
    SecondFactorRequired,
    Throttled,
    WrongCredentials,
)
from portnet_graphql.types.scalars import Proof
from portnet_graphql.types.viewer import Viewer


@strawberry.input
class EnrolInput:
    client_mutation_id: strawberry.ID
    method: Proof
    proof: ProofInput | None = strawberry.UNSET


@strawberry.input
class ConfirmInput:
    client_mutation_id: strawberry.ID
    proof: ProofInput


@strawberry.type(description="Shown this once. It counts from its first code on.")
class SecondFactorEnrolment:
    method: Proof
    uri: str | None = strawberry.field(description="otpauth, for the authenticator's camera.")
    recovery_codes: list[str] = strawberry.field(description="Each works once, instead of a code.")


EnrolResult: TypeAlias = Annotated[
    SecondFactorEnrolment | SecondFactorRequired | NotAllowedNow | Throttled,
    strawberry.union("EnrolResult"),
]
ConfirmSecondFactorResult: TypeAlias = Annotated[
    Viewer | WrongCredentials | Throttled, strawberry.union("ConfirmSecondFactorResult")
]


@strawberry.type
class SecondFactorMutations:
    @described(
        "A new authenticator; who has one shows it first, and keeps it until the new one is confirmed."
    )
    async def enrol_second_factor(self, info: Info, input: EnrolInput) -> EnrolResult:
        context, method = info.context, Method(input.method.value)
        if method is not Method.TOTP:
            return NotAllowedNow.no_such_method(method.value, context.locale)
        factors = context.services.second_factors
        proof = input.proof.known() if input.proof else None
        drawn = await factors.enrol(context.viewer, method, proof)
        if isinstance(drawn, NotDone):
            bound = factors.enrolment(context.viewer.user, method)
            return await _not_enrolled(drawn, bound, info)
        return SecondFactorEnrolment(
            method=Proof.TOTP, uri=drawn.uri, recovery_codes=list(drawn.recovery_codes)
        )

    @described("Puts the authenticator just enrolled in force by its first code.")
    async def confirm_second_factor(
        self, info: Info, input: ConfirmInput
    ) -> ConfirmSecondFactorResult:
        context = info.context
        refusal = await context.services.second_factors.confirm(
            context.viewer, input.client_mutation_id, input.proof.known()
        )
        if refusal is None:
            return Viewer.of(context.person)
        if refusal is NotDone.THROTTLED:
            return await try_later(context)
        return WrongCredentials.wrong_code(context.locale)


async def _not_enrolled(
    refusal: NotDone, bound: str, info: Info
) -> SecondFactorRequired | NotAllowedNow | Throttled:
    context = info.context
    if refusal is NotDone.PROOF_REQUIRED:
        return await prove_first(bound, context)
    if refusal in (NotDone.PROOF_USED, NotDone.THROTTLED):
        return await try_later(context)
    readiness = await context.services.second_factors.readiness(context.viewer.user)
    return NotAllowedNow.because(refusal, readiness.state.value, context.locale)
