"""Somebody asks for help, with the file as it is at that moment; the help desk answers, and who asked is told."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.desk.help import LONGEST_ANSWER, LONGEST_QUESTION, HelpCase, HelpState
from portnet.domain.events import HelpCaseChanged, Record, user_audience
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.reading import AnomalyReader, FileReader
from portnet.ports.unit_of_work import AuditDraft, UnitsOfWork
from portnet.services.desk.anomaly import Helper


class HelpFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the question or the answer that cannot be taken, and why: EMPTY, TOO_LONG."""

    path: str
    code: str


class HelpRefusal(enum.StrEnum):
    """CLOSED by somebody else, or with another answer, before."""

    NOT_FOUND = "NOT_FOUND"
    CLOSED = "CLOSED"


class Help:
    """The use cases of asking and answering. What is sent again opens no second case, and closes none twice."""

    def __init__(
        self,
        units: UnitsOfWork,
        files: FileReader,
        anomalies: AnomalyReader,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._files = files
        self._anomalies = anomalies
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def ask(
        self, viewer: Viewer, mutation: str, dossier: str | None, text: str
    ) -> HelpCase | HelpFault | HelpRefusal:
        """Open a case about ``dossier``, one that the viewer may see, or about none of them."""
        fault = _fault("text", text, LONGEST_QUESTION)
        if fault is not None:
            return fault
        now = self._clock.now()
        if dossier is not None and not await self._files.dossiers_by_id(viewer, now, [dossier]):
            return HelpRefusal.NOT_FOUND
        # Read before the transaction: a trail may be long, and the inbox waits for the writer.
        trail = None if dossier is None else await self._anomalies.trail(dossier)
        async with self._units() as work:
            known = await work.help_case(viewer.user, mutation)
            if known is not None:
                return known
            case = HelpCase(
                id=self._ids.new(),
                company=viewer.company,
                user=viewer.user,
                mutation=mutation,
                text=text.strip(),
                opened_at=now,
                dossier=dossier,
                trail=trail,
            )
            audited = AuditDraft(
                company=viewer.company,
                at=now,
                actor=f"user:{viewer.user}",
                action="help.asked",
                subject=case.id,
            )
            work.add(case, self._told(case, now), audited)
            positions = await work.commit()
        self._wakeups.feeds(positions)
        return case

    async def close(
        self, helper: Helper, case: str, answer: str
    ) -> HelpCase | HelpFault | HelpRefusal:
        """End a case with an ``answer`` to who asked. A helper who sends the same again is answered as before."""
        fault = _fault("answer", answer, LONGEST_ANSWER)
        if fault is not None:
            return fault
        found = (await self._anomalies.help_cases_by_id([case], helper.sandbox)).get(case)
        if found is None:
            return HelpRefusal.NOT_FOUND
        async with self._units() as work:
            known = await work.help_case(found.user, found.mutation)
            if known is None:
                return HelpRefusal.NOT_FOUND
            if known.state is HelpState.CLOSED:
                same = (known.closer, known.answer) == (helper.actor, answer.strip())
                return known if same else HelpRefusal.CLOSED
            now = self._clock.now()
            closed = _closed(known, helper, answer.strip(), now)
            work.add(closed, self._told(closed, now), _audited(closed, helper, now))
            positions = await work.commit()
        self._wakeups.feeds(positions)
        return closed

    def _told(self, case: HelpCase, now: datetime) -> Record:
        """Only who asked hears of it: the question is theirs."""
        return Record(
            id=self._ids.new(),
            at=now,
            event=HelpCaseChanged(case=case.id),
            subject=case.id,
            audiences=(user_audience(case.user),),
        )


def _closed(case: HelpCase, helper: Helper, answer: str, now: datetime) -> HelpCase:
    return msgspec.structs.replace(
        case,
        state=HelpState.CLOSED,
        closed_at=now,
        closed_by=helper.name,
        closer=helper.actor,
        answer=answer,
    )


def _audited(case: HelpCase, helper: Helper, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=case.company,
        at=now,
        actor=helper.actor,
        action="help.closed",
        subject=case.id,
    )


def _fault(path: str, text: str, longest: int) -> HelpFault | None:
    if not text.strip():
        return HelpFault(path=path, code="EMPTY")
    return HelpFault(path=path, code="TOO_LONG") if len(text) > longest else None
