"""Somebody asks for help, and the help desk answers."""

from __future__ import annotations

from typing import Annotated, TypeAlias, assert_never

import strawberry

from portnet.domain.desk.help import LONGEST_QUESTION
from portnet.domain.desk.help import HelpCase as KnownCase
from portnet.services.desk.help import HelpFault, HelpRefusal
from portnet_graphql.context import Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.done import Done
from portnet_graphql.types.help import HelpCase
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import FAULTS, InvalidInput, NotAllowedNow


@strawberry.input
class HelpInput:
    client_mutation_id: strawberry.ID
    subject: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The dossier that the question is about."
    )
    text: str


@strawberry.input
class CloseHelpCaseInput:
    client_mutation_id: strawberry.ID
    case: strawberry.ID
    answer: str


CloseHelpCaseResult: TypeAlias = Annotated[
    HelpCase | InvalidInput | NotAllowedNow, strawberry.union("CloseHelpCaseResult")
]


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
            case KnownCase():
                return Done(client_mutation_id=input.client_mutation_id)
            case HelpFault():
                sentence = FAULTS[outcome.code].in_("en").format(longest=LONGEST_QUESTION)
                raise ContractError(ErrorCode.BAD_REQUEST, f"{outcome.path}: {sentence}")
            case HelpRefusal():
                raise ContractError(ErrorCode.NOT_FOUND, "There is no such dossier.")
            case _:
                assert_never(outcome)

    @described(
        "For the help desk. Ends a case with an answer, which who asked hears of at once. The same"
        " answer sent again is answered as before."
    )
    async def close_help_case(self, info: Info, input: CloseHelpCaseInput) -> CloseHelpCaseResult:
        case, context = key_of(Kind.HELP_CASE, input.case) or "", info.context
        outcome = await context.services.help.close(context.helper, case, input.answer)
        match outcome:
            case KnownCase():
                return HelpCase.of(outcome)
            case HelpFault():
                return InvalidInput.of([outcome], context.locale)
            case HelpRefusal.NOT_FOUND:
                raise ContractError(ErrorCode.NOT_FOUND, "There is no such case.")
            case HelpRefusal.CLOSED:
                return NotAllowedNow.for_case(context.locale)
            case _:
                assert_never(outcome)
