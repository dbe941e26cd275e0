"""What people think of how a finished dossier went: one tap, one to five."""

from __future__ import annotations

from datetime import datetime

import msgspec

SCORES = range(1, 6)
LONGEST_TEXT = 500


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """One per ``user`` and ``dossier``; a second one replaces the first."""

    dossier: str
    user: str
    score: int
    at: datetime
    text: str | None = None
