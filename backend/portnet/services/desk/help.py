"""Somebody asks for help: their question, with the file as it is at that moment, for the help desk."""

from __future__ import annotations

import enum

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.desk.help import LONGEST_QUESTION, HelpCase
from portnet.ports.clock import Clock, Ids
from portnet.ports.reading import AnomalyReader, FileReader
from portnet.ports.unit_of_work import AuditDraft, UnitsOfWork


class HelpFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the question that cannot be taken, and why: EMPTY, TOO_LONG."""

    path: str
    code: str


class HelpRefusal(enum.StrEnum):
    NOT_FOUND = "NOT_FOUND"


class Help:
    """The use case of asking; a question sent again opens no second case."""

    def __init__(
        self,
        units: UnitsOfWork,
        files: FileReader,
        anomalies: AnomalyReader,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._units = units
        self._files = files
        self._anomalies = anomalies
        self._clock = clock
        self._ids = ids

    async def ask(
        self, viewer: Viewer, mutation: str, dossier: str | None, text: str
    ) -> HelpCase | HelpFault | HelpRefusal:
        """Open a case about ``dossier``, one that the viewer may see, or about none of them."""
        if not text.strip():
            return HelpFault(path="text", code="EMPTY")
        if len(text) > LONGEST_QUESTION:
            return HelpFault(path="text", code="TOO_LONG")
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
            work.add(
                case,
                AuditDraft(
                    company=viewer.company,
                    at=now,
                    actor=f"user:{viewer.user}",
                    action="help.asked",
                    subject=case.id,
                ),
            )
            await work.commit()
        return case
