"""How a wake-up travels: within the process at once, and to the other processes as a hint that may be lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from portnet.ports.unit_of_work import Position


class Hint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened somewhere: feeds moved, messages or deliveries wait, a session lives on until then or has ended."""

    feeds: tuple[Position, ...] = ()
    inbox: bool = False
    outbox: bool = False
    session: str | None = None
    session_until: datetime | None = None


OnHint = Callable[[Hint], None]


class Relay(Protocol):
    async def start(self, on_hint: OnHint) -> None:
        """Begin to hear hints, one's own included."""
        ...

    async def stop(self) -> None: ...

    def publish(self, hint: Hint) -> None:
        """Tell everybody. Never waits, never fails."""
        ...


class RelayedWakeups:
    """Implements `Wakeups` over a relay."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def feeds(self, positions: Sequence[Position]) -> None:
        if positions:
            self._relay.publish(Hint(feeds=tuple(positions)))

    def inbox(self) -> None:
        self._relay.publish(Hint(inbox=True))

    def outbox(self) -> None:
        self._relay.publish(Hint(outbox=True))

    def session_renewed(self, session: str, until: datetime) -> None:
        self._relay.publish(Hint(session=session, session_until=until))

    def session_ended(self, session: str) -> None:
        self._relay.publish(Hint(session=session))
