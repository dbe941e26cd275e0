"""How an operation that needs a second factor asks for it; every such mutation answers in these words."""

from __future__ import annotations

import strawberry

from portnet.domain.identity.proof import Proof, Unproven
from portnet.domain.identity.second_factor import Occasion
from portnet.domain.submission import NotDone
from portnet.services.identity.step_up import FactorAsked
from portnet_graphql.context import Context
from portnet_graphql.types.problem import NotAllowedNow, SecondFactorRequired, Throttled


@strawberry.input
class ProofInput:
    code: str | None = strawberry.field(
        default=strawberry.UNSET, description="Of the authenticator, or a recovery code."
    )
    passkey: str | None = strawberry.field(
        default=strawberry.UNSET, description="the authenticator's JSON, verbatim"
    )

    def known(self) -> Proof:
        return Proof(code=self.code or None, passkey=self.passkey or None)


async def prove_first(bound: str, context: Context) -> SecondFactorRequired:
    """For `NotDone.PROOF_REQUIRED`: the operation of that hash waits for a code."""
    readiness = await context.services.second_factors.readiness(context.viewer.user)
    return SecondFactorRequired.for_(bound, readiness.methods, context.locale)


async def try_later(context: Context) -> Throttled:
    """For `NotDone.PROOF_USED` and `NotDone.THROTTLED`: no code counts before that."""
    readiness = await context.services.second_factors.readiness(context.viewer.user)
    return Throttled.until_a_code_counts(
        readiness.throttled, readiness.wait_seconds, context.locale
    )


async def unproven(
    because: NotDone, bound: str, context: Context
) -> SecondFactorRequired | Throttled | NotAllowedNow:
    """For an operation of that hash that was not shown a second factor."""
    if because is NotDone.PROOF_REQUIRED:
        return await prove_first(bound, context)
    if because in (NotDone.PROOF_USED, NotDone.THROTTLED):
        return await try_later(context)
    return NotAllowedNow.because(because, because.value, context.locale)


async def not_yet_signed_in(
    asked: FactorAsked, context: Context
) -> SecondFactorRequired | Throttled:
    """For a sign-in whose password is right."""
    factors = context.services.second_factors
    readiness = await factors.readiness(asked.user, Occasion.SIGN_IN)
    if asked.why in (Unproven.USED, Unproven.THROTTLED):
        return Throttled.until_a_code_counts(
            readiness.throttled, readiness.wait_seconds, context.locale
        )
    wrong = NotDone.PROOF_WRONG if asked.why is Unproven.WRONG else NotDone.PROOF_REQUIRED
    return SecondFactorRequired.for_(asked.operation, readiness.methods, context.locale, wrong)
