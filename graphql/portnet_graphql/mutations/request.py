"""Answer what an agency asks."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from portnet.domain.declaring.document import Document as KnownDocument
from portnet.domain.declaring.document import DocumentFault
from portnet.domain.identity.mandate import NoMandate
from portnet.domain.paying.debit import Debit
from portnet.domain.request import InformationRequest as KnownRequest
from portnet.domain.request import RequestKind
from portnet.domain.submission import NotDone
from portnet.services.act import ActFault
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.loaders import found
from portnet_graphql.types.dossier import InformationRequest
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.payment import DEBITS
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
    text: str = strawberry.field(
        description="At most 4,000 characters; of a request with choices, the code of one."
    )
    documents: list[strawberry.ID] | None = strawberry.UNSET


AnswerRequestResult: TypeAlias = Annotated[
    InformationRequest | InvalidInput | StaleVersion | NotAllowedNow | IdempotencyMismatch,
    strawberry.union("AnswerRequestResult"),
]


@strawberry.type
class RequestMutations:
    @described(
        "Sends the answer to the agency. The request is ANSWERED once the agency's system has it."
        " Papers are named to it by their number, type and hash."
    )
    async def answer_request(self, info: Info, input: AnswerRequestInput) -> AnswerRequestResult:
        context = info.context
        papers = [key_of(Kind.DOCUMENT, text) for text in input.documents or ()]
        enclosed = await context.services.documents.enclosed(context.viewer, papers)
        if isinstance(enclosed, DocumentFault):
            return InvalidInput.of([enclosed], context.locale)
        key = key_of(Kind.REQUEST, input.request) or ""
        outcome = await _answered(key, input, enclosed, context)
        match outcome:
            case KnownRequest():
                return InformationRequest.of(outcome, context)
            case NoMandate():
                return NotAllowedNow.without(outcome, context.locale)
            case NotDone():
                return await _refused(outcome, key, context)
            case _:
                return InvalidInput.of(outcome, context.locale)


async def _answered(
    key: str, input: AnswerRequestInput, enclosed: tuple[KnownDocument, ...], context: Context
) -> KnownRequest | NotDone | NoMandate | tuple[ActFault, ...]:
    """An agency's question takes words; our own takes one of its choices."""
    viewer, mutation, version = context.viewer, input.client_mutation_id, input.expected_version
    known = await context.files.requests.load(key)
    if known is None or known.kind is RequestKind.AGENCY:
        return await context.services.acts.answer(
            viewer, mutation, key, version, input.text, enclosed
        )
    if input.text not in DEBITS:
        return (ActFault(path="text", code="UNKNOWN"),)
    return await context.services.debits.answer(viewer, mutation, key, version, Debit(input.text))


async def _refused(
    refusal: NotDone, key: str, context: Context
) -> StaleVersion | NotAllowedNow | IdempotencyMismatch:
    if refusal is NotDone.NOT_FOUND:
        raise ContractError(ErrorCode.NOT_FOUND, "There is no such request.")
    current = found(await context.files.requests.load(key))
    if refusal is NotDone.STALE_VERSION:
        return StaleVersion.of(InformationRequest.of(current, context), context.locale)
    if refusal is NotDone.KEY_REUSED:
        return IdempotencyMismatch.in_(context.locale)
    return NotAllowedNow.because(refusal, current.state, context.locale)
