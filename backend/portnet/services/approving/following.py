"""A declaration's approval follows its envelope: what a step of the one does to the other, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from portnet.domain.access import Role
from portnet.domain.approving.approval import (
    LAPSES_AFTER,
    Approval,
    ApprovalState,
    closed,
    content_of_submission,
)
from portnet.domain.approving.changes import values_of
from portnet.domain.approving.matrix import Matrix, default_matrix
from portnet.domain.approving.money import Money
from portnet.domain.approving.reminding import deciders, timers_of_approval
from portnet.domain.business_hours import add
from portnet.domain.catalogue import Catalogue, Definition
from portnet.domain.submission import ENVELOPE, Submission
from portnet.domain.timers import Retimed, timers_of_submission
from portnet.ports.approving.describing import Describer
from portnet.ports.clock import Ids
from portnet.ports.unit_of_work import Change, UnitOfWork
from portnet.services.approving.telling import OwnTeller

#: What becomes of an approval that waits or was given, by what happens to its declaration.
_ENDS: Mapping[str, ApprovalState] = {
    "return": ApprovalState.RETURNED,
    "withdraw": ApprovalState.WITHDRAWN,
    "lapse": ApprovalState.LAPSED,
    "edit": ApprovalState.VOIDED,
    "reopen": ApprovalState.VOIDED,
    "discard": ApprovalState.VOIDED,
    "revoke": ApprovalState.VOIDED,
}
#: Who hears of an event besides the feed, by its alert.
_ALERTS: Mapping[str, str] = {
    "approve": "A31",
    "return": "A30",
    "lapse": "A30",
    "revoke": "A30",
    "edit": "A32",
    "reopen": "A32",
}
#: Of the envelope itself.
_DOUBTS: Mapping[str, str] = {"no_ack": "A23", "nack": "A37"}
#: Where an approval is waited for or has been given, and not been used.
_UNDER_APPROVAL = frozenset({"PENDING_APPROVAL", "APPROVED"})


class Following:
    """Keeps approvals, their timers and alerts in step with submissions."""

    def __init__(
        self, catalogue: Catalogue, describer: Describer, teller: OwnTeller, ids: Ids
    ) -> None:
        self._catalogue = catalogue
        self._describer = describer
        self._teller = teller
        self._ids = ids

    async def asks(self, work: UnitOfWork, submission: Submission) -> Role | None:
        """Whose approval the company's matrix asks for before this is sent."""
        matrix = await matrix_of(work, self._catalogue, submission.company)
        return matrix.asks(submission.target, self._amount(submission))

    async def follow(
        self,
        work: UnitOfWork,
        before: Submission,
        after: Submission,
        event: str,
        by: str | None,
        now: datetime,
    ) -> Sequence[Change]:
        """What ``event``, which made ``after`` of ``before``, changes besides; ``by`` is a user, None our clock."""
        envelope = self._catalogue.definition(ENVELOPE, after.envelope)
        changes: list[Change] = [retimed(envelope, before, after)]
        if event == "request_approval" and by is not None:
            changes += await self._asked(work, envelope, after, by, now)
        elif event in _ENDS and before.state in _UNDER_APPROVAL:
            approval = await work.approving.newest_of(after.id)
            if approval is not None:
                reason = after.reasons[0].text if after.reasons else None
                ended = closed(approval, _ENDS[event], now, by=by, reason=reason)
                changes += await self.settled(work, approval, ended, event, now)
        elif event in _DOUBTS:
            changes += await self._teller.of_submission(work, _DOUBTS[event], after, now)
        return changes

    async def settled(
        self, work: UnitOfWork, before: Approval, after: Approval, event: str, now: datetime
    ) -> Sequence[Change]:
        """An approval as it was decided or ended, its timers gone, and who hears of it."""
        moot = tuple(timer.key for timer in timers_of_approval(before))
        changes: list[Change] = [after, self._teller.changed(after, now), Retimed(moot=moot)]
        # Of an edit the manager hears who had approved; one that still waits is withdrawn first.
        if event in _ALERTS:
            changes += await self._teller.of_approval(work, _ALERTS[event], after, now)
        return changes

    async def _asked(
        self,
        work: UnitOfWork,
        envelope: Definition,
        submission: Submission,
        by: str,
        now: datetime,
    ) -> Sequence[Change]:
        amount = self._amount(submission)
        matrix = await matrix_of(work, self._catalogue, submission.company)
        timeout = envelope.state(submission.state).timeout
        approval = Approval(
            id=self._ids.new(),
            company=submission.company,
            content=content_of_submission(submission, amount),
            role=matrix.asks(submission.target, amount) or Role.MANAGER,
            author=submission.author,
            requested_by=by,
            requested_at=now,
            deadline=now + LAPSES_AFTER if timeout is None else add(timeout.after, now),
            updated_at=now,
        )
        return await asked(work, self._teller, approval, now)

    def _amount(self, submission: Submission) -> Money | None:
        return self._describer.amount(submission.target, values_of(submission.content))


async def matrix_of(work: UnitOfWork, catalogue: Catalogue, company: str) -> Matrix:
    """The company's own rules, else the default."""
    return await work.approving.matrix(company) or default_matrix(catalogue, company)


async def asked(
    work: UnitOfWork, teller: OwnTeller, approval: Approval, now: datetime
) -> Sequence[Change]:
    """A new approval with its timers, and whoever may decide it told."""
    people = await work.people(approval.company)
    told = await teller.of_approval(work, "A20", approval, now, deciders(approval, people))
    timers = Retimed(live=timers_of_approval(approval))
    return [approval, teller.changed(approval, now), timers, *told]


def retimed(envelope: Definition, before: Submission, after: Submission) -> Retimed:
    """The timers of a submission that went from one state to another."""
    live = timers_of_submission(envelope, after)
    still = {timer.key for timer in live}
    moot = (t.key for t in timers_of_submission(envelope, before))
    return Retimed(moot=tuple(key for key in moot if key not in still), live=live)
