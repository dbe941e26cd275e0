"""After a commit, others are woken. A wake-up is a hint and may be lost: everyone also looks for themselves, slowly."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from portnet.ports.reading import FeedPage
from portnet.ports.unit_of_work import Position


class Wakeups(Protocol):
    def feeds(self, positions: Sequence[Position]) -> None:
        """Feeds moved: phones want their frames."""
        ...

    def inbox(self) -> None:
        """Agency messages wait for the intake."""
        ...

    def outbox(self) -> None:
        """Deliveries wait for the dispatcher."""
        ...

    def session_renewed(self, session: str, until: datetime) -> None:
        """A sign-in lives on until then: its sockets do, too."""
        ...

    def session_ended(self, session: str) -> None:
        """A sign-in is over: its sockets close."""
        ...


#: Turns a page of a feed into the bytes that phones get, one frame for each row, in order.
Render = Callable[[FeedPage], Awaitable[Sequence[bytes]]]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Phones that hear the same bytes: one audience, one document, the same variables and locale.

    ``key`` tells groups of an audience apart; ``render`` is called once for all phones of a group.
    """

    audience: str
    key: Hashable
    render: Render


class LiveFeeds(Protocol):
    def follow(self, group: Group, after: int | None) -> AsyncGenerator[bytes, None]:
        """Everything of the group's audience after ``after`` (from now on when None), then what comes, without end.

        Nothing is missed and nothing comes twice, however long the reader takes. A position that the feed has not
        reached or no longer keeps yields one RESET frame, and goes on from the head.
        """
        ...
