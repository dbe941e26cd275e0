"""One use case, one transaction: load once, collect what changes, write it all at the end.

A unit is entered once. Leaving it without `commit` changes nothing, whatever happened inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import msgspec

from portnet.domain.access import Company, Mandate, User
from portnet.domain.account import Credentials, Session
from portnet.domain.agency import AgencyEvent
from portnet.domain.alerts import Alert, Attempt, Delivery, Device
from portnet.domain.anomaly import Anomaly
from portnet.domain.dossier import Dossier
from portnet.domain.events import Record
from portnet.domain.feedback import Feedback
from portnet.domain.filing import Files, Link
from portnet.domain.inbox import Reawakening, Settlement
from portnet.domain.indicators.counting import Uncounted
from portnet.domain.procedure import Entry, Procedure


class AuditDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a company's audit trail before it is chained: who did what to which subject."""

    company: str
    at: datetime
    actor: str
    action: str
    subject: str


#: What a unit of work can write; rows of one id replace each other.
Change = (
    Dossier
    | Procedure
    | Entry
    | Link
    | Alert
    | Delivery
    | Attempt
    | Device
    | Anomaly
    | Settlement
    | Reawakening
    | Session
    | Company
    | User
    | Credentials
    | Mandate
    | Feedback
    | Uncounted
    | AuditDraft
    | Record
)


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far an audience's feed has come."""

    audience: str
    seq: int


class UnitOfWork(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def add(self, *changes: Change) -> None:
        """Collect; nothing is written before `commit`."""
        ...

    async def commit(self) -> tuple[Position, ...]:
        """Write everything in one go; the feeds that moved, and how far."""
        ...

    async def take(self, receipt: str) -> bool:
        """Take an inbox row; False when it is not new any more, or another worker has it."""
        ...

    async def take_in(
        self, message: AgencyEvent, decide: Callable[[Files], Iterable[Change]]
    ) -> tuple[Position, ...] | None:
        """Take the inbox row of ``message``, lock and load its files, write what ``decide`` makes of them, and commit.

        All in one go: nobody who waits for the files waits for this process's other work. ``decide`` must only compute;
        it may run on another thread. None when another worker took the message.
        """
        ...

    async def session(self, session: str) -> Session | None:
        """A sign-in, ended or not, locked until the unit ends."""
        ...

    async def devices_at(self, address: str) -> Sequence[Device]:
        """Everybody's devices at a gateway's address, locked until the unit ends."""
        ...

    async def devices_of(self, session: str) -> Sequence[Device]:
        """The devices that a sign-in registered, locked until the unit ends."""
        ...

    async def mandate(self, mandate: str) -> Mandate | None:
        """A mandate, locked until the unit ends."""
        ...

    async def alerts(self, user: str, ids: Sequence[str]) -> Sequence[Alert]:
        """Those of ``ids`` that are ``user``'s, locked until the unit ends."""
        ...

    async def chain(self, user: str, alert: str) -> Sequence[Alert]:
        """Everybody's alerts of the chain that ``user``'s alert is part of, locked; none when it is not theirs."""
        ...


class UnitsOfWork(Protocol):
    def __call__(self) -> UnitOfWork:
        """A unit that has not begun."""
        ...
