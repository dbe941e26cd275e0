"""The demo's agencies: they file what happened before the demo began, and keep acting while it runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from random import Random

from portnet.domain.scenario import Scenario
from portnet.ports.clock import Clock
from portnet_server.demo.agency_client import AgencyClient, Unreachable
from portnet_server.demo.replay import begin, play

_logger = logging.getLogger(__name__)

#: Scenario and how many of its messages had come before the demo began: dossiers in different stages.
STAGES = (
    ("S0", 1),
    ("S0", 3),
    ("S0", 7),
    ("S0", 12),
    ("S0", 17),
    ("S0", 21),
    ("G0", 1),
    ("G0", 3),
    ("G0", 6),
)
#: Seconds that a whole story takes while the demo runs.
_STORY_SECONDS = 600.0
#: Seconds between two stories' beginnings; with the length above about four run side by side.
_PAUSE_SECONDS = 150.0


class Simulators:
    """Stops when cancelled. Needs the server to listen already."""

    def __init__(
        self, client: AgencyClient, scenarios: Mapping[str, Scenario], clock: Clock, chance: Random
    ) -> None:
        self._client = client
        self._scenarios = scenarios
        self._clock = clock
        self._chance = chance

    async def file_the_past(self) -> None:
        """Dossiers in different stages, as if the agencies had worked all week."""
        for code, messages in STAGES:
            telling = begin(self._scenarios[code], self._clock, self._chance)
            async with aclosing(play(telling, self._client, 0.0)) as story:
                count = 0
                async for _ in story:
                    count += 1
                    if count == messages:
                        break

    async def keep_acting(self) -> None:
        """Story after story, until cancelled."""
        async with asyncio.TaskGroup() as stories:
            while True:
                code = self._chance.choice(sorted(self._scenarios))
                stories.create_task(self._tell(self._scenarios[code]), name=f"story {code}")
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _tell(self, scenario: Scenario) -> None:
        telling = begin(scenario, self._clock, self._chance)
        try:
            async with aclosing(play(telling, self._client, _STORY_SECONDS)) as story:
                async for _ in story:
                    pass
        except Unreachable:
            _logger.warning("a simulated agency could not reach the server; its story ends here")
