"""One tap after a finished dossier."""

from __future__ import annotations

from typing import assert_never

import strawberry

from portnet.services.indicators.feedback import FeedbackRefusal
from portnet_graphql.context import Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.done import Done
from portnet_graphql.types.node import Kind, described, key_of


@strawberry.input
class FeedbackInput:
    client_mutation_id: strawberry.ID
    subject: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The finished dossier."
    )
    score: int | None = strawberry.field(default=strawberry.UNSET, description="1 to 5.")
    text: str | None = strawberry.field(
        default=strawberry.UNSET, description="At most 500 characters."
    )


@strawberry.type
class FeedbackMutations:
    @described("How a finished dossier went; a person's second answer replaces the first.")
    async def send_feedback(self, info: Info, input: FeedbackInput) -> Done:
        key = key_of(Kind.DOSSIER, input.subject) if input.subject else None
        refusal = await info.context.services.feedback.send(
            info.context.viewer, key or "", input.score or 0, input.text or None
        )
        match refusal:
            case None:
                return Done(client_mutation_id=input.client_mutation_id)
            case FeedbackRefusal.NOT_FOUND:
                raise ContractError(ErrorCode.NOT_FOUND, "There is no such dossier.")
            case FeedbackRefusal.NOT_FINISHED:
                raise ContractError(ErrorCode.BAD_REQUEST, "This dossier is not finished.")
            case FeedbackRefusal.OUT_OF_RANGE:
                raise ContractError(ErrorCode.BAD_REQUEST, "A score is from 1 to 5.")
            case FeedbackRefusal.TOO_LONG:
                raise ContractError(ErrorCode.BAD_REQUEST, "At most 500 characters.")
            case _:
                assert_never(refusal)
