"""Carries a typed message into Apprise and its outcome out, where Apprise passes text and bool."""

from __future__ import annotations

from contextvars import ContextVar

from portnet_notifications.channels.message import OutgoingMessage
from portnet_notifications.channels.outcome import Outcome


class Parcel:
    """One send. The task that Apprise starts sees the same object, because tasks copy their
    context.
    """

    def __init__(self, message: OutgoingMessage) -> None:
        self.message = message
        self.outcome: Outcome | None = None
        self.error: Exception | None = None


#: The send that the current task is making.
CURRENT: ContextVar[Parcel | None] = ContextVar("portnet_parcel", default=None)
