"""Somebody asked for help: what they said, and what their file looked like at that moment."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from portnet.domain.desk.anomaly import Anomaly
from portnet.domain.dossier import Dossier
from portnet.domain.procedure import Entry, Procedure

#: A question and its answer, not a correspondence.
LONGEST_QUESTION = 2_000
LONGEST_ANSWER = 2_000
#: The newest entries that a trail keeps of a timeline: hundreds would be a timeline nobody reads.
TRAIL_ENTRIES = 200


class HelpState(enum.StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier at the moment of the question: its timeline newest first, and what could not be applied."""

    dossier: Dossier
    procedures: tuple[Procedure, ...]
    entries: tuple[Entry, ...]
    anomalies: tuple[Anomaly, ...]


class HelpCase(msgspec.Struct, frozen=True, kw_only=True):
    """``mutation`` is the app's own id of the question: the same one opens one case, however often it is sent.

    Without a ``dossier`` the question is about none, and there is no trail. Once it is CLOSED, ``answer`` says why;
    ``closed_by`` is a name to show, ``closer`` stands in the audit trail.
    """

    id: str
    company: str
    user: str
    mutation: str
    text: str
    opened_at: datetime
    state: HelpState = HelpState.OPEN
    dossier: str | None = None
    trail: Trail | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closer: str | None = None
    answer: str | None = None
