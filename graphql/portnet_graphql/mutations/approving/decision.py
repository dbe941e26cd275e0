"""Ask for an approval, give it or not, take it back."""

from __future__ import annotations

from typing import Annotated, NoReturn, TypeAlias

import strawberry

from portnet.domain.approving.approval import Approval as KnownApproval
from portnet.domain.approving.approval import Content
from portnet.domain.submission import NotDone
from portnet.services.approving.decision import Decided, Decision
from portnet.services.approving.outcome import Fault, Refused, SecondFactorMissing, Stale
from portnet.services.submission import Asked
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.declaring.refusal import refusal
from portnet_graphql.mutations.identity.proving import ProofInput, unproven
from portnet_graphql.types.approving.approval import Approval, changed, name_of
from portnet_graphql.types.declaring.change import FieldChange
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import (
    STALE_APPROVAL,
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    Problem,
    SecondFactorRequired,
    StaleVersion,
    Throttled,
)


@strawberry.input
class RequestApprovalInput:
    client_mutation_id: strawberry.ID
    id: strawberry.ID
    expected_version: int


@strawberry.input
class DecisionInput:
    client_mutation_id: strawberry.ID
    contents: list[strawberry.ID] = strawberry.field(
        description="ids of ApprovalContent as shown; several like items, one proof over the sorted"
        " list"
    )
    reason: str | None = strawberry.UNSET
    proof: ProofInput | None = strawberry.UNSET


@strawberry.input
class OpenApprovalInput:
    client_mutation_id: strawberry.ID
    content: strawberry.ID


@strawberry.input
class TakeBackApprovalInput:
    client_mutation_id: strawberry.ID
    id: strawberry.ID
    reason: str | None = strawberry.UNSET


@strawberry.type
class ApprovalsDecided:
    approvals: list[Approval]


@strawberry.type(description="What was shown is not what waits now; nothing was approved.")
class StaleApproval(Problem):
    approval: Approval
    changes: list[FieldChange]


ApprovalResult: TypeAlias = Annotated[
    Approval
    | ApprovalsDecided
    | InvalidInput
    | StaleApproval
    | StaleVersion
    | NotAllowedNow
    | SecondFactorRequired
    | Throttled
    | IdempotencyMismatch,
    strawberry.union("ApprovalResult"),
]


@strawberry.type
class ApprovalMutations:
    @described("Of a declaration, which is checked first.")
    async def request_approval(self, info: Info, input: RequestApprovalInput) -> ApprovalResult:
        context, declaration = info.context, key_of(Kind.DECLARATION, input.id) or ""
        asked = Asked(
            key=input.client_mutation_id,
            submission=declaration,
            expected_version=input.expected_version,
        )
        outcome = await context.services.submissions.request_approval(context.viewer, asked)
        if isinstance(outcome, NotDone):
            current = await context.declarations.declarations.load(declaration) or _missing()
            return await refusal(outcome, current, "request_approval", context)
        approvals = context.readers.approvals
        newest = await approvals.newest_of_subjects(outcome.company, [outcome.id])
        return Approval.of(newest[outcome.id])

    @described("An act that needed it is asked of its agency at once.")
    async def approve(self, info: Info, input: DecisionInput) -> ApprovalResult:
        context, decision = info.context, _decision(input)
        proof = input.proof.known() if input.proof else None
        decisions = context.services.approving.decisions
        return await _result(await decisions.approve(context.viewer, decision, proof), context)

    @described("`reason` says what has to be corrected.")
    async def return_for_correction(self, info: Info, input: DecisionInput) -> ApprovalResult:
        context, decision = info.context, _decision(input)
        decisions = context.services.approving.decisions
        return await _result(
            await decisions.return_for_correction(context.viewer, decision), context
        )

    @described("The sheet was opened: `changes` are against this content from the next one on.")
    async def open_approval(self, info: Info, input: OpenApprovalInput) -> Approval:
        context, content = info.context, key_of(Kind.CONTENT, input.content) or ""
        opened = await context.services.approving.decisions.open(context.viewer, content)
        return _missing() if isinstance(opened, NotDone) else Approval.of(opened)

    @described(
        "Who asked withdraws what waits; whoever may decide takes a yes back before it was used."
    )
    async def take_back_approval(self, info: Info, input: TakeBackApprovalInput) -> ApprovalResult:
        context, approval = info.context, key_of(Kind.APPROVAL, input.id) or ""
        outcome = await context.services.approving.decisions.take_back(
            context.viewer, input.client_mutation_id, approval, input.reason or None
        )
        if isinstance(outcome, KnownApproval):
            return Approval.of(outcome)
        return await _result(outcome, context)


def _decision(input: DecisionInput) -> Decision:
    # An id that is none of ours names a content that nobody has.
    contents = tuple(key_of(Kind.CONTENT, content) or str(content) for content in input.contents)
    return Decision(key=input.client_mutation_id, contents=contents, reason=input.reason or None)


async def _result(outcome: Decided, context: Context) -> ApprovalResult:
    locale = context.locale
    if isinstance(outcome, Stale):
        return _stale(outcome.approval, outcome.shown, context)
    if isinstance(outcome, Refused):
        return await _refused(outcome, context)
    if isinstance(outcome, SecondFactorMissing):
        return await unproven(outcome.because, outcome.operation_hash, context)
    if isinstance(outcome, NotDone):
        if outcome is NotDone.KEY_REUSED:
            return IdempotencyMismatch.in_(locale)
        _missing()
    faults = [each for each in outcome if isinstance(each, Fault)]
    if faults:
        return InvalidInput.of(faults, locale)
    decided = [Approval.of(each) for each in outcome if isinstance(each, KnownApproval)]
    return decided[0] if len(decided) == 1 else ApprovalsDecided(approvals=decided)


async def _refused(refused: Refused, context: Context) -> NotAllowedNow:
    approval, locale = refused.approval, context.locale
    by = await name_of(approval.decided_by, context)
    if refused.because is NotDone.NOT_NOW and by is not None:
        return NotAllowedNow.decided(by, approval.state.value, locale)
    if refused.because is NotDone.STALE_VERSION:
        # The procedure has moved on: the clock voids the approval in a moment.
        return NotAllowedNow.because(NotDone.NOT_NOW, approval.state.value, locale)
    return NotAllowedNow.because(refused.because, approval.state.value, locale)


def _stale(approval: KnownApproval, shown: Content, context: Context) -> StaleApproval:
    return StaleApproval(
        code="STALE_APPROVAL",
        message=STALE_APPROVAL.in_(context.locale),
        approval=Approval.of(approval),
        changes=changed(shown, approval.content, context),
    )


def _missing() -> NoReturn:
    raise ContractError(ErrorCode.NOT_FOUND, "There is no such approval.")
