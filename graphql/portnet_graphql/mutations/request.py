"""Answer what an agency asks."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from portnet.domain.identity.mandate import NoMandate
from portnet.domain.request import InformationRequest as KnownRequest
from portnet.domain.submission import NotDone
from portnet.services.act import ActFault
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.loaders import found
from portnet_graphql.types.dossier import InformationRequest
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import (
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    StaleVersion,
)


@strawberry.input
class AnswerRequestInput:
    client_mutation_id: strawberry.ID
    request: strawberry.ID
    expected_version: int
    text: str = strawberry.field(description="At most 4,000 characters.")
    documents: list[strawberry.ID] | None = strawberry.UNSET


AnswerRequestResult: TypeAlias = Annotated[
    InformationRequest | InvalidInput | StaleVersion | NotAllowedNow | IdempotencyMismatch,
    strawberry.union("AnswerRequestResult"),
]


@strawberry.type
class RequestMutations:
    @described(
        "Sends the answer to the agency. The request is ANSWERED once the agency's system has it."
        " Papers cannot be attached yet."
    )
    async def answer_request(self, info: Info, input: AnswerRequestInput) -> AnswerRequestResult:
        context = info.context
        if input.documents:
            fault = ActFault(path="documents", code="UNKNOWN")
            return InvalidInput.of([fault], context.locale)
        key = key_of(Kind.REQUEST, input.request) or ""
        outcome = await context.services.acts.answer(
            context.viewer, input.client_mutation_id, key, input.expected_version, input.text
        )
        match outcome:
            case KnownRequest():
                return InformationRequest.of(outcome)
            case NoMandate():
                return NotAllowedNow.without(outcome, context.locale)
            case NotDone():
                return await _refused(outcome, key, context)
            case _:
                return InvalidInput.of(outcome, context.locale)


async def _refused(
    refusal: NotDone, key: str, context: Context
) -> StaleVersion | NotAllowedNow | IdempotencyMismatch:
    if refusal is NotDone.NOT_FOUND:
        raise ContractError(ErrorCode.NOT_FOUND, "There is no such request.")
    current = found(await context.files.requests.load(key))
    if refusal is NotDone.STALE_VERSION:
        return StaleVersion.of(InformationRequest.of(current), context.locale)
    if refusal is NotDone.KEY_REUSED:
        return IdempotencyMismatch.in_(context.locale)
    return NotAllowedNow.because(refusal, current.state, context.locale)
