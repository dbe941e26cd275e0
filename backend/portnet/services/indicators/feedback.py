"""One tap after a finished dossier: how did it go?"""

from __future__ import annotations

import enum

from portnet.domain.access import Viewer
from portnet.domain.catalogue import Status
from portnet.domain.indicators.counting import Uncounted, UncountedKind
from portnet.domain.indicators.feedback import LONGEST_TEXT, SCORES, Feedback
from portnet.ports.clock import Clock, Ids
from portnet.ports.reading import FileReader
from portnet.ports.unit_of_work import UnitsOfWork


class FeedbackRefusal(enum.StrEnum):
    NOT_FOUND = "NOT_FOUND"
    NOT_FINISHED = "NOT_FINISHED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TOO_LONG = "TOO_LONG"


class FeedbackBox:
    """Takes ratings; the same person's second one of a dossier replaces the first."""

    def __init__(self, units: UnitsOfWork, files: FileReader, clock: Clock, ids: Ids) -> None:
        self._units = units
        self._files = files
        self._clock = clock
        self._ids = ids

    async def send(
        self, viewer: Viewer, dossier: str, score: int, text: str | None
    ) -> FeedbackRefusal | None:
        """Keep the rating of a dossier that the viewer may see and that is done; None when it is kept."""
        if score not in SCORES:
            return FeedbackRefusal.OUT_OF_RANGE
        if text is not None and len(text) > LONGEST_TEXT:
            return FeedbackRefusal.TOO_LONG
        now = self._clock.now()
        found = (await self._files.dossiers_by_id(viewer, now, [dossier])).get(dossier)
        if found is None:
            return FeedbackRefusal.NOT_FOUND
        if found.status is not Status.DONE:
            return FeedbackRefusal.NOT_FINISHED
        rating = Feedback(dossier=dossier, user=viewer.user, score=score, at=now, text=text)
        note = Uncounted(id=self._ids.new(), kind=UncountedKind.DOSSIER, subject=dossier, at=now)
        async with self._units() as work:
            work.add(rating, note)
            await work.commit()
        return None
