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
    """PARKED waits by itself; OPEN waits for the help desk; RETRIED found its place in the end."""

    PARKED = "PARKED"
    OPEN = "OPEN"
    RETRIED = "RETRIED"
    ATTACHED = "ATTACHED"
    DISMISSED = "DISMISSED"


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """One per receipt and procedure for the help desk; ``detail`` names the field, state or reference at fault."""

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
