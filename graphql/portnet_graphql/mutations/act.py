"""Ask an agency for something: the company's own acts in its procedures."""

from __future__ import annotations

from typing import Annotated, TypeAlias, assert_never

import strawberry

from portnet.domain.approving.approval import Approval as KnownApproval
from portnet.domain.identity.mandate import NoMandate
from portnet.domain.identity.proof import operation_hash
from portnet.domain.submission import NotDone
from portnet.services.act import ActFault, Wish
from portnet.services.submission import Asked
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.loaders import found
from portnet_graphql.mutations.declaring.action import act_on_declaration
from portnet_graphql.mutations.identity.proving import ProofInput, prove_first, try_later
from portnet_graphql.types.approving.approval import Approval
from portnet_graphql.types.declaring.declaration import Declaration
from portnet_graphql.types.dossier import Procedure
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import (
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    SecondFactorRequired,
    StaleVersion,
    Throttled,
)


@strawberry.input
class PerformActionInput:
    client_mutation_id: strawberry.ID
    subject: strawberry.ID
    action: str
    expected_version: int
    proof: ProofInput | None = strawberry.UNSET


PerformActionResult: TypeAlias = Annotated[
    Procedure
    | Approval
    | Declaration
    | InvalidInput
    | StaleVersion
    | NotAllowedNow
    | SecondFactorRequired
    | Throttled
    | IdempotencyMismatch,
    strawberry.union("PerformActionResult"),
]


@strawberry.type
class ActMutations:
    @described(
        "Asks the agency for one of the procedure's `actions`. It is `requested` until the agency's"
        " system answers; nothing changes before. With a declaration as the subject, does one of its"
        " own `actions` at once."
    )
    async def perform_action(self, info: Info, input: PerformActionInput) -> PerformActionResult:
        context = info.context
        declaration = key_of(Kind.DECLARATION, input.subject)
        if declaration is not None:
            asked = Asked(
                key=input.client_mutation_id,
                submission=declaration,
                expected_version=input.expected_version,
            )
            return await act_on_declaration(asked, input.action, context)
        wish = Wish(
            key=input.client_mutation_id,
            procedure=key_of(Kind.PROCEDURE, input.subject) or "",
            event=input.action,
            expected_version=input.expected_version,
        )
        if wish.event == "answered":
            # An answer has words and a request of its own: answerRequest.
            fault = ActFault(path="action", code="UNKNOWN")
            return InvalidInput.of([fault], context.locale)
        proof = input.proof.known() if input.proof else None
        outcome = await context.services.acts.perform(context.viewer, wish, proof)
        if isinstance(outcome, NoMandate):
            return NotAllowedNow.without(outcome, context.locale)
        if isinstance(outcome, NotDone):
            return await _refused(outcome, wish, context)
        if isinstance(outcome, KnownApproval):
            return Approval.of(outcome)
        return Procedure.of(outcome, context)


async def _refused(
    refusal: NotDone, wish: Wish, context: Context
) -> StaleVersion | NotAllowedNow | SecondFactorRequired | Throttled | IdempotencyMismatch:
    if refusal is NotDone.NOT_FOUND:
        raise ContractError(ErrorCode.NOT_FOUND, "There is no such procedure.")
    current = found(await context.files.procedures.load(wish.procedure))
    match refusal:
        case NotDone.STALE_VERSION:
            return StaleVersion.of(Procedure.of(current, context), context.locale)
        case NotDone.PROOF_REQUIRED:
            bound = operation_hash(wish.event, wish.procedure, wish.text or "")
            return await prove_first(bound, context)
        case NotDone.PROOF_USED | NotDone.THROTTLED:
            return await try_later(context)
        case NotDone.KEY_REUSED:
            return IdempotencyMismatch.in_(context.locale)
        case (
            NotDone.NOT_NOW
            | NotDone.NOT_YOURS
            | NotDone.UNDER_WAY
            | NotDone.NO_ROUTE
            | NotDone.BLOCKED
            | NotDone.DO_NOT_PAY_AGAIN
            | NotDone.APPROVAL_MISSING
            | NotDone.OWN_WORK
            | NotDone.OTHER_CONTENT
            | NotDone.PROOF_WRONG
            | NotDone.PROOF_MISSING
            | NotDone.SUSPENDED
            | NotDone.LAST_ADMINISTRATOR
        ):
            return NotAllowedNow.because(refusal, current.state, context.locale)
        case _:
            assert_never(refusal)
