"""Whether an agency is still there: its silence is said, never passed off as "no change".

Computed when it is read: nobody is sent a frame because nothing was said.
"""

from __future__ import annotations

from datetime import datetime

from portnet.domain.business_hours import add
from portnet.domain.catalogue import Agency


def silent_since(agency: Agency, heard_at: datetime | None, now: datetime) -> datetime | None:
    """The last message of an agency that was silent for longer than is usual for it; None while it is not.

    ``heard_at`` is when its last message came, or, of one that never spoke, since when it should have.
    """
    if heard_at is None or now <= add(agency.silent_after, heard_at):
        return None
    return heard_at


def silent(agency: Agency, heard_at: datetime | None, now: datetime) -> bool:
    """Whether nothing was heard of an agency for longer than is usual for it, or ever."""
    return heard_at is None or silent_since(agency, heard_at, now) is not None
