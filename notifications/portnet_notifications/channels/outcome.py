"""How one send ended, as a value, and so what a retry would do. Nothing here retries."""

from __future__ import annotations

import enum

import msgspec


class Refusal(enum.StrEnum):
    """Why no retry can help. Only DEAD_TOKEN says something about the address."""

    DEAD_TOKEN = "DEAD_TOKEN"  # noqa: S105 - a push address that is gone, no secret
    BAD_REQUEST = "BAD_REQUEST"


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The gateway took it; its receipts will name ``provider_id``."""

    provider_id: str


class Permanent(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The gateway will never take this message for this address."""

    reason: Refusal
    detail: str


class Throttled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Not taken: too many at once. ``retry_after`` is in seconds."""

    retry_after: float
    detail: str


class Transient(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Surely not taken, and another try may be: nobody gets it twice."""

    detail: str


class Uncertain(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The gateway may have taken it: another try may be a second message on somebody's phone."""

    detail: str


Outcome = Accepted | Permanent | Throttled | Transient | Uncertain
