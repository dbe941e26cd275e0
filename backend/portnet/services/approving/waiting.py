"""What the clock brings to approvals and submissions: reminders, lapses, and acts whose procedure has moved on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portnet.domain.approving.approval import Approval, ApprovalState, closed
from portnet.domain.approving.reminding import reminded
from portnet.domain.timers import Retimed, Timer, TimerKind
from portnet.ports.clock import Clock
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import AuditDraft, Change, UnitOfWork, UnitsOfWork
from portnet.services.approving.following import Following
from portnet.services.approving.telling import OwnTeller


class Bells(Protocol):
    async def ring(self, timer: Timer) -> bool: ...


class OwnWorkTimers:
    """Passes a timer of a company's own work on to whoever knows its subject."""

    def __init__(self, submissions: Bells, approvals: Bells) -> None:
        self._submissions = submissions
        self._approvals = approvals

    async def ring(self, timer: Timer) -> bool:
        of_submission = timer.kind is TimerKind.SUBMISSION_TIMEOUT
        return await (self._submissions if of_submission else self._approvals).ring(timer)


class ApprovalBells:
    """Fires the timers of approvals; each call is one transaction."""

    def __init__(
        self,
        units: UnitsOfWork,
        following: Following,
        teller: OwnTeller,
        clock: Clock,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._following = following
        self._teller = teller
        self._clock = clock
        self._wakeups = wakeups

    async def ring(self, timer: Timer) -> bool:
        """Do what ``timer`` brings if it is still true, and take it away."""
        now = self._clock.now()
        async with self._units() as work:
            approval = await work.approving.approval(timer.subject)
            work.add(Retimed(moot=(timer.key,)))
            if approval is not None and approval.pending:
                work.add(*await self._brought(work, approval, timer, now))
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        return True

    async def _brought(
        self, work: UnitOfWork, approval: Approval, timer: Timer, now: datetime
    ) -> Sequence[Change]:
        if timer.kind is TimerKind.APPROVAL_REMINDER:
            return await self._reminded(work, approval, timer, now)
        lapsed = timer.kind is TimerKind.APPROVAL_LAPSES
        state = ApprovalState.LAPSED if lapsed else ApprovalState.VOIDED
        ended = closed(approval, state, now)
        audit = AuditDraft(
            company=approval.company,
            at=now,
            actor="clock",
            action=f"approval.{'lapse' if lapsed else 'void'}",
            subject=f"{approval.id}/{approval.content.id}",
        )
        # Both ends are told as a return is: whoever asked has to look again.
        return [audit, *await self._following.settled(work, approval, ended, "lapse", now)]

    async def _reminded(
        self, work: UnitOfWork, approval: Approval, timer: Timer, now: datetime
    ) -> Sequence[Change]:
        people = await work.people(approval.company)
        delegations = await work.approving.delegations(approval.company)
        only = reminded(timer.detail, approval, people, delegations, now)
        return await self._teller.of_approval(work, timer.brings, approval, now, only, timer.detail)
