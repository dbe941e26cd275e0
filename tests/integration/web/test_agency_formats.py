"""Each wire format, signed, through the real door and worker: the procedure moves, a repeat changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from portnet.catalogue import load_catalogue
from portnet.services.intake import Intake
from portnet.storage.engines import query
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.planner import Planner
from portnet_server.adapters import to_event
from portnet_server.worker import IntakeWorker
from tests.contract.samples import SAMPLES, sample
from tests.integration.web.test_agency_endpoint import Answer, Door, open_door
from tests.support.world import World

#: Enough of a passage to see it move; a later version than any that is published.
PASSAGE = """
code = "TM_PASSAGE"
version = 99
start = "RECEIVED"
opened_by = ["docs_ok"]
identity = "AMP"
direction = "EXPORT"
phase = "CLEARANCE"
label = { fr = "Passage", ar = "عبور", en = "Passage" }
transitions = [
    { from = "RECEIVED", event = "docs_ok", to = "INVOICED", by = ["TMPCS"] },
    { from = "INVOICED", event = "paid", to = "AUTHORISED", by = ["TMPCS"] },
    { from = "AUTHORISED", event = "gate_in", to = "ENTERED", by = ["TMPCS"] },
]
"""
STATE = """
[states.{name}]
holder = "TMPA"
action = "WAIT_AGENCY"
label = {{ fr = "{name}", ar = "عبور", en = "{name}" }}
short = {{ fr = "{name}", ar = "عبور", en = "{name}" }}
"""
ENTERED = """
[states.ENTERED]
final = true
outcome = "SUCCESS"
action = "NOTHING"
label = { fr = "Entré", ar = "دخول", en = "Entered" }
short = { fr = "Entré", ar = "دخول", en = "Entered" }
"""
DEFINITION = (
    PASSAGE
    + "".join(STATE.format(name=n) for n in ("RECEIVED", "INVOICED", "AUTHORISED"))
    + ENTERED
)
KEYS = {"BADR": "badr-a", "ONSSA": "onssa-a", "TMPCS": "tmpcs-a"}


class Window:
    """A door with a worker behind it."""

    def __init__(self, world: World, door: Door) -> None:
        self.world = world
        self.door = door

    async def post(self, source: str, body: bytes) -> Answer:
        """Answered, and taken in."""
        answer = await self.door.post(body, source=source, key=KEYS[source])
        while await self.world.inbox.waiting(1):  # noqa: ASYNC110 - nobody tells when it is empty
            await asyncio.sleep(0.002)
        return answer

    async def anomalies(self) -> list[tuple[str, str]]:
        found = await self.world.database.read(
            query("SELECT reason, detail FROM anomaly ORDER BY id")
        )
        return [(row["reason"], row["detail"]) for row in found]


@pytest.fixture
async def window(world: World) -> AsyncIterator[Window]:
    catalogue = load_catalogue(frozenset(ALERTS), [DEFINITION])
    planner = Planner(catalogue)
    intake = Intake(world.units, catalogue, planner, world.clock, world.ids, world.wakeups)
    worker = IntakeWorker(world.inbox, intake, to_event, world.clock, lanes=1, poll_seconds=0.01)
    async with open_door(world.database, world.inbox) as door:
        running = asyncio.create_task(worker.run())
        try:
            yield Window(world, door)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.mark.parametrize(
    ("source", "names", "state"),
    [
        ("BADR", ("registered", "channel_orange"), "DOC_REVIEW"),
        ("ONSSA", ("registered", "doc_ok"), "IDENTITY_CHECK"),
        ("TMPCS", ("authorised", "invoice_paid", "gate_in"), "ENTERED"),
    ],
)
async def test_a_procedure_moves_on_the_agencys_own_words(
    window: Window, source: str, names: tuple[str, ...], state: str
) -> None:
    bodies = [sample(source, name).body for name in names]
    first = [await window.post(source, body) for body in bodies]
    assert [answer.status for answer in first] == [202] * len(bodies)
    assert [p.state for p in await window.world.procedures()] == [state]
    again = [await window.post(source, body) for body in bodies]
    assert [a.said for a in again] == [
        {"receipt": a.said["receipt"], "repeat": True} for a in first
    ]
    assert [p.state for p in await window.world.procedures()] == [state]
    assert len(await window.world.entries()) == len(bodies)
    assert await window.anomalies() == []


async def test_agencies_meet_in_one_dossier_whatever_they_write(window: Window) -> None:
    for source, name in (("BADR", "registered"), ("ONSSA", "registered"), ("TMPCS", "authorised")):
        assert (await window.post(source, sample(source, name).body)).status == 202
    assert len(await window.world.dossiers()) == 1
    assert len(await window.world.procedures()) == 3


@pytest.mark.parametrize("source", KEYS)
async def test_what_is_new_to_us_is_kept_and_shown_with_its_code(
    window: Window, source: str
) -> None:
    strange = [s for s in SAMPLES if s.source == source and s.expected.not_understood]
    for known in strange:
        assert (await window.post(source, known.body)).status == 202, known.name
    expected = [s.expected.not_understood for s in strange]
    assert await window.anomalies() == [(e.reason, e.message) for e in expected if e is not None]
    assert {state for _, _, state in await window.door.kept()} == {"SET_ASIDE"}
    assert await window.world.procedures() == []


@pytest.mark.parametrize("source", KEYS)
async def test_what_is_broken_is_told_to_the_sender_and_not_kept(
    window: Window, source: str
) -> None:
    broken = [s for s in SAMPLES if s.source == source and s.expected.malformed]
    for known in broken:
        answer = await window.post(source, known.body)
        assert answer.code == (400, "MALFORMED"), known.name
        assert answer.said["message"]
    assert await window.door.kept() == []


async def test_another_body_under_one_control_reference_is_refused(window: Window) -> None:
    right = sample("BADR", "channel_orange").body
    assert (await window.post("BADR", right)).status == 202
    other = await window.post("BADR", right.replace(b"COR:MA1", b"CVE:MA1"))
    assert other.code == (409, "BODY_CHANGED")


async def test_a_source_with_a_format_of_its_own_may_still_send_our_json(window: Window) -> None:
    for source in KEYS:
        known = next(
            s for s in SAMPLES if s.source == source and s.name in ("registered", "authorised")
        )
        retold = sample(source, f"canonical_{known.name}").body
        assert (await window.post(source, retold)).status == 202
    assert len(await window.world.procedures()) == 3
