"""A submission out of its log: whole as each change left it, and between those the fields that were saved."""

from __future__ import annotations

from datetime import datetime

from portnet.domain.declaring.drafting import DraftField, DraftSaved, stamps, written
from portnet.domain.events import Event, SubmissionChanged
from portnet.domain.submission import Revision, Submission, revision_of

_SENT = "SUBMITTED"


class Declared:
    """What the events of one submission, taken in the order of their versions, make of it."""

    def __init__(self) -> None:
        self._submission: Submission | None = None
        self.fields: dict[str, DraftField] = {}
        self.revisions: dict[int, Revision] = {}

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """It, if its beginning is in the log."""
        return () if self._submission is None else (self._submission,)

    def take(self, event: Event, at: datetime) -> None:
        match event:
            case SubmissionChanged():
                self._submission = event.submission
                if event.submission.state == _SENT:
                    # What is sent again goes as it went.
                    sent = revision_of(event.submission)
                    self.revisions.setdefault(sent.number, sent)
            case DraftSaved() if self._submission is not None:
                self._submission = written(self._submission, event, at)
                self.fields |= {field.path: field for field in stamps(event, at)}
            case _:
                return


def version_of(event: Event) -> int:
    """The version that an event made of its submission; 0 for an event about anything else."""
    match event:
        case SubmissionChanged():
            return event.submission.version
        case DraftSaved():
            return event.version
        case _:
            return 0
