"""`resident`: what the demo's server keeps in memory, and that a long-lived subscription does not make it grow.

graphql-core keeps 15 to 16 KiB of each event as long as a subscription lives, unless it is rendered our way: over the
events counted here that would be 280 MiB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.data.archive import FOLDER
from benchmarks.live.phones import Account, Phone, listening_phones
from benchmarks.live.processes import Process, free_port, running
from benchmarks.result import Result, at_most
from benchmarks.stories import Said, Story
from portnet.scenarios import shipped
from portnet_server.demo.accounts import PASSWORD
from portnet_server.demo.agency_client import AgencyClient
from portnet_server.demo.keys import read_keys
from portnet_server.demo.replay import begin
from portnet_server.system import SystemClock

_EARLY, _LATE = 2_000, 20_000
_MOST_MIB = 150
#: An eighth of graphql-core's leak; SQLite's page caches, 32 MiB in all, fill up meanwhile.
_MOST_GROWTH_KIB = 2
_POSTERS = 8
#: Stories of the declarant's own company, told by agencies alone: all of it is heard.
_HEARD = ("G0", "S0")
#: Messages that may be on their way to the phone.
_UNDER_WAY = 100


async def resident() -> list[Result]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=FOLDER, prefix="run-")))
        port = free_port()
        settings = {"PORTNET_DATA_DIR": str(folder), "PORT": str(port)}
        demo = await stack.enter_async_context(
            running(
                "portnet_server.cli", "demo", "--quiet", ready="mock gateways", settings=settings
            )
        )
        url = f"http://127.0.0.1:{port}"
        account = Account(login="declarant", password=PASSWORD, company="importer")
        (phone,) = await listening_phones(url, [account], stack)
        client = await stack.enter_async_context(
            AgencyClient(url, read_keys(folder / "agency-keys.json"), SystemClock())
        )
        traffic = _Traffic(client, phone)
        early = await _memory_after(traffic, demo, _EARLY)
        late = await _memory_after(traffic, demo, _LATE)
    growth = (late - early) * 1024 / (_LATE - _EARLY)
    return [
        at_most("resident", max(early, late), "MiB", _MOST_MIB),
        at_most("resident.growth", growth, "KiB/event", _MOST_GROWTH_KIB),
    ]


async def _memory_after(traffic: _Traffic, demo: Process, events: int) -> float:
    await traffic.until(events)
    return demo.rss_anon()


class _Traffic:
    """Agencies that tell story after story, as fast as the phone hears them."""

    def __init__(self, client: AgencyClient, phone: Phone) -> None:
        self._client = client
        self._phone = phone
        self._stories = _stories()
        self._posted = 0

    async def until(self, events: int) -> None:
        """Keep posting until the phone has heard ``events`` frames, on both feeds together."""
        await asyncio.gather(*(self._tell(events) for _ in range(_POSTERS)))

    async def _tell(self, events: int) -> None:
        while self._phone.events < events:
            for said in next(self._stories):
                await self._until_heard()
                self._posted += 1
                answer = await self._client.post(said.source, said.body)
                if not answer.accepted:
                    raise RuntimeError(f"the server did not take a message: {answer}")

    async def _until_heard(self) -> None:
        """Wait while too many messages are under way."""
        while self._posted - len(self._phone.heard) >= _UNDER_WAY:
            self._phone.check()
            await asyncio.sleep(0.01)


def _stories() -> Iterator[Iterator[Said]]:
    chance = Random(1)
    scenarios = shipped()
    for code in cycle(_HEARD):
        telling = begin(scenarios[code], SystemClock(), chance)
        yield Story(telling=telling, importer=0).messages()
