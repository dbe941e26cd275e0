"""One approval that was asked for: of exactly one content, decided once. Pure: who may decide is `authority`'s.

A content never changes and is named by its hash, so that nobody approves what they did not see.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import Role
from portnet.domain.approving.money import Money
from portnet.domain.identity.proof import operation_hash
from portnet.domain.procedure import Procedure
from portnet.domain.submission import NotDone, Submission

#: An approval that nobody decided is over after this long.
LAPSES_AFTER = timedelta(hours=72)


class ApprovalState(enum.StrEnum):
    """VOIDED: what it was about moved on, was edited, or the manager took the approval back."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    RETURNED = "RETURNED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"
    VOIDED = "VOIDED"


class Matter(enum.StrEnum):
    DECLARATION = "DECLARATION"
    ACT = "ACT"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be approved, as it stood when it was asked for. ``id`` names it and changes with any part of it.

    ``subject`` is the submission's or procedure's id, ``kind`` the action of the matrix, ``body`` a JSON object.
    ``code`` is the procedure that is declared or acted in.
    """

    id: str
    matter: Matter
    subject: str
    kind: str
    code: str
    body: str
    amount: Money | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the procedure stood when an act in it was asked for: the approval is of that act in that state."""

    state: str
    entered_at: datetime


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """``author`` made what is to be approved and never decides it, unless ``self_approved`` in a company of one.

    ``role`` is whose approval it is; ``on_behalf_of`` the user whose right the decider used, if not their own.
    """

    id: str
    company: str
    content: Content
    role: Role
    author: str
    requested_by: str
    requested_at: datetime
    deadline: datetime
    updated_at: datetime
    state: ApprovalState = ApprovalState.PENDING
    standing: Standing | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    on_behalf_of: str | None = None
    self_approved: bool = False
    reason: str | None = None
    version: int = 1

    @property
    def pending(self) -> bool:
        return self.state is ApprovalState.PENDING


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An act as its approval's body tells it: ``entered_at`` ties it to one stay in one state."""

    action: str
    procedure: str
    identity: str
    state: str
    entered_at: datetime
    text: str = ""


def content_of_submission(submission: Submission, amount: Money | None) -> Content:
    """The declaration's content under a name of its own: the same values in two declarations are two contents."""
    return Content(
        id=operation_hash("approve", submission.id, submission.content_hash),
        matter=Matter.DECLARATION,
        subject=submission.id,
        kind=submission.target,
        code=submission.target,
        body=submission.content,
        amount=amount,
    )


def content_of_act(procedure: Procedure, event: str, text: str | None) -> Content:
    """An act in the state in which the procedure stands."""
    act = Act(
        action=event,
        procedure=procedure.id,
        identity=procedure.identity,
        state=procedure.state,
        entered_at=procedure.entered_at,
        text=text or "",
    )
    body = msgspec.json.encode(act, order="sorted").decode()
    return Content(
        id=operation_hash("approve", procedure.id, body),
        matter=Matter.ACT,
        subject=procedure.id,
        kind=event,
        code=procedure.code,
        body=body,
    )


def act_of(content: Content) -> Act:
    """The act that a content of `content_of_act` is about."""
    return msgspec.json.decode(content.body, type=Act)


def standing_of(procedure: Procedure) -> Standing:
    return Standing(state=procedure.state, entered_at=procedure.entered_at)


def proof_hash(contents: list[str]) -> str:
    """What one proof for several like decisions is bound to: the contents' ids, sorted."""
    return operation_hash("approve", str(len(contents)), ",".join(sorted(contents)))


def closed(
    approval: Approval,
    state: ApprovalState,
    now: datetime,
    *,
    by: str | None = None,
    reason: str | None = None,
) -> Approval:
    """``approval`` as it ends otherwise than by a yes; ``by`` is the person who ended it, None the clock or others.

    Taking a yes back keeps in mind who had given it.
    """
    return msgspec.structs.replace(
        approval,
        state=state,
        decided_by=approval.decided_by or by,
        decided_at=approval.decided_at or now,
        reason=reason,
        updated_at=now,
        version=approval.version + 1,
    )


def approved(
    approval: Approval, by: str, on_behalf_of: str | None, alone: bool, now: datetime
) -> Approval | NotDone:
    """The yes of ``by``; NOT_NOW when it is decided already."""
    if not approval.pending:
        return NotDone.NOT_NOW
    return msgspec.structs.replace(
        approval,
        state=ApprovalState.APPROVED,
        decided_by=by,
        decided_at=now,
        on_behalf_of=on_behalf_of,
        self_approved=alone,
        updated_at=now,
        version=approval.version + 1,
    )
