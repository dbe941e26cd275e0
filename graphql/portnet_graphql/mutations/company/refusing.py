"""What is said when something that a company arranges for itself is not done."""

from __future__ import annotations

from portnet.domain.submission import NotDone
from portnet_graphql.context import Context
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.identity.proving import unproven
from portnet_graphql.types.problem import (
    IdempotencyMismatch,
    NotAllowedNow,
    SecondFactorRequired,
    Throttled,
)


async def refused(
    refusal: NotDone, bound: str, subject: str, context: Context
) -> NotAllowedNow | SecondFactorRequired | Throttled | IdempotencyMismatch:
    """The answer; ``bound`` is the hash of the operation, which a second factor would prove.

    Raises:
        ContractError: there is no such ``subject``, or not for this viewer.
    """
    if refusal is NotDone.NOT_FOUND:
        raise ContractError(ErrorCode.NOT_FOUND, f"There is no such {subject}.")
    if refusal is NotDone.KEY_REUSED:
        return IdempotencyMismatch.in_(context.locale)
    return await unproven(refusal, bound, context)
