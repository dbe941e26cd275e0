"""What a person says of their alerts: received, seen, "I am on it"."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.alerts import Alert, AlertState
from portnet.domain.dossier import with_taker
from portnet.domain.events import (
    AlertAcknowledged,
    AlertSeen,
    Record,
    StepTaken,
    company_audience,
    user_audience,
)
from portnet.domain.filing import hearers
from portnet.domain.procedure import Procedure
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import AcknowledgedStep, AuditDraft, UnitOfWork, UnitsOfWork


class AlertRefusal(enum.StrEnum):
    NOT_FOUND = "NOT_FOUND"
    EXPIRED = "EXPIRED"


class Alerts:
    """The use cases of an alert's recipient."""

    def __init__(self, units: UnitsOfWork, clock: Clock, ids: Ids, wakeups: Wakeups) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def report_seen(self, viewer: Viewer, alerts: Sequence[str]) -> None:
        """Mark the viewer's own as seen, on all their devices; others and repeats change nothing."""
        now = self._clock.now()
        async with self._units() as work:
            unseen = [
                alert
                for alert in await work.alerts(viewer.user, alerts)
                if alert.state is AlertState.NEW
            ]
            if not unseen:
                return
            for alert in unseen:
                work.add(
                    msgspec.structs.replace(
                        alert, state=AlertState.SEEN, seen_at=now, version=alert.version + 1
                    ),
                    Record(
                        id=self._ids.new(),
                        at=now,
                        event=AlertSeen(alert=alert.id, at=now),
                        subject=alert.id,
                        audiences=(user_audience(viewer.user),),
                    ),
                )
            positions = await work.commit()
        self._wakeups.feeds(positions)

    async def acknowledge(self, viewer: Viewer, name: str, alert: str) -> Alert | AlertRefusal:
        """Say "I am on it" for everybody who was told; ``name`` is shown to them. The first one to say it has it."""
        now = self._clock.now()
        async with self._units() as work:
            chain = await work.chain(viewer.user, alert)
            own = next((told for told in chain if told.id == alert), None)
            if own is None:
                return AlertRefusal.NOT_FOUND
            if own.acknowledged_by is not None:
                return own
            if own.expires_at <= now:
                return AlertRefusal.EXPIRED
            acknowledged = [
                msgspec.structs.replace(
                    told,
                    state=AlertState.ACKNOWLEDGED,
                    acknowledged_by=name,
                    acknowledged_at=now,
                    seen_at=told.seen_at or (now if told.id == alert else None),
                    version=told.version + 1,
                )
                for told in chain
            ]
            for told in acknowledged:
                event = AlertAcknowledged(alert=told.id, by=name, at=now, own=told.id == alert)
                work.add(
                    told,
                    Record(
                        id=self._ids.new(),
                        at=now,
                        event=event,
                        subject=told.id,
                        audiences=(user_audience(told.user),),
                    ),
                )
            self._take_step(work, await work.step_of(own), own, name, now)
            work.add(
                AuditDraft(
                    company=viewer.company,
                    at=now,
                    actor=f"user:{viewer.user}",
                    action="alert.acknowledged",
                    subject=own.chain,
                )
            )
            positions = await work.commit()
        self._wakeups.feeds(positions)
        return next(told for told in acknowledged if told.id == alert)

    def _take_step(
        self,
        work: UnitOfWork,
        step: AcknowledgedStep | None,
        alert: Alert,
        name: str,
        now: datetime,
    ) -> None:
        """Show on the file who took it, if what the alert told of is the step that it still stands at."""
        procedure = _standing_at(step, alert)
        if step is None or procedure is None or procedure.taken_by is not None:
            return
        taken = msgspec.structs.replace(
            procedure, taken_by=name, taken_at=now, updated_at=now, version=procedure.version + 1
        )
        event = StepTaken(
            dossier=taken.dossier,
            procedure=taken.id,
            state=taken.state,
            entered_at=taken.entered_at,
            by=name,
            at=now,
        )
        heard_by = hearers(step.dossier, step.mandates, now)
        work.add(
            taken,
            with_taker(step.dossier, taken, now),
            Record(
                id=self._ids.new(),
                at=now,
                event=event,
                subject=taken.dossier,
                audiences=tuple(company_audience(company) for company in heard_by),
                procedure=taken.id,
            ),
        )


def _standing_at(step: AcknowledgedStep | None, alert: Alert) -> Procedure | None:
    """The alert's procedure, while it is in the state that the alert told of and has not left it since."""
    if step is None:
        return None
    procedure = next((p for p in step.procedures if p.id == alert.procedure), None)
    if procedure is None or alert.facts.state != procedure.state:
        return None
    return procedure if step.occurred_at >= procedure.entered_at else None
