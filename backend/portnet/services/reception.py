"""Hand each agency message to the use case that knows what to do with it: most are about files, some answer us."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from portnet.domain.agency import AgencyEvent
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.inbox import RawMessage
from portnet.domain.submission import ENVELOPE


class Takes(Protocol):
    async def take_in(self, message: AgencyEvent) -> None:
        """Apply one message, in one transaction."""
        ...


class TakesOrGivesUp(Protocol):
    async def take_in(self, message: AgencyEvent) -> datetime | None:
        """Apply one message, in one transaction; when to come back with it, if it has to wait."""
        ...

    async def give_up(
        self,
        message: RawMessage | AgencyEvent,
        detail: str,
        reason: AnomalyReason = AnomalyReason.UNREADABLE,
    ) -> None:
        """Set one aside that cannot be applied."""
        ...


class Reception:
    """The intake and the answers to what we sent, behind one door."""

    def __init__(self, intake: TakesOrGivesUp, answers: Takes) -> None:
        self._intake = intake
        self._answers = answers

    async def take_in(self, message: AgencyEvent) -> datetime | None:
        if message.code == ENVELOPE:
            await self._answers.take_in(message)
            return None
        return await self._intake.take_in(message)

    async def give_up(
        self,
        message: RawMessage | AgencyEvent,
        detail: str,
        reason: AnomalyReason = AnomalyReason.UNREADABLE,
    ) -> None:
        await self._intake.give_up(message, detail, reason)
