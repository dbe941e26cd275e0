"""The help desk settles what could not be applied: try it again, file it to a dossier, or let it be.

The raw message never changes, and nothing here sets a state: a message that is tried again goes through the intake.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.agency import AgencyEvent
from portnet.domain.desk.anomaly import UNSETTLED, Anomaly, AnomalyState
from portnet.domain.dossier import Dossier
from portnet.domain.events import MessageAttached, Record, company_audience
from portnet.domain.filing import Files, Link, hearers, is_foreign
from portnet.domain.inbox import InboxState, Reawakening, Settlement
from portnet.ports.clock import Clock, Ids
from portnet.ports.inbox import MessageReader
from portnet.ports.live import Wakeups
from portnet.ports.reading import AnomalyReader
from portnet.ports.unit_of_work import AnomalyCase, AuditDraft, UnitOfWork, UnitsOfWork

LONGEST_REASON = 500

#: Whose audit trail it is when no company is known: the help desk's own.
DESK = "desk"


class Helper(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the help desk: ``name`` is shown, ``actor`` stands in the audit trail.

    ``sandbox`` is the side whose messages they may see; None, at the server's own console, is both.
    """

    name: str
    actor: str
    sandbox: bool | None = None


class AnomalyRefusal(enum.StrEnum):
    """Why a decision was not taken; SETTLED by somebody else, or otherwise, before."""

    NOT_FOUND = "NOT_FOUND"
    SETTLED = "SETTLED"
    UNREADABLE = "UNREADABLE"
    ON_A_TIMELINE = "ON_A_TIMELINE"


class AnomalyFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the decision that cannot be taken, and why: EMPTY, TOO_LONG, UNKNOWN, OTHER_COMPANY."""

    path: str
    code: str


Outcome = Anomaly | AnomalyFault | AnomalyRefusal


class Anomalies:
    """The use cases of the help desk. A decision that its own taker sends again is answered as it was."""

    def __init__(
        self,
        units: UnitsOfWork,
        anomalies: AnomalyReader,
        read: MessageReader,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._anomalies = anomalies
        self._read = read
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def retry(self, helper: Helper, anomaly: str) -> Outcome:
        """Give the message back to the intake. If it fails again, that is a new anomaly."""
        event = await self._event_of(anomaly)
        async with self._units() as work:
            case = await self._case(work, helper, anomaly, event, AnomalyState.RETRIED)
            if not isinstance(case, AnomalyCase):
                return case
            settled = self._settled(case, helper, AnomalyState.RETRIED)
            work.add(
                settled, _again(case, settled.updated_at), self._audited(case, helper, settled)
            )
            await self._commit(work)
        return settled

    async def attach(self, helper: Helper, anomaly: str, dossier: str) -> Outcome:
        """File the message to ``dossier``, which then shares its references, and try it again there.

        Refused when the message is another company's, or practice where the dossier is not.
        """
        event = await self._event_of(anomaly)
        async with self._units() as work:
            case = await self._case(work, helper, anomaly, event, AnomalyState.ATTACHED, dossier)
            if not isinstance(case, AnomalyCase):
                return case
            if case.anomaly.dossier is not None:
                return AnomalyRefusal.ON_A_TIMELINE
            if event is None:
                return AnomalyRefusal.UNREADABLE
            target = case.files.dossiers.get(dossier)
            if target is None or target.sandbox != case.message.sandbox:
                return AnomalyFault(path="dossier", code="UNKNOWN")
            if is_foreign(case.files, target, event):
                return AnomalyFault(path="dossier", code="OTHER_COMPANY")
            settled = self._settled(case, helper, AnomalyState.ATTACHED, dossier=target.id)
            work.add(
                settled, _again(case, settled.updated_at), self._audited(case, helper, settled)
            )
            self._link(work, case, target, event, settled.updated_at)
            await self._commit(work)
        return settled

    async def dismiss(self, helper: Helper, anomaly: str, reason: str) -> Outcome:
        """Let it be; ``reason`` is kept beside it. The message is not tried again by itself."""
        if not reason.strip():
            return AnomalyFault(path="reason", code="EMPTY")
        if len(reason) > LONGEST_REASON:
            return AnomalyFault(path="reason", code="TOO_LONG")
        event = await self._event_of(anomaly)
        async with self._units() as work:
            case = await self._case(work, helper, anomaly, event, AnomalyState.DISMISSED)
            if not isinstance(case, AnomalyCase):
                return case
            settled = self._settled(case, helper, AnomalyState.DISMISSED, note=reason.strip())
            work.add(settled, self._audited(case, helper, settled))
            if case.state in (InboxState.PARKED, InboxState.NEW):
                at, receipt = settled.updated_at, settled.receipt
                work.add(Settlement(receipt=receipt, state=InboxState.SET_ASIDE, at=at))
            await self._commit(work)
        return settled

    async def _event_of(self, anomaly: str) -> AgencyEvent | None:
        """What the message says; it never changes, so that no lock is needed to read it."""
        found = await self._anomalies.anomaly_message(anomaly)
        return None if found is None else self._read(found.message)

    async def _case(
        self,
        work: UnitOfWork,
        helper: Helper,
        anomaly: str,
        event: AgencyEvent | None,
        wanted: AnomalyState,
        dossier: str | None = None,
    ) -> AnomalyCase | Anomaly | AnomalyRefusal:
        """What is to be decided on; the anomaly itself where the same helper has decided just so before."""
        refs = () if event is None else tuple(ref.key for ref in event.refs)
        case = await work.anomaly(anomaly, refs, dossier)
        if case is None or helper.sandbox not in (None, case.message.sandbox):
            return AnomalyRefusal.NOT_FOUND
        known = case.anomaly
        if known.state in UNSETTLED:
            return case
        same = (known.state, known.handler) == (wanted, helper.actor)
        return known if same and dossier in (None, known.dossier) else AnomalyRefusal.SETTLED

    def _settled(
        self,
        case: AnomalyCase,
        helper: Helper,
        state: AnomalyState,
        *,
        dossier: str | None = None,
        note: str | None = None,
    ) -> Anomaly:
        now = self._clock.now()
        return msgspec.structs.replace(
            case.anomaly,
            state=state,
            updated_at=now,
            dossier=dossier or case.anomaly.dossier,
            parked_until=None,
            handled_by=helper.name,
            handler=helper.actor,
            handled_at=now,
            note=note,
        )

    def _audited(self, case: AnomalyCase, helper: Helper, settled: Anomaly) -> AuditDraft:
        dossier = case.files.dossiers.get(settled.dossier or "")
        subject = "/".join(filter(None, (settled.id, settled.receipt, settled.dossier)))
        return AuditDraft(
            company=DESK if dossier is None else dossier.company,
            at=settled.updated_at,
            actor=helper.actor,
            action=f"anomaly.{settled.state.value.lower()}",
            subject=subject,
        )

    def _link(
        self,
        work: UnitOfWork,
        case: AnomalyCase,
        dossier: Dossier,
        event: AgencyEvent,
        now: datetime,
    ) -> None:
        """Let the dossier be known by the message's references; its phones see them at once."""
        procedure = _procedure_for(case.files, dossier, event)
        known = {link.ref.key for link in case.files.links if link.procedure == procedure}
        fresh = tuple(ref for ref in event.refs if ref.key not in known)
        attached = MessageAttached(
            dossier=dossier.id, procedure=procedure, receipt=event.receipt, refs=fresh
        )
        heard_by = hearers(dossier, case.files.mandates, now)
        work.add(
            msgspec.structs.replace(dossier, updated_at=now, version=dossier.version + 1),
            *(Link(dossier=dossier.id, procedure=procedure, ref=ref) for ref in fresh),
            Reawakening(refs=tuple(ref.key for ref in fresh)),
            Record(
                id=self._ids.new(),
                at=now,
                event=attached,
                subject=dossier.id,
                audiences=tuple(company_audience(company) for company in heard_by),
            ),
        )

    async def _commit(self, work: UnitOfWork) -> None:
        self._wakeups.feeds(await work.commit())
        self._wakeups.inbox()


def _again(case: AnomalyCase, now: datetime) -> Settlement:
    return Settlement(receipt=case.message.receipt, state=InboxState.NEW, at=now)


def _procedure_for(files: Files, dossier: Dossier, event: AgencyEvent) -> str:
    """The procedure that the message is about, if there is one yet; else the one that decides the dossier's status."""
    own: Sequence[str] = [p.id for p in files.of(dossier.id) if p.code == event.code]
    return own[0] if len(own) == 1 else dossier.what_now.procedure
