"""What the person should notice: facts about the phone's data and its line, in the past tense."""

import asyncio
from typing import Self, TypeAlias

import msgspec

from portnet_mobile.contract import Alert, Dossier, Entry


class DossierUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """A message moved a dossier, or told something of it.

    ``before`` is None for one that was not there; ``entry`` None where only the outcome is known,
    after a snapshot. Of two messages at once, the second may find nothing left to change.
    """

    before: Dossier | None
    after: Dossier
    entry: Entry | None


class DossierRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """It may not be seen here any more."""

    before: Dossier


class AlertArrived(msgspec.Struct, frozen=True, kw_only=True):
    """A new one, unseen."""

    alert: Alert


class AlertUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """Seen, acknowledged or overtaken, here or elsewhere; ``before`` is None for an old one."""

    before: Alert | None
    after: Alert


class SnapshotNeeded(msgspec.Struct, frozen=True, kw_only=True):
    """The feed says that what is held is not enough any more."""

    reason: str


class SnapshotTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The lists were read anew; what differs follows as changes of its own."""

    dossiers: int
    alerts: int


class ConnectionLost(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown may be old; the phone keeps trying. ``why`` as in `errors`."""

    reason: str
    why: str = ""


class ConnectionRestored(msgspec.Struct, frozen=True, kw_only=True):
    """The feeds are live, and nothing was missed."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The last change: the phone has stopped for good. ``why`` as in `errors`."""

    reason: str
    why: str = ""


Change: TypeAlias = (
    DossierUpdated
    | DossierRemoved
    | AlertArrived
    | AlertUpdated
    | SnapshotNeeded
    | SnapshotTaken
    | ConnectionLost
    | ConnectionRestored
    | Ended
)


class Changes:
    """What happened since `Phone.changes` was called, in order; ends with the phone."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue()

    def put(self, change: Change | None) -> None:
        """None: there will be no more."""
        self._queue.put_nowait(change)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        change = await self._queue.get()
        if change is None:
            self.put(None)
            raise StopAsyncIteration
        return change
