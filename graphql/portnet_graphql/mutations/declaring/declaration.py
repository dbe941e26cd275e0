"""Write a declaration field by field, and send it off."""

from __future__ import annotations

from typing import Annotated, TypeAlias, assert_never

import strawberry

from portnet.domain.declaring.drafting import Conflict, Patch
from portnet.domain.identity.mandate import NoMandate
from portnet.domain.submission import Submission
from portnet.services.declaring.drafts import Overtaken, Refused, Saving
from portnet.services.submission import Asked
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import found
from portnet_graphql.mutations.declaring.refusal import not_found, refusal
from portnet_graphql.mutations.identity.proving import ProofInput
from portnet_graphql.types.declaring.declaration import Declaration, declaration_key, label_at
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import (
    FieldConflict,
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    SecondFactorRequired,
    StaleVersion,
    Throttled,
)


@strawberry.input(
    description="The path of a field in a line holds the line's own id, never its rank. A null value"
    " clears the field, and of a line's own path the whole line."
)
class FieldPatch:
    path: str
    value: str | None = strawberry.UNSET

    def known(self) -> Patch:
        return Patch(path=self.path, value=self.value if isinstance(self.value, str) else None)


@strawberry.input
class SaveDeclarationInput:
    client_mutation_id: strawberry.ID
    id: strawberry.ID = strawberry.field(
        description="A ULID that the app makes, or a Declaration's id."
    )
    kind: str
    company: strawberry.ID
    form_version: int
    base_version: int = strawberry.field(
        description="The last version read from the server, 0 for a new one. Only others' later"
        " changes of the same fields conflict, never this app's own queue."
    )
    patch: list[FieldPatch] = strawberry.field(
        description="Applied whole or not at all; 200 at most."
    )
    queue: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Names this app's own queue of patches, and survives signing in again; by"
        " default the session's.",
    )


@strawberry.input
class StepUpInput:
    client_mutation_id: strawberry.ID
    id: strawberry.ID
    expected_version: int
    proof: ProofInput | None = strawberry.UNSET


SaveDeclarationResult: TypeAlias = Annotated[
    Declaration | InvalidInput | StaleVersion | NotAllowedNow | IdempotencyMismatch,
    strawberry.union("SaveDeclarationResult"),
]
SubmitDeclarationResult: TypeAlias = Annotated[
    Declaration
    | InvalidInput
    | StaleVersion
    | NotAllowedNow
    | SecondFactorRequired
    | Throttled
    | IdempotencyMismatch,
    strawberry.union("SubmitDeclarationResult"),
]


@strawberry.type
class DeclarationMutations:
    @described(
        "Saves fields of a draft, and begins it with the first. What was checked, approved or"
        " rejected becomes a draft again; what was sent is not written in."
    )
    async def save_declaration(
        self, info: Info, input: SaveDeclarationInput
    ) -> SaveDeclarationResult:
        context = info.context
        outcome = await context.services.drafts.save(context.viewer, _saving(input, context))
        match outcome:
            case Submission():
                return Declaration.of(outcome)
            case Overtaken():
                return await _stale(outcome, context)
            case Refused():
                if isinstance(outcome.why, NoMandate):
                    return NotAllowedNow.without(outcome.why, context.locale)
                current = outcome.current or not_found()
                refused = await refusal(outcome.why, current, "", context)
                if isinstance(refused, SecondFactorRequired | Throttled):
                    raise TypeError("saving asks for no proof")
                return refused
            case tuple():
                return InvalidInput.of(outcome, context.locale)
            case _:
                assert_never(outcome)

    @described(
        "Checks a draft and sends it off. What a manager has to approve is sent once it is approved."
    )
    async def submit_declaration(self, info: Info, input: StepUpInput) -> SubmitDeclarationResult:
        context = info.context
        asked = Asked(
            key=input.client_mutation_id,
            submission=declaration_key(input.id) or "",
            expected_version=input.expected_version,
        )
        proof = input.proof.known() if input.proof else None
        outcome = await context.services.submissions.submit(context.viewer, asked, proof)
        if isinstance(outcome, Submission):
            return Declaration.of(outcome)
        current = await context.declarations.declarations.load(asked.submission) or not_found()
        return await refusal(outcome, current, "submit", context)


def _saving(input: SaveDeclarationInput, context: Context) -> Saving:
    made = declaration_key(input.id) or not_found()
    return Saving(
        key=input.client_mutation_id,
        id=made,
        kind=input.kind,
        company=key_of(Kind.COMPANY, input.company) or "",
        form_version=input.form_version,
        base_version=input.base_version,
        patch=tuple(item.known() for item in input.patch),
        queue=input.queue or context.viewer.session,
    )


async def _stale(overtaken: Overtaken, context: Context) -> StaleVersion:
    current = overtaken.current
    conflicts = [await _conflict(c, current, context) for c in overtaken.conflicts]
    return StaleVersion.of(Declaration.of(current), context.locale, conflicts)


async def _conflict(conflict: Conflict, current: Submission, context: Context) -> FieldConflict:
    author = found(await context.files.users.load(conflict.by))
    return FieldConflict(
        path=conflict.path,
        label=label_at(conflict.path, current, context),
        yours=conflict.yours,
        theirs=conflict.theirs,
        theirs_by=author.name,
    )
