"""What shows that a sensitive act is really wanted: a fresh second factor, or a manager's approval, of one operation.

How it is shown and checked is behind a port; here are only the words for it.
"""

from __future__ import annotations

import enum
import hashlib
from datetime import datetime

import msgspec


class Need(enum.StrEnum):
    """What an operation asks for before it is done."""

    APPROVAL = "APPROVAL"
    SECOND_FACTOR = "SECOND_FACTOR"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What an app sends along: a code, or its passkey's answer verbatim."""

    code: str | None = None
    passkey: str | None = None

    def __repr__(self) -> str:
        return "Proof(***)"


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """``by`` is the user who proved it."""

    by: str
    at: datetime


class Unproven(enum.StrEnum):
    """Why an operation's need is not met."""

    #: No proof came, or none was waited for: the app asks the person for one that is bound to the operation's hash.
    REQUIRED = "REQUIRED"
    #: It is not of this operation, or used, or too old.
    WRONG = "WRONG"
    #: The person has no second factor, or nobody has approved.
    MISSING = "MISSING"
    #: This code was accepted before: the next one will do.
    USED = "USED"
    #: Too many were wrong: none is looked at for a while.
    THROTTLED = "THROTTLED"


def operation_hash(action: str, subject: str, content: str) -> str:
    """What a proof is bound to: 64 hex digits that change with the act, its subject and its content."""
    parts = "".join(f"{len(part.encode())}:{part}," for part in (action, subject, content))
    return hashlib.sha256(parts.encode()).hexdigest()
