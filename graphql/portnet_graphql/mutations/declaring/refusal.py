"""Why something was not done with a declaration, as the contract says it."""

from __future__ import annotations

from typing import NoReturn, assert_never

from portnet.domain.identity.proof import operation_hash
from portnet.domain.submission import NotDone, Submission
from portnet_graphql.context import Context
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.identity.proving import prove_first, try_later
from portnet_graphql.types.declaring.declaration import Declaration, issues_of
from portnet_graphql.types.problem import (
    INVALID_INPUT,
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    SecondFactorRequired,
    StaleVersion,
    Throttled,
)

Refusal = (
    StaleVersion
    | InvalidInput
    | NotAllowedNow
    | SecondFactorRequired
    | Throttled
    | IdempotencyMismatch
)


def not_found() -> NoReturn:
    raise ContractError(ErrorCode.NOT_FOUND, "There is no such declaration.")


async def refusal(why: NotDone, current: Submission, event: str, context: Context) -> Refusal:
    """``current`` is the declaration as it is; ``event`` what was asked, to which a proof will be bound."""
    locale = context.locale
    match why:
        case NotDone.NOT_FOUND:
            not_found()
        case NotDone.STALE_VERSION:
            return StaleVersion.of(Declaration.of(current), locale)
        case NotDone.KEY_REUSED:
            return IdempotencyMismatch.in_(locale)
        case NotDone.PROOF_REQUIRED:
            leaves = context.services.submissions.as_it_leaves(current)
            bound = operation_hash(event, current.id, leaves.content_hash)
            return await prove_first(bound, context)
        case NotDone.PROOF_USED | NotDone.THROTTLED:
            return await try_later(context)
        case NotDone.BLOCKED:
            return InvalidInput(
                code="INVALID_INPUT",
                message=INVALID_INPUT.in_(locale),
                issues=await issues_of(current, context),
            )
        case (
            NotDone.NOT_NOW
            | NotDone.NOT_YOURS
            | NotDone.UNDER_WAY
            | NotDone.NO_ROUTE
            | NotDone.DO_NOT_PAY_AGAIN
            | NotDone.SUSPENDED
            | NotDone.LAST_ADMINISTRATOR
            | NotDone.APPROVAL_MISSING
            | NotDone.OWN_WORK
            | NotDone.OTHER_CONTENT
            | NotDone.PROOF_WRONG
            | NotDone.PROOF_MISSING
        ):
            return NotAllowedNow.because(why, current.state, locale)
        case _:
            assert_never(why)
