"""What the company does with its own declaration besides writing and sending it: nothing of it leaves the house."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from portnet.domain.access import Viewer
from portnet.domain.approving.approval import Approval
from portnet.domain.submission import NotDone, Submission
from portnet.services.act import ActFault
from portnet.services.approving.outcome import Refused
from portnet.services.submission import Asked, Submissions
from portnet_graphql.context import Context
from portnet_graphql.mutations.declaring.refusal import Refusal, not_found, refusal
from portnet_graphql.types.declaring.declaration import Declaration
from portnet_graphql.types.problem import InvalidInput

_Does = Callable[[Submissions, Viewer, Asked], Awaitable[Submission | NotDone]]

#: By the code of the action; approving, returning, taking that back and submitting are mutations of their own.
_ACTIONS: Mapping[str, _Does] = {
    "discard": Submissions.discard,
    "edit": Submissions.reopen,
    "withdraw": Submissions.withdraw,
    "correct": Submissions.correct,
}


async def act_on_declaration(asked: Asked, action: str, context: Context) -> Declaration | Refusal:
    """Do one of the declaration's own actions."""
    if action == "revoke":
        return await _take_back(asked, context)
    does = _ACTIONS.get(action)
    if does is None:
        return InvalidInput.of([ActFault(path="action", code="UNKNOWN")], context.locale)
    outcome = await does(context.services.submissions, context.viewer, asked)
    if isinstance(outcome, Submission):
        return Declaration.of(outcome)
    current = await context.declarations.declarations.load(asked.submission) or not_found()
    return await refusal(outcome, current, action, context)


async def _take_back(asked: Asked, context: Context) -> Declaration | Refusal:
    """The yes that the declaration has; see `takeBackApproval`."""
    approval = await context.approvals.newest_of.load(asked.submission) or not_found()
    decisions = context.services.approving.decisions
    outcome = await decisions.take_back(context.viewer, asked.key, approval.id, None)
    declarations = context.readers.declarations
    known = await declarations.declarations_by_id(context.viewer, context.now, [asked.submission])
    current = known.get(asked.submission) or not_found()
    if isinstance(outcome, Approval):
        return Declaration.of(current)
    why = outcome.because if isinstance(outcome, Refused) else outcome
    return await refusal(why, current, "revoke", context)
