"""How long a step is likely to take, by what the same step of the same office took lately."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping

from portnet.domain.indicators.definition import Grouping
from portnet.domain.indicators.histogram import Tally, merged
from portnet.domain.indicators.measuring import step_key
from portnet.domain.indicators.months import month_of, months_before
from portnet.ports.clock import Clock
from portnet.ports.indicators import Expectation, IndicatorReader

_logger = logging.getLogger(__name__)

#: A delay is expected from at least as many steps of these last months.
LEAST_STEPS = 20
_LAST_MONTHS = 3
#: Of agencies' steps: what delays are expected from.
_STEPS = "AGENCY_STEP"
_MILLISECONDS = 1_000.0


class Expectations:
    """Implements `ExpectedDelays` out of the last months' published steps, read anew now and then."""

    def __init__(self, reader: IndicatorReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._known: Mapping[str, Expectation] = {}

    def expected(
        self, code: str, state: str, agency: str | None, office: str | None
    ) -> Expectation | None:
        return None if agency is None else self._known.get(step_key(code, state, agency, office))

    async def refresh(self) -> None:
        """Read what was counted until now."""
        now = self._clock.now()
        last = month_of(now)
        months = months_before(last, _LAST_MONTHS - 1), last
        found = await self._reader.tallies(None, now, Grouping.STEP, months, [_STEPS])
        steps: dict[str, list[Tally]] = defaultdict(list)
        for figures in found:
            steps[figures.group].append(figures.tally)
        tallies = {step: merged(own) for step, own in steps.items()}
        self._known = {
            step: _expectation(tally)
            for step, tally in tallies.items()
            if tally.count >= LEAST_STEPS
        }

    async def run(self, pause: float = 300.0) -> None:
        """Refresh until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception:
                _logger.exception("the expected delays could not be read; trying again")
            await asyncio.sleep(pause)


def _expectation(tally: Tally) -> Expectation:
    return Expectation(
        median=round((tally.percentile(0.5) or 0.0) / _MILLISECONDS),
        p80=round((tally.percentile(0.8) or 0.0) / _MILLISECONDS),
        sample=tally.count,
    )
