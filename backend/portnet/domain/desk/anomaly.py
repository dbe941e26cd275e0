"""A message that could not be applied as it came: kept whole, with the reason, for a person to look at."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

#: Unmatched messages wait this long for a reference that makes sense of them; then they are the help desk's.
PARKED_FOR = timedelta(hours=72)

#: One that amends a message which has not come is looked at again this often: that one may have no new reference.
AMENDMENT_RETRY = timedelta(minutes=1)

#: A source's clock may run ahead by this much; beyond it, a message claims to know the future.
CLOCK_SKEW = timedelta(minutes=10)


class AnomalyReason(enum.StrEnum):
    """Closed list; each has its sentence in the help desk's documentation."""

    UNKNOWN_PROCEDURE = "UNKNOWN_PROCEDURE"
    UNKNOWN_EVENT = "UNKNOWN_EVENT"
    NOT_THAT_SOURCE = "NOT_THAT_SOURCE"
    ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
    ALREADY_FINAL = "ALREADY_FINAL"
    FROM_THE_FUTURE = "FROM_THE_FUTURE"
    UNMATCHED = "UNMATCHED"
    COMPANY_UNKNOWN = "COMPANY_UNKNOWN"
    OTHER_COMPANY = "OTHER_COMPANY"
    OTHER_FILE = "OTHER_FILE"
    SANDBOX_MISMATCH = "SANDBOX_MISMATCH"
    BODY_CHANGED = "BODY_CHANGED"
    UNREADABLE = "UNREADABLE"


class AnomalyState(enum.StrEnum):
    """PARKED waits by itself; OPEN waits for the help desk; the others are settled.

    RETRIED was tried again: it found its place by itself, or the help desk said so. If that fails, a new one opens.
    ATTACHED was filed to a dossier by the help desk, DISMISSED needs nothing more.
    """

    PARKED = "PARKED"
    OPEN = "OPEN"
    RETRIED = "RETRIED"
    ATTACHED = "ATTACHED"
    DISMISSED = "DISMISSED"


#: Those that somebody has to look at, now or later.
UNSETTLED = frozenset({AnomalyState.PARKED, AnomalyState.OPEN})


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """One per receipt and procedure for the help desk; ``detail`` names the field, state or reference at fault.

    ``handled_by`` is the name of who of the help desk settled it, ``handler`` who that is to the audit trail, ``note``
    why. An ATTACHED one's ``dossier`` is where they filed it.
    """

    id: str
    receipt: str
    source: str
    reason: AnomalyReason
    state: AnomalyState
    detail: str
    received_at: datetime
    updated_at: datetime
    dossier: str | None = None
    parked_until: datetime | None = None
    handled_by: str | None = None
    handler: str | None = None
    handled_at: datetime | None = None
    note: str | None = None
