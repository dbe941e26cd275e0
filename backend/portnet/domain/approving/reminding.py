"""When people are told again that an approval waits: whoever may decide, then delegates, then administrators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from portnet.domain.access import Role, User
from portnet.domain.approving.approval import Approval, Matter
from portnet.domain.approving.authority import Delegation, delegates
from portnet.domain.timers import Timer, TimerKind

#: The steps of domain.md's escalation, by the detail of their timers.
REMINDER, TO_DELEGATES, TO_ADMINISTRATORS = "1h", "4h", "24h"
STEPS = {
    REMINDER: timedelta(hours=1),
    TO_DELEGATES: timedelta(hours=4),
    TO_ADMINISTRATORS: timedelta(hours=24),
}


def timers_of_approval(approval: Approval) -> tuple[Timer, ...]:
    """What the clock brings to an approval that waits; a declaration's lapses with its envelope."""
    if not approval.pending:
        return ()
    reminders = tuple(
        Timer(
            subject=approval.id,
            kind=TimerKind.APPROVAL_REMINDER,
            due_at=approval.requested_at + after,
            detail=detail,
            brings="A20",
        )
        for detail, after in STEPS.items()
    )
    if approval.content.matter is Matter.DECLARATION:
        return reminders
    lapse = Timer(
        subject=approval.id, kind=TimerKind.APPROVAL_LAPSES, due_at=approval.deadline, brings="A30"
    )
    return (*reminders, lapse)


def deciders(approval: Approval, people: Sequence[User]) -> frozenset[str]:
    """Who may decide it by their own role, so that they are told first; whoever made it only when they are alone."""
    own = {approval.author, approval.requested_by}
    others = frozenset(u.id for u in people if approval.role in u.roles and u.id not in own)
    return others or frozenset(user.id for user in people if len(people) == 1)


def reminded(
    detail: str,
    approval: Approval,
    people: Sequence[User],
    delegations: Sequence[Delegation],
    now: datetime,
) -> frozenset[str]:
    """Whom the reminder of that step tells; where there is no delegate, the administrators are next at once."""
    if detail == REMINDER:
        return deciders(approval, people)
    administrators = frozenset(u.id for u in people if Role.ADMINISTRATOR in u.roles)
    if detail == TO_ADMINISTRATORS:
        return administrators
    return delegates(approval, people, delegations, now) or administrators
