"""Count what happened into the indicators, each change once, at a pace of its own behind the intake."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from portnet.domain.catalogue import Catalogue
from portnet.domain.indicators.counting import Counted
from portnet.domain.indicators.definition import Indicator, Told
from portnet.domain.indicators.measuring import (
    History,
    Measure,
    measure,
    milliseconds,
)
from portnet.domain.indicators.months import month_of
from portnet.ports.indicators import Backlog, Ledger, Recount, ToldOf

_logger = logging.getLogger(__name__)

#: Notes of one transaction: some tens of milliseconds of reading and counting.
_TOGETHER = 100


class Counter:
    """Counts what waits in the ledger; safe to run in several processes."""

    def __init__(
        self, ledger: Ledger, catalogue: Catalogue, indicators: Sequence[Indicator]
    ) -> None:
        self._ledger = ledger
        self._catalogue = catalogue
        self._indicators = indicators

    async def count(self) -> int:
        """One transaction's worth; how many dossiers and deliveries were counted."""
        backlog = await self._ledger.backlog(_TOGETHER)
        if not backlog:
            return 0
        # On another thread: the loop has phones to answer.
        recounts = await asyncio.to_thread(self._recounts, backlog)
        return await self._ledger.count(backlog, recounts, self._told(backlog.told))

    async def run(self, pause: float = 1.0) -> None:
        """Count until cancelled; what cannot be counted now is tried again."""
        while True:
            try:
                counted = await self.count()
            except Exception:
                _logger.exception("the indicators could not be counted; trying again")
                counted = 0
            if not counted:
                await asyncio.sleep(pause)

    def _recounts(self, backlog: Backlog) -> list[Recount]:
        return [self._recount(history) for history in backlog.histories]

    def _recount(self, history: History) -> Recount:
        measures = measure(self._catalogue, self._indicators, history)
        dossier = history.dossier
        counted = Counted(dossier.company, dossier.broker, measures.made)
        return Recount(dossier=dossier.id, counted=counted, open=measures.open)

    def _told(self, told: Iterable[ToldOf]) -> dict[str, Counted]:
        return {
            each.note: Counted(each.company, each.broker, self._latencies(each)) for each in told
        }

    def _latencies(self, told: ToldOf) -> tuple[Measure, ...]:
        value = milliseconds(told.accepted_at - told.received_at)
        month = month_of(told.accepted_at)
        return tuple(
            Measure(indicator.code, month, value)
            for indicator in self._indicators
            if isinstance(indicator.measure, Told) and indicator.measure.channel == told.channel
        )
