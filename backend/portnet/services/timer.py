"""A timer's time has come: look again at what it is about, and do what is still true. One transaction, nothing sent.

What it is about is locked while it fires, as by the intake: a timer fires once, or the change that made it moot was
first. A crash before the commit leaves it set.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Protocol, assert_never

from portnet.domain.access import Mandate
from portnet.domain.catalogue import Catalogue
from portnet.domain.events import (
    AlertRaised,
    MandateEnded,
    MandateStarted,
    Record,
    company_audience,
    user_audience,
)
from portnet.domain.procedure import Procedure
from portnet.domain.timers import (
    OWN_WORK,
    Rung,
    Timer,
    TimerKind,
    clock_message,
    noted,
    rung,
    timers_of,
    timers_of_mandate,
)
from portnet.ports.alerts import MandatePlanner
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import AuditDraft, Change, Ringing, UnitsOfWork
from portnet.services.intake import Intake


class OwnWorkBells(Protocol):
    """Rings for what a company does itself: its submissions and approvals."""

    async def ring(self, timer: Timer) -> bool: ...


class TimerService:
    """Safe to run many at once.

    Args:
        intake: what an agency's message brings about, our clock's brings about in the same way.
    """

    def __init__(
        self,
        units: UnitsOfWork,
        catalogue: Catalogue,
        intake: Intake,
        planner: MandatePlanner,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
        own_work: OwnWorkBells,
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._intake = intake
        self._planner = planner
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups
        self._own_work = own_work

    async def ring(self, timer: Timer) -> bool:
        """Fire what is due of the subject of ``timer``, one timer at most; False when somebody else has the subject."""
        if timer.kind in OWN_WORK:
            return await self._own_work.ring(timer)
        now = self._clock.now()
        async with self._units() as work:
            positions = await work.ring(timer, now, partial(self._decided, now))
        if positions:
            self._wakeups.feeds(positions)
            self._wakeups.outbox()
        return positions is not None

    def _decided(self, now: datetime, ringing: Ringing) -> Sequence[Change]:
        """What the clock changes; computes only, on whichever thread."""
        if ringing.mandate is not None:
            return self._of_mandate(ringing, ringing.mandate, now)
        subject = ringing.timers[0].subject
        procedure = next((p for p in ringing.files.procedures if p.id == subject), None)
        if procedure is None:
            raise AssertionError(f"timers of a procedure that is not in its dossier: {subject}")
        return self._of_procedure(ringing, procedure, now)

    def _of_procedure(
        self, ringing: Ringing, procedure: Procedure, now: datetime
    ) -> Sequence[Change]:
        definition = self._catalogue.definition(procedure.code, procedure.definition)
        files = ringing.files
        due = rung(ringing.timers, timers_of(definition, procedure), files.entries, now)
        timer = due.fires
        if timer is None:
            return [due.retimed]
        message = clock_message(
            definition,
            procedure,
            timer,
            receipt=self._ids.new(),
            now=now,
            sandbox=files.dossiers[procedure.dossier].sandbox,
        )
        if timer.kind is TimerKind.TIMEOUT:
            return [due.retimed, *self._intake.fold(files, message, procedure, now)]
        own = [entry for entry in files.entries if entry.procedure == procedure.id]
        folded = noted(procedure, own, self._ids.new(), timer, message)
        return [due.retimed, *self._intake.applied(files, message, folded, now)]

    def _of_mandate(self, ringing: Ringing, mandate: Mandate, now: datetime) -> Sequence[Change]:
        due = rung(ringing.timers, timers_of_mandate(mandate), (), now)
        return [due.retimed, *self._told_of_mandate(ringing, due, mandate, now)]

    def _told_of_mandate(
        self, ringing: Ringing, due: Rung, mandate: Mandate, now: datetime
    ) -> Sequence[Change]:
        if due.fires is None:
            return ()
        match due.fires.kind:
            case TimerKind.MANDATE_STARTS:
                return self._access_changed(mandate, MandateStarted, "mandate.started", now)
            case TimerKind.MANDATE_ENDS:
                return self._access_changed(mandate, MandateEnded, "mandate.ended", now)
            case TimerKind.MANDATE_REMINDER:
                return self._reminded(ringing, mandate, due.fires, now)
            case (
                TimerKind.TIMEOUT
                | TimerKind.DEADLINE
                | TimerKind.ALARM
                | TimerKind.REMINDER
                | TimerKind.SUBMISSION_TIMEOUT
                | TimerKind.APPROVAL_REMINDER
                | TimerKind.APPROVAL_LAPSES
                | TimerKind.APPROVAL_OVERTAKEN
            ):
                raise AssertionError(f"another subject's timer on a mandate: {due.fires.kind}")
            case _ as unreachable:
                assert_never(unreachable)

    def _reminded(
        self, ringing: Ringing, mandate: Mandate, timer: Timer, now: datetime
    ) -> Sequence[Change]:
        planned = self._planner.mandate_ends(
            timer.brings, mandate, timer.detail, ringing.files.people, now, self._ids.new
        )
        changes: list[Change] = []
        for told in planned:
            alert = told.alert
            record = Record(
                id=self._ids.new(),
                at=now,
                event=AlertRaised(alert=alert),
                subject=alert.id,
                audiences=(user_audience(alert.user),),
            )
            changes += [alert, record, *told.deliveries]
        return changes

    def _access_changed(
        self,
        mandate: Mandate,
        event: type[MandateStarted | MandateEnded],
        action: str,
        now: datetime,
    ) -> Sequence[Change]:
        """Both companies' phones ask anew what they may see."""
        return (
            Record(
                id=self._ids.new(),
                at=now,
                event=event(mandate=mandate.id, company=mandate.company, broker=mandate.broker),
                subject=mandate.id,
                audiences=(company_audience(mandate.company), company_audience(mandate.broker)),
            ),
            AuditDraft(
                company=mandate.company, at=now, actor="clock", action=action, subject=mandate.id
            ),
        )
