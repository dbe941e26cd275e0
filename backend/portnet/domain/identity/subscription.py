"""A company's subscription to the single window: when it has lapsed, the company may read and no longer work."""

from __future__ import annotations

#: The catalogue's code of the procedure.
SUBSCRIPTION = "SUBSCRIPTION"

#: Its states in which nothing may be begun or changed; the subscription itself still may.
_READ_ONLY = frozenset({"SUSPENDED", "CLOSED"})


def reads_only(state: str | None) -> bool:
    """Whether a company whose subscription is in ``state`` may only read; None where it has none on record."""
    return state in _READ_ONLY
