"""The demo's agencies go on with what companies declare: a number, then the first steps, a few seconds apart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

import msgspec

from portnet.domain.agency import Reference
from portnet.ports.clock import Clock
from portnet_server.demo.agency_client import AgencyClient, Unreachable
from portnet_server.demo.gateway import Received
from portnet_server.demo.references import new_value

_logger = logging.getLogger(__name__)

_SUBMITTED = ".submit"
#: Seconds before each step; the first leaves time to see that the declaration was received.
_PAUSE = 5.0
_DUE_IN = timedelta(hours=24)


class Course(msgspec.Struct, frozen=True):
    """What follows: the scheme of the agency's own number, and who says what."""

    scheme: str
    steps: Sequence[tuple[str, str]]


#: By the kind of what was declared.
COURSES: Mapping[str, Course] = {
    "IMP_TITLE": Course(
        "TITLE",
        (("PORTNET", "route_ei"), ("BANK", "bank_took"), ("BANK", "domiciled"), ("PORTNET", "transmitted")),
    ),
    "DUM_IMPORT": Course(
        "DUM", (("BADR", "registered"), ("BADR", "channel_green"), ("BADR", "liquidated"))
    ),
    "DUM_EXPORT": Course(
        "DUM", (("BADR", "registered"), ("BADR", "channel_green"), ("BADR", "released"))
    ),
    "ONSSA_IMPORT": Course(
        "ONSSA_FILE", (("ONSSA", "registered"), ("ONSSA", "doc_ok"), ("ONSSA", "id_ok"))
    ),
}  # fmt: skip


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """See docs/reference/agency-messages.md."""

    event_id: str
    type: str
    occurred_at: str
    refs: tuple[Reference, ...]
    due_at: str


class GoingOn:
    """Use ``taken`` for what reaches the agencies' systems, and `run` while they are to go on with it."""

    def __init__(self, clock: Clock, chance: Random, pause: float = _PAUSE) -> None:
        self._clock = clock
        self._chance = chance
        self._pause = pause
        self._begun: asyncio.Queue[tuple[Received, str]] = asyncio.Queue()

    def taken(self, message: Received) -> None:
        kind = message.type.removesuffix(_SUBMITTED)
        if kind != message.type and kind in COURSES:
            self._begun.put_nowait((message, kind))

    async def run(self, client: AgencyClient) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as files:
            while True:
                message, kind = await self._begun.get()
                files.create_task(self._go_on(client, message, kind), name=f"{kind} {message.id}")

    async def _go_on(self, client: AgencyClient, message: Received, kind: str) -> None:
        course = COURSES[kind]
        number = new_value(course.scheme, kind, self._clock.now().year, self._chance)
        refs = (
            Reference(scheme="SUBMISSION", value=message.id),
            Reference(scheme=course.scheme, value=number),
        )
        try:
            for place, (source, event) in enumerate(course.steps, start=1):
                await asyncio.sleep(self._pause)
                said = self._message(f"{message.id}-{place}", f"{kind}.{event}", refs)
                await client.post(source, msgspec.json.encode(said))
        except Unreachable:
            _logger.warning("a simulated agency could not reach the server; %s stops here", kind)

    def _message(self, id_: str, type_: str, refs: tuple[Reference, ...]) -> _Message:
        now = self._clock.now()
        return _Message(
            event_id=id_,
            type=type_,
            occurred_at=now.isoformat(),
            refs=refs,
            due_at=(now + _DUE_IN).isoformat(),
        )
