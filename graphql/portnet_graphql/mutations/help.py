"""Somebody asks for help."""

from __future__ import annotations

from typing import assert_never

import strawberry

from portnet.domain.desk.help import LONGEST_QUESTION, HelpCase
from portnet.services.desk.help import HelpFault, HelpRefusal
from portnet_graphql.context import Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.done import Done
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import FAULTS


@strawberry.input
class HelpInput:
    client_mutation_id: strawberry.ID
    subject: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The dossier that the question is about."
    )
    text: str


@strawberry.type
class HelpMutations:
    @described(
        "Opens a case at the help desk, with the file as it is now. The same clientMutationId opens"
        " one case, however often it is sent."
    )
    async def ask_for_help(self, info: Info, input: HelpInput) -> Done:
        dossier = (key_of(Kind.DOSSIER, input.subject) or "") if input.subject else None
        outcome = await info.context.services.help.ask(
            info.context.viewer, input.client_mutation_id, dossier, input.text
        )
        match outcome:
            case HelpCase():
                return Done(client_mutation_id=input.client_mutation_id)
            case HelpFault():
                sentence = FAULTS[outcome.code].in_("en").format(longest=LONGEST_QUESTION)
                raise ContractError(ErrorCode.BAD_REQUEST, f"{outcome.path}: {sentence}")
            case HelpRefusal.NOT_FOUND:
                raise ContractError(ErrorCode.NOT_FOUND, "There is no such dossier.")
            case _:
                assert_never(outcome)
