"""What a viewer may see, page by page: access is part of every question, and no row is missed or shown twice."""

import base64
import inspect
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from portnet.domain.access import Role, Viewer
from portnet.domain.catalogue import Status
from portnet.domain.desk.anomaly import AnomalyState
from portnet.domain.dossier import Dossier
from portnet.domain.events import company_audience
from portnet.ports.reading import DossierFilter, DossierOrder, FileReader, Page, PageSize, Shown
from portnet.ports.unit_of_work import Position
from portnet.storage.repositories.shown import shown_to
from tests.support.scenarios import BROKER, IMPORTER, MANDATE, STRANGER, reference
from tests.support.world import World, open_world

Turn = Callable[[PageSize], Awaitable[Page[Any]]]
ALL = DossierFilter()
HUNDRED = PageSize(100)


async def shown_of_everything(world: World, viewer: Viewer, now: datetime) -> Shown:
    """What the importer's rows would show, stood they in the feed of the viewer's company."""
    owner, audience = company_audience(IMPORTER.id), company_audience(viewer.company)
    page = (await world.feed.after([Position(audience=owner, seq=0)], 100, now))[owner]
    dialect = world.database.dialect
    return (await world.database.read(shown_to(dialect, {audience: page.rows}, now)))[audience]


async def seen(world: World, viewer: Viewer, now: datetime) -> dict[str, int]:
    """How much each of the reader's methods that take a viewer shows, asked for everything that there is."""
    files = world.files
    dossiers, procedures, entries = [
        await world.column(f"SELECT id FROM {table}") for table in ("dossier", "procedure", "entry")
    ]
    shown = await shown_of_everything(world, viewer, now)
    told = [shown.dossiers, *shown.procedures.values(), shown.entries, shown.companies]
    pages = [await files.dossiers(viewer, now, ALL, order, HUNDRED) for order in DossierOrder]
    return {
        "dossiers": max(len(page.items) for page in pages),
        "dossiers_by_id": len(await files.dossiers_by_id(viewer, now, dossiers)),
        "procedures_by_id": len(await files.procedures_by_id(viewer, now, procedures)),
        "entries_by_id": len(await files.entries_by_id(viewer, now, entries)),
        "shown": sum(map(len, told)),
    }


EVERYTHING = {
    "dossiers": 1,
    "dossiers_by_id": 1,
    "procedures_by_id": 2,
    "entries_by_id": 21,
    "shown": 1 + 2 + 21 + 1,
}
NOTHING = dict.fromkeys(EVERYTHING, 0)
#: What may be looked up by its id, and is neither listed nor told any more.
LOOKED_UP = EVERYTHING | {"dossiers": 0, "shown": 0}


def test_every_question_that_takes_a_viewer_is_asked_here() -> None:
    methods = inspect.getmembers(FileReader, inspect.isfunction)
    taking = {
        name
        for name, method in methods
        if not name.startswith("_") and "viewer" in inspect.signature(method).parameters
    }
    assert {*taking, "shown"} == set(EVERYTHING)


async def test_the_owner_and_the_mandated_broker_see_everything(world: World) -> None:
    await world.tell("S0")
    for firm in (IMPORTER, BROKER):
        for role in Role:
            assert await seen(world, world.viewer(firm, role), world.clock.now()) == EVERYTHING


async def test_the_other_company_sees_nothing(world: World) -> None:
    await world.tell("S0")
    assert await seen(world, world.viewer(STRANGER), world.clock.now()) == NOTHING
    filter_ = DossierFilter(company=IMPORTER.id, text=reference("DUM", 1).split(":")[1])
    page = await world.files.dossiers(
        world.viewer(STRANGER), world.clock.now(), filter_, DossierOrder.UPDATED, HUNDRED
    )
    assert page == Page(items=(), end=None, more=False)


async def test_a_broker_sees_nothing_before_the_mandate_and_keeps_what_it_lodged_after_it(
    world: World,
) -> None:
    await world.tell("S0")
    broker = world.viewer(BROKER)
    assert MANDATE.ends_at is not None
    moment = timedelta(microseconds=1)
    assert await seen(world, broker, MANDATE.starts_at) == EVERYTHING
    assert await seen(world, broker, MANDATE.starts_at - moment) == NOTHING
    assert await seen(world, broker, MANDATE.ends_at - moment) == EVERYTHING
    assert await seen(world, broker, MANDATE.ends_at) == EVERYTHING


async def test_a_broker_sees_nothing_of_what_named_it_after_its_mandate(world: World) -> None:
    before = msgspec.structs.replace(MANDATE, ends_at=MANDATE.starts_at + timedelta(days=1))
    await world.write(before)
    await world.tell("S0")
    assert await seen(world, world.viewer(BROKER), world.clock.now()) == NOTHING


async def test_a_broker_may_only_look_up_its_files_once_the_mandate_is_revoked(
    world: World,
) -> None:
    await world.tell("S0")
    await world.write(msgspec.structs.replace(MANDATE, revoked_at=world.clock.now()))
    broker, now = world.viewer(BROKER), world.clock.now()
    assert await seen(world, broker, now) == LOOKED_UP
    clients = DossierFilter(company=IMPORTER.id)
    page = await world.files.dossiers(broker, now, clients, DossierOrder.UPDATED, HUNDRED)
    assert len(page.items) == 1
    assert await seen(world, world.viewer(IMPORTER), world.clock.now()) == EVERYTHING


@pytest.mark.parametrize("change", [{"company": STRANGER.id}, {"broker": STRANGER.id}])
async def test_a_mandate_between_others_shows_nothing(
    migrated_url: str, change: dict[str, str]
) -> None:
    async with open_world(migrated_url, populate=False) as world:
        await world.populate(msgspec.structs.replace(MANDATE, **change))
        await world.tell("S0")
        for firm in (BROKER, STRANGER):
            assert await seen(world, world.viewer(firm), world.clock.now()) == NOTHING


async def test_a_mandate_does_not_show_the_files_of_another_broker(world: World) -> None:
    await world.tell("G0")
    await world.write(msgspec.structs.replace(MANDATE, id="second", broker=STRANGER.id))
    assert await seen(world, world.viewer(STRANGER), world.clock.now()) == NOTHING


async def test_alerts_are_their_recipients(world: World) -> None:
    await world.tell("S0")
    ids = await world.column("SELECT id FROM alert")
    dossier = (await world.column("SELECT id FROM dossier"))[0]
    for firm in (IMPORTER, BROKER, STRANGER):
        for user in firm.people:
            viewer = world.viewing(user)
            own = set(await world.column("SELECT id FROM alert WHERE user_id = $1", user.id))
            assert set(await world.alerts.alerts_by_id(viewer, world.clock.now(), ids)) == own
            listed = await world.alerts.alerts(viewer, world.clock.now(), False, HUNDRED)
            assert {alert.id for alert in listed.items} == own
            assert {
                d.alert for d in await world.alerts.ledger(viewer, world.clock.now(), dossier)
            } <= own
            assert (await world.alerts.badge(viewer, world.clock.now())).alerts == len(own)


async def many_dossiers(world: World, count: int = 17) -> None:
    """All opened and changed at the very same instant, in two statuses."""
    for run in range(count):
        dum = reference("DUM", run)
        await world.post("BADR", "DUM_IMPORT.registered", dum)
        if run % 3 == 0:
            await world.post("BADR", "DUM_IMPORT.channel_green", dum)
            await world.post("BADR", "DUM_IMPORT.liquidated", dum)


async def turned(turn: Turn, size: int) -> list[Any]:
    """All items, page by page; the last page says that it is the last."""
    items: list[Any] = []
    after: str | None = None
    while True:
        page = await turn(PageSize(size, after))
        items.extend(page.items)
        if not page.more:
            return items
        assert len(page.items) == size
        after = page.end


def listing(world: World, order: DossierOrder, filter_: DossierFilter = ALL) -> Turn:
    viewer, now = world.viewer(IMPORTER), world.clock.now()
    return lambda page: world.files.dossiers(viewer, now, filter_, order, page)


def unique(items: Sequence[Any]) -> int:
    return len({item.id for item in items})


@pytest.mark.parametrize("order", list(DossierOrder))
async def test_pages_of_dossiers_cover_all_once_though_their_instants_are_equal(
    world: World, order: DossierOrder
) -> None:
    await many_dossiers(world)
    whole = await turned(listing(world, order), 100)
    assert unique(whole) == len(whole) == 17
    for size in (1, 4, 17):
        assert await turned(listing(world, order), size) == whole


async def test_the_most_urgent_come_first_then_the_newest(world: World) -> None:
    await many_dossiers(world, 4)
    world.clock.advance(timedelta(hours=1))
    await world.post("BADR", "DUM_IMPORT.registered", reference("DUM", 99))
    listed: list[Dossier] = await turned(listing(world, DossierOrder.URGENCY), 2)
    assert [d.status for d in listed] == [Status.ACTION_REQUIRED] * 2 + [Status.WAITING_AGENCY] * 3
    assert listed[2].reference == "309-0000099G"
    newest: list[Dossier] = await turned(listing(world, DossierOrder.UPDATED), 2)
    assert newest[0].reference == "309-0000099G"


async def test_a_list_holds_what_was_asked_for(world: World) -> None:
    await many_dossiers(world, 6)
    cases = [
        (DossierFilter(statuses=(Status.ACTION_REQUIRED,)), 2),
        (DossierFilter(statuses=(Status.DONE, Status.BLOCKED)), 0),
        (DossierFilter(statuses=(Status.ACTION_REQUIRED, Status.WAITING_AGENCY)), 6),
        (DossierFilter(direction="IMPORT"), 6),
        (DossierFilter(direction="EXPORT"), 0),
        (DossierFilter(company=IMPORTER.id), 6),
        (DossierFilter(company=STRANGER.id), 0),
        (DossierFilter(updated_since=world.clock.now()), 6),
        (DossierFilter(updated_since=world.clock.now() + timedelta(microseconds=1)), 0),
        (DossierFilter(text="309 010-2026"), 6),
        (DossierFilter(text="309 010 2026 0000003 g"), 1),
        (DossierFilter(text="0000003"), 0),
        (DossierFilter(text="%"), 0),
        (DossierFilter(text="309_10"), 0),
        (DossierFilter(text="!"), 0),
        (DossierFilter(text="\0"), 6),
    ]
    for filter_, expected in cases:
        found = await turned(listing(world, DossierOrder.UPDATED, filter_), 4)
        assert len(found) == expected, filter_


async def test_a_reference_is_found_however_its_agency_dots_it(world: World) -> None:
    dum = reference("DUM", 1)
    await world.post("BADR", "DUM_IMPORT.registered", dum)
    await world.post("ONSSA", "ONSSA_IMPORT.registered", "ONSSA_FILE:CAS.2026-1/77", dum)
    for text in ("cas.2026", "CAS 2026 1", "CAS2026-1/7"):
        found = await turned(listing(world, DossierOrder.UPDATED, DossierFilter(text=text)), 4)
        assert len(found) == 1, text


async def test_a_timeline_is_newest_first_and_whole_though_its_instants_are_equal(
    world: World,
) -> None:
    dum, file = reference("DUM", 1), reference("ONSSA_FILE", 1)
    for event in ("registered", "channel_green", "liquidated", "paid", "released"):
        await world.post("BADR", f"DUM_IMPORT.{event}", dum)
    for event in ("registered", "doc_ok", "admit"):
        await world.post("ONSSA", f"ONSSA_IMPORT.{event}", file, dum)
    dossier = (await world.column("SELECT id FROM dossier"))[0]
    for size in (1, 3, 8):
        entries = await turned(lambda p: world.files.timeline(dossier, None, p), size)
        assert unique(entries) == len(entries) == 8
    procedures = (await world.files.procedures_of([dossier]))[dossier]
    assert [p.code for p in procedures] == ["DUM_IMPORT", "ONSSA_IMPORT"]
    onssa = procedures[1].id
    entries = await turned(lambda p: world.files.timeline(dossier, onssa, p), 2)
    assert [e.message.event for e in entries] == ["admit", "doc_ok", "registered"]
    refs = (await world.files.references_of([dossier]))[dossier]
    assert [ref.key for ref in refs] == [dum, file]


async def test_pages_of_alerts_and_anomalies_cover_all_once(world: World) -> None:
    await many_dossiers(world, 12)
    for run in range(7):
        await world.post("BADR", "DUM_IMPORT.conform", reference("DUM", 100 + run))
    manager = world.viewer(IMPORTER, Role.MANAGER)
    for unseen_only in (False, True):
        listed = partial(world.alerts.alerts, manager, world.clock.now(), unseen_only)
        alerts = await turned(listed, 3)
        assert unique(alerts) == len(alerts) == 4
    anomalies = await turned(lambda p: world.anomalies.anomalies([AnomalyState.PARKED], p), 3)
    assert unique(anomalies) == len(anomalies) == 7
    assert [a.id for a in anomalies] == sorted((a.id for a in anomalies), reverse=True)


def written(*key: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


GARBAGE = [
    "",
    "=",
    "é",
    "\ud800",
    "\0",
    "null",
    "x" * 100_000,
    base64.urlsafe_b64encode(b"[" * 50_000).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b'["\\ud800"]').decode(),
    written(),
    written(None),
    written("\0"),
    written(True, True, "x"),
    written(1.5, "x"),
    written("1", "x"),
    written(1, "\0"),
    written(1, 1, "\0"),
    written(2**63, "x"),
    written(-(2**63) - 1, "x"),
    written(2**63, 0, "x"),
    written(10**400, 1, "x"),
    written(1, 2, 3, 4, 5, "x"),
]


@pytest.mark.parametrize("cursor", GARBAGE, ids=lambda cursor: ascii(cursor)[:20])
async def test_a_cursor_that_is_not_ours_leads_to_an_empty_page(world: World, cursor: str) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", reference("DUM", 1))
    await world.post("BADR", "DUM_IMPORT.channel_green", reference("DUM", 1))
    await world.post("BADR", "DUM_IMPORT.conform", reference("DUM", 2))
    dossier = (await world.column("SELECT id FROM dossier"))[0]
    viewer, page = world.viewer(IMPORTER), PageSize(10, cursor)
    pages: list[Page[Any]] = [
        await listing(world, DossierOrder.URGENCY)(page),
        await listing(world, DossierOrder.UPDATED)(page),
        await world.files.timeline(dossier, None, page),
        await world.alerts.alerts(viewer, world.clock.now(), False, page),
        await world.anomalies.anomalies(list(AnomalyState), page),
    ]
    assert pages == [Page(items=(), end=None, more=False)] * 5


async def test_a_page_of_nothing_is_empty(world: World) -> None:
    page = await listing(world, DossierOrder.UPDATED)(PageSize(10))
    assert page == Page(items=(), end=None, more=False)


async def test_ids_that_nobody_has_are_not_found(world: World) -> None:
    await world.tell("G0")
    viewer, now = world.viewer(IMPORTER), world.clock.now()
    for ids in ([], ["nothing"], ["%", "'", "é", "a" * 1000]):
        assert await world.files.dossiers_by_id(viewer, now, ids) == {}
        assert await world.files.procedures_by_id(viewer, now, ids) == {}
        assert await world.files.entries_by_id(viewer, now, ids) == {}
        assert await world.alerts.alerts_by_id(viewer, world.clock.now(), ids) == {}
        assert await world.files.procedures_of(ids) == {}
        assert await world.accounts.users(ids) == {}


async def test_feeds_are_read_from_where_a_phone_stands(world: World) -> None:
    await world.tell("G0")
    audience, silent = f"company:{IMPORTER.id}", f"company:{STRANGER.id}"
    heads = await world.feed.heads([silent, audience])
    assert heads == [Position(audience=silent, seq=0), Position(audience=audience, seq=7)]
    assert await world.feed.floor(audience) == await world.feed.floor(silent) == 0
    found = await world.feed.after(
        [Position(audience=audience, seq=3), Position(audience=silent, seq=0)], 2, world.clock.now()
    )
    assert {a: [row.seq for row in page.rows] for a, page in found.items()} == {
        audience: [4, 5],
        silent: [],
    }


async def test_a_database_keeps_its_generation(world: World, migrated_url: str) -> None:
    generation = await world.feed.generation()
    assert len(generation) == 8
    async with open_world(migrated_url, lane=1, populate=False) as other:
        assert await other.feed.generation() == generation


async def test_when_each_source_was_last_heard_is_known(world: World) -> None:
    await world.tell("S0")
    heard = await world.agencies.heard(["ONSSA", "BADR", "BANK"], sandbox=True)
    last = {e.message.source: e.message.received_at for e in await world.entries()}
    assert heard == last
    assert set(heard) == {"BADR", "ONSSA"}
