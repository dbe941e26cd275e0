"""The help desk settles what could not be applied; the message stays as it came, and who decided is on record."""

import asyncio
from datetime import timedelta

import pytest

from portnet.agencies.canonical import to_event
from portnet.domain.agency import AgencyEvent
from portnet.domain.audit import AuditLink, AuditRecord, verify_chain
from portnet.domain.desk.anomaly import Anomaly, AnomalyReason, AnomalyState
from portnet.domain.events import FrameKind, company_audience
from portnet.domain.inbox import InboxState, RawMessage
from portnet.ports.reading import PageSize
from portnet.ports.unit_of_work import Position
from portnet.services.desk.anomaly import (
    DESK,
    LONGEST_REASON,
    Anomalies,
    AnomalyFault,
    AnomalyRefusal,
    Helper,
)
from portnet.storage import rows
from tests.support.scenarios import IMPORTER, STRANGER, line, reference
from tests.support.world import World, open_world

HOUDA = Helper(name="Houda", actor="user:houda", sandbox=True)
RACHID = Helper(name="Rachid", actor="user:rachid", sandbox=True)
DUM, OTHER_DUM = reference("DUM", 1), reference("DUM", 2)
BOX = reference("CONTAINER", 1)
BILL = "BL:MEDU-4711"
FILE = reference("ONSSA_FILE", 1)
MINUTE = timedelta(minutes=1)


def read(message: RawMessage) -> AgencyEvent | None:
    event = to_event(message)
    return event if isinstance(event, AgencyEvent) else None


def desk(world: World) -> Anomalies:
    return Anomalies(world.units, world.anomalies, read, world.clock, world.ids, world.wakeups)


async def anomalies(world: World) -> list[Anomaly]:
    """Oldest first."""
    found = await world.anomalies.anomalies(list(AnomalyState), PageSize(first=100))
    return list(found.items)[::-1]


async def only(world: World) -> Anomaly:
    [anomaly] = await anomalies(world)
    return anomaly


async def a_file(world: World, dum: str = DUM, operator: str = IMPORTER.ice) -> str:
    """The id of a new dossier."""
    known = {dossier.id for dossier in await world.dossiers()}
    await world.post("BADR", "DUM_IMPORT.registered", dum, operator=operator)
    world.clock.advance(MINUTE)
    [dossier] = [d.id for d in await world.dossiers() if d.id not in known]
    return dossier


async def inbox_state(world: World, receipt: str) -> str:
    [state] = await world.column("SELECT state FROM agency_inbox WHERE receipt = $1", receipt)
    return str(state)


async def trail(world: World, company: str) -> list[tuple[str, str]]:
    """Actor and action of the company's trail, whose chain holds."""
    found = await world.select("SELECT * FROM audit WHERE company = $1 ORDER BY seq", company)
    links = [
        AuditLink(
            record=AuditRecord(
                company=company,
                position=row["seq"],
                at=rows.instant(row["at"]),
                actor=row["actor"],
                action=row["action"],
                subject=row["subject"],
            ),
            hash=row["hash"],
        )
        for row in found
    ]
    assert verify_chain(links) is None
    return [(link.record.actor, link.record.action) for link in links]


async def test_a_message_that_is_tried_again_finds_the_file_that_there_is_now(world: World) -> None:
    receipt = await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE, BILL, operator=None)
    parked = await only(world)
    assert parked.state is AnomalyState.PARKED
    await a_file(world)
    settled = await desk(world).retry(HOUDA, parked.id)
    assert isinstance(settled, Anomaly)
    assert (settled.state, settled.handled_by) == (AnomalyState.RETRIED, "Houda")
    assert settled.handled_at == world.clock.now()
    assert await inbox_state(world, receipt) == InboxState.NEW.value
    await world.work()
    # Nothing changed meanwhile: it waits again, as another anomaly.
    first, second = await anomalies(world)
    assert (first, second.state) == (settled, AnomalyState.PARKED)
    assert second.receipt == receipt
    assert await trail(world, DESK) == [("user:houda", "anomaly.retried")]


async def test_a_message_without_a_company_is_filed_where_the_help_desk_says(world: World) -> None:
    dossier = await a_file(world)
    receipt = await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE, operator=None)
    raw = await world.column("SELECT body FROM agency_inbox WHERE receipt = $1", receipt)
    settled = await desk(world).attach(HOUDA, (await only(world)).id, dossier)
    assert isinstance(settled, Anomaly)
    assert (settled.state, settled.dossier) == (AnomalyState.ATTACHED, dossier)
    await world.work()
    procedures = {p.code: p for p in await world.procedures()}
    assert procedures["ONSSA_IMPORT"].dossier == dossier
    assert procedures["ONSSA_IMPORT"].state == "DOC_CHECK"
    assert await only(world) == settled
    assert await world.column("SELECT body FROM agency_inbox WHERE receipt = $1", receipt) == raw
    assert ("user:houda", "anomaly.attached") in await trail(world, IMPORTER.id)


async def test_after_it_was_filed_the_agency_s_next_message_needs_no_help(world: World) -> None:
    dossier = await a_file(world)
    await world.post("BADR", "DUM_IMPORT.channel_green", BILL, operator=None)
    await desk(world).attach(HOUDA, (await only(world)).id, dossier)
    await world.work()
    world.clock.advance(MINUTE)
    await world.post("BADR", "DUM_IMPORT.liquidated", BILL, operator=None)
    assert set((await world.states()).values()) == {"LIQUIDATED"}
    assert len(await anomalies(world)) == 1


async def test_a_misspelt_reference_is_filed_to_the_declaration_that_was_meant(
    world: World,
) -> None:
    dossier = await a_file(world)
    await world.post("BADR", "DUM_IMPORT.channel_green", OTHER_DUM)
    await desk(world).attach(HOUDA, (await only(world)).id, dossier)
    await world.work()
    assert list((await world.states()).values()) == ["CONFORM"]


async def test_phones_hear_at_once_that_a_message_was_filed(world: World) -> None:
    dossier = await a_file(world)
    [before] = await world.dossiers()
    await world.post("BADR", "DUM_IMPORT.channel_green", BILL, operator=None)
    await desk(world).attach(HOUDA, (await only(world)).id, dossier)
    [after] = await world.dossiers()
    assert after.version == before.version + 1
    start = Position(audience=company_audience(IMPORTER.id), seq=1)
    [frame] = (await world.feed.after([start], 100, world.clock.now()))[start.audience].rows
    assert (frame.kind, frame.subject) == (FrameKind.DOSSIER_CHANGED, dossier)


async def test_another_company_s_message_is_not_filed(world: World) -> None:
    dossier = await a_file(world)
    await a_file(world, OTHER_DUM, STRANGER.ice)
    await world.post("ONSSA", "ONSSA_IMPORT.doc_ok", FILE, operator=STRANGER.ice)
    named = await only(world)
    outcome = await desk(world).attach(HOUDA, named.id, dossier)
    assert outcome == AnomalyFault(path="dossier", code="OTHER_COMPANY")
    # It need not say so itself: the reference is another's.
    await world.post("ONSSA", "ONSSA_IMPORT.doc_ok", FILE, OTHER_DUM, operator=None)
    _, tied = await anomalies(world)
    assert await desk(world).attach(HOUDA, tied.id, dossier) == outcome
    assert await anomalies(world) == [named, tied]
    assert await trail(world, DESK) == []


async def test_a_box_that_others_used_before_is_no_hindrance(world: World) -> None:
    dossier = await a_file(world)
    await world.post("BADR", "DUM_IMPORT.registered", OTHER_DUM, BOX, operator=STRANGER.ice)
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE, BOX, operator=None)
    outcome = await desk(world).attach(HOUDA, (await only(world)).id, dossier)
    assert isinstance(outcome, Anomaly)


async def test_the_real_thing_is_not_filed_to_practice_nor_seen_from_there(world: World) -> None:
    dossier = await a_file(world)
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE, operator=None, sandbox=False)
    real = await only(world)
    assert await desk(world).retry(HOUDA, real.id) is AnomalyRefusal.NOT_FOUND
    console = Helper(name="console", actor="console:x")
    outcome = await desk(world).attach(console, real.id, dossier)
    assert outcome == AnomalyFault(path="dossier", code="UNKNOWN")
    for sandbox, count in ((True, 0), (False, 1), (None, 1)):
        page = await world.anomalies.anomalies(list(AnomalyState), PageSize(first=9), sandbox)
        assert len(page.items) == count
        assert len(await world.anomalies.anomalies_by_id([real.id], sandbox)) == count


async def test_a_message_on_a_timeline_is_tried_again_there_and_not_elsewhere(
    world: World,
) -> None:
    await a_file(world)
    other = await a_file(world, OTHER_DUM)
    await world.post("BADR", "DUM_IMPORT.released", DUM)
    refused = await only(world)
    assert refused.reason is AnomalyReason.ILLEGAL_TRANSITION
    assert await desk(world).attach(HOUDA, refused.id, other) is AnomalyRefusal.ON_A_TIMELINE
    entries, alerts = len(await world.entries()), await world.column("SELECT id FROM alert")
    assert isinstance(await desk(world).retry(HOUDA, refused.id), Anomaly)
    await world.work()
    assert len(await world.entries()) == entries
    assert await world.column("SELECT id FROM alert") == alerts
    first, second = await anomalies(world)
    assert (first.state, second.state) == (AnomalyState.RETRIED, AnomalyState.OPEN)
    assert second.receipt == refused.receipt


async def test_an_unreadable_message_can_be_tried_again_or_let_be_but_not_filed(
    world: World,
) -> None:
    dossier = await a_file(world)
    raw = line("BADR", "DUM_IMPORT.channel_green", DUM, at=world.clock.now())
    await world.receive(raw)
    [waiting] = await world.inbox.waiting(1)
    await world.intake.give_up(waiting, "cannot be read")
    broken = await only(world)
    nothing = Anomalies(
        world.units, world.anomalies, lambda _: None, world.clock, world.ids, world.wakeups
    )
    assert await nothing.attach(HOUDA, broken.id, dossier) is AnomalyRefusal.UNREADABLE
    await nothing.retry(HOUDA, broken.id)
    await world.work()
    assert list((await world.states()).values()) == ["CONFORM"]


async def test_what_is_dismissed_stays_so_whatever_becomes_known(world: World) -> None:
    receipt = await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    settled = await desk(world).dismiss(HOUDA, (await only(world)).id, " A test of theirs. ")
    assert isinstance(settled, Anomaly)
    assert (settled.state, settled.note) == (AnomalyState.DISMISSED, "A test of theirs.")
    assert await inbox_state(world, receipt) == InboxState.SET_ASIDE.value
    await a_file(world)
    world.clock.advance(timedelta(days=4))
    await world.inbox.wake_overdue(world.clock.now())
    await world.work()
    assert await only(world) == settled
    assert list((await world.states()).values()) == ["REGISTERED"]


@pytest.mark.parametrize(
    ("reason", "code"), [("", "EMPTY"), (" \n", "EMPTY"), ("x" * (LONGEST_REASON + 1), "TOO_LONG")]
)
async def test_to_dismiss_takes_a_reason(world: World, reason: str, code: str) -> None:
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    anomaly = await only(world)
    outcome = await desk(world).dismiss(HOUDA, anomaly.id, reason)
    assert outcome == AnomalyFault(path="reason", code=code)
    assert await only(world) == anomaly


async def test_what_was_settled_is_settled_but_a_lost_answer_is_given_again(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    anomaly = (await only(world)).id
    settled = await desk(world).dismiss(HOUDA, anomaly, "a test")
    assert await desk(world).dismiss(HOUDA, anomaly, "a test") == settled
    assert await desk(world).dismiss(RACHID, anomaly, "a test") is AnomalyRefusal.SETTLED
    assert await desk(world).retry(HOUDA, anomaly) is AnomalyRefusal.SETTLED
    assert await trail(world, DESK) == [("user:houda", "anomaly.dismissed")]


async def test_of_two_who_decide_at_once_one_does(world: World, migrated_url: str) -> None:
    dossier = await a_file(world)
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE, operator=None)
    anomaly = (await only(world)).id
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        outcomes = await asyncio.gather(
            desk(world).attach(HOUDA, anomaly, dossier),
            desk(other).dismiss(RACHID, anomaly, "a test"),
            desk(world).retry(Helper(name="X", actor="user:x", sandbox=True), anomaly),
        )
    assert sum(isinstance(outcome, Anomaly) for outcome in outcomes) == 1
    assert outcomes.count(AnomalyRefusal.SETTLED) == 2


@pytest.mark.parametrize("anomaly", ["", "nothing", "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
async def test_an_anomaly_that_does_not_exist_is_not_found(world: World, anomaly: str) -> None:
    assert await desk(world).retry(HOUDA, anomaly) is AnomalyRefusal.NOT_FOUND
    assert await desk(world).dismiss(HOUDA, anomaly, "x") is AnomalyRefusal.NOT_FOUND
    assert await desk(world).attach(HOUDA, anomaly, anomaly) is AnomalyRefusal.NOT_FOUND
