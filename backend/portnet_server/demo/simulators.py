"""The demo's agencies: they file what happened before the demo began, and keep acting while it runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from random import Random

from portnet.domain.authoring.scenario import Scenario
from portnet.ports.clock import Clock
from portnet_server.demo.agency_client import AgencyClient, Unreachable
from portnet_server.demo.replay import Actor, Played, begin, play

_logger = logging.getLogger(__name__)

#: Scenario and how many of its messages had come before the demo began: dossiers in different stages.
STAGES = (
    ("S0", 1),
    ("S0", 7),
    ("S0", 12),
    ("S0", 21),
    ("G0", 3),
    ("G0", 6),
    ("S1", 2),
    ("S2", 4),
    ("S3", 3),
    ("S4", 14),
    ("S5", 10),
    ("S6", 7),
    ("S7", 5),
)
#: Seconds that a whole story takes while the demo runs.
_STORY_SECONDS = 600.0
#: Seconds between two stories' beginnings; with the length above about four run side by side.
_PAUSE_SECONDS = 150.0


class Simulators:
    """Stops when cancelled. Needs the server to listen already."""

    def __init__(
        self,
        client: AgencyClient,
        people: Actor,
        scenarios: Mapping[str, Scenario],
        clock: Clock,
        chance: Random,
    ) -> None:
        self._client = client
        self._people = people
        self._scenarios = scenarios
        self._clock = clock
        self._chance = chance

    async def file_the_past(self) -> None:
        """Dossiers in different stages, as if the agencies had worked all week."""
        for code, messages in STAGES:
            telling = begin(self._scenarios[code], self._clock, self._chance)
            async with aclosing(play(telling, self._client, 0.0)) as story:
                count = 0
                async for happened in story:
                    count += isinstance(happened, Played)
                    if count == messages:
                        break

    async def keep_acting(self) -> None:
        """Story after story, all of them in turn, until cancelled."""
        async with asyncio.TaskGroup() as stories:
            while True:
                for code in self._chance.sample(sorted(self._scenarios), len(self._scenarios)):
                    stories.create_task(self._tell(self._scenarios[code]), name=f"story {code}")
                    await asyncio.sleep(_PAUSE_SECONDS)

    async def _tell(self, scenario: Scenario) -> None:
        telling = begin(scenario, self._clock, self._chance)
        try:
            async with aclosing(play(telling, self._client, _STORY_SECONDS, self._people)) as story:
                async for _ in story:
                    pass
        except Unreachable:
            _logger.warning("a simulated agency could not reach the server; its story ends here")
