"""The rules of delivery that only the whole intake can keep, on both engines: what is stored, told and shown."""

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from portnet.domain.agency import event_key
from portnet.domain.alerts import AlertState
from portnet.domain.desk.anomaly import AnomalyReason, AnomalyState
from portnet.domain.events import company_audience
from portnet.domain.procedure import EntryKind
from portnet.ports.unit_of_work import Position
from portnet.storage.touched import TOGETHER
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, line, reference, story
from tests.support.volume import volume
from tests.support.world import World, open_world

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DUM, OTHER, BOX = reference("DUM", 1), reference("DUM", 2), reference("CONTAINER", 1)
DUM_VALUE, OTHER_VALUE = DUM.split(":")[1], OTHER.split(":")[1]
CARGO = volume(240, 2_000)


async def alerts(world: World) -> list[tuple[str, str, str]]:
    """Of each alert its kind, whom it told, and its state, in the order in which they were raised."""
    found = await world.select("SELECT kind, user_id, state FROM alert ORDER BY raised_at, id")
    return [(row["kind"], row["user_id"], row["state"]) for row in found]


async def told_of(world: World, kind: str) -> set[str]:
    return {user for told, user, _ in await alerts(world) if told == kind}


async def anomalies(world: World) -> list[tuple[str, str]]:
    found = await world.select("SELECT reason, state FROM anomaly ORDER BY id")
    return [(row["reason"], row["state"]) for row in found]


async def inbox(world: World) -> list[str]:
    return await world.column("SELECT state FROM agency_inbox ORDER BY receipt")


async def kinds(world: World) -> list[tuple[str, EntryKind]]:
    return [(entry.message.event, entry.kind) for entry in await world.entries()]


async def released(world: World) -> None:
    """A DUM that customs released: those whom it concerns were told (A10)."""
    events = ("registered", "channel_green", "liquidated", "paid", "released")
    for number, event in enumerate(events):
        at = world.clock.advance(MINUTE)
        await world.post("BADR", f"DUM_IMPORT.{event}", DUM, at=at, event_id=f"B-{number}")
    assert await world.states() == {DUM_VALUE: "RELEASED"}


async def retract(world: World, *refs: str, what: str = "B-4", **fields: Any) -> str:
    at = world.clock.advance(MINUTE)
    return await world.post(
        "BADR", "DUM_IMPORT.released", *(refs or (DUM,)), at=at, retracts=what, **fields
    )


@pytest.mark.parametrize("seed", range(volume(2, 20)))
async def test_rule_1_however_often_a_message_comes_it_counts_once(world: World, seed: int) -> None:
    lines = story("S0")
    repeated = [said for said in lines for _ in range(3)]
    Random(seed).shuffle(repeated)
    for said in repeated:
        world.clock.advance(SECOND)
        await world.say(said)
    assert Counter(e.message.event_id for e in await world.entries()) == dict.fromkeys(
        (said.event_id for said in lines), 1
    )
    told = await world.select("SELECT entry, kind, user_id FROM alert")
    assert max(Counter(tuple(row[i] for i in range(3)) for row in told).values()) == 1


async def test_rule_2_a_message_waits_for_the_one_that_its_source_numbered_before_it(
    world: World,
) -> None:
    now = world.clock.now()
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=now, seq=1)
    await world.post("BADR", "DUM_IMPORT.liquidated", DUM, at=now + 2 * SECOND, seq=3)
    assert await inbox(world) == ["DONE", "NEW"]
    await world.post("BADR", "DUM_IMPORT.registered", OTHER, at=now)
    assert (await world.states())[OTHER_VALUE] == "REGISTERED", "nobody else is held up"
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM, at=now + SECOND, seq=2)
    assert (await world.states())[DUM_VALUE] == "LIQUIDATED"
    assert await told_of(world, "A01"), "the channel was news when it was applied"
    assert await anomalies(world) == []


async def test_rule_2_after_two_seconds_it_waits_no_longer(world: World) -> None:
    now = world.clock.now()
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=now, seq=1)
    await world.post("BADR", "DUM_IMPORT.agency_hold", DUM, at=now + SECOND, seq=3)
    world.clock.advance(2 * SECOND - timedelta(microseconds=1))
    assert await world.work() == 0
    world.clock.advance(timedelta(microseconds=1))
    assert await world.work() == 1
    assert await inbox(world) == ["DONE", "DONE"]
    assert await anomalies(world) == [(AnomalyReason.ILLEGAL_TRANSITION, AnomalyState.OPEN)]


async def test_rule_3_a_late_message_is_shown_in_its_place_and_alerts_nobody(world: World) -> None:
    now = world.clock.now()
    for number, event in enumerate(("registered", "channel_orange", "conform", "liquidated")):
        await world.post("BADR", f"DUM_IMPORT.{event}", DUM, at=now + number * MINUTE)
    before = await alerts(world)
    at = now + 3 * MINUTE - SECOND
    await world.post("BADR", "DUM_IMPORT.agency_hold", DUM, at=at - 2 * SECOND)
    await world.post("BADR", "DUM_IMPORT.hold_lifted", DUM, at=at)
    assert (await kinds(world))[3:5] == [
        ("agency_hold", EntryKind.LATE),
        ("hold_lifted", EntryKind.LATE),
    ]
    fresh = [told for told in (await alerts(world))[len(before) :] if told[0] == "A07"]
    assert fresh == [], "finance heard of the assessment once"


async def test_rule_4_the_skipped_step_of_one_way_is_inferred_and_vanishes_for_the_real_one(
    world: World,
) -> None:
    await released(world)
    known = len(world.wakeups.positions)
    at = world.clock.advance(10 * MINUTE)
    await world.post("BADR", "DUM_IMPORT.exited", DUM, at=at)
    assert (await kinds(world))[-2:] == [
        ("exit_authorised", EntryKind.INFERRED),
        ("exited", EntryKind.APPLIED),
    ]
    assert await told_of(world, "A34") == set()
    company = company_audience(IMPORTER.id)
    frames = [p.seq for p in world.wakeups.positions[known:] if p.audience == company]
    await world.post("BADR", "DUM_IMPORT.exit_authorised", DUM, at=at - MINUTE)
    assert (await kinds(world))[-2:] == [
        ("exit_authorised", EntryKind.LATE),
        ("exited", EntryKind.APPLIED),
    ]
    assert await told_of(world, "A34") == set()
    after = [Position(audience=company, seq=frames[-1])]
    assert [
        row.kind for row in (await world.feed.after(after, 10, world.clock.now()))[company].rows
    ] == [
        "ENTRY_REMOVED",
        "DOSSIER_CHANGED",
    ]


async def test_rule_5_exactly_those_who_had_been_told_hear_of_the_retraction(world: World) -> None:
    await released(world)
    told = await told_of(world, "A10")
    everybody = {user.id for firm in (IMPORTER, BROKER) for user in firm.people}
    assert told < everybody
    await retract(world)
    assert await world.states() == {DUM_VALUE: "PAID"}
    assert (await kinds(world))[-2][1] is EntryKind.RETRACTED
    assert await told_of(world, "A27") == told
    assert {s for kind, _, s in await alerts(world) if kind == "A10"} == {AlertState.SUPERSEDED}
    pairs = await world.select(
        "SELECT n.user_id, o.user_id, n.collapse_key, o.collapse_key FROM alert n"
        " JOIN alert o ON o.id = n.replaces WHERE n.kind = 'A27'"
    )
    assert len(pairs) == len(told)
    assert all((row[0], row[2]) == (row[1], row[3]) for row in pairs)


async def test_rule_5_a_retraction_that_changes_no_state_alerts_nobody(world: World) -> None:
    await released(world)
    at = world.clock.advance(MINUTE)
    await world.post("BADR", "DUM_IMPORT.exit_authorised", DUM, at=at)
    before = await alerts(world)
    await retract(world, what="B-1")
    await world.post("BADR", "DUM_IMPORT.liquidated", DUM, at=at, retracts="unheard of")
    assert len(await alerts(world)) >= len(before)
    assert (await world.states())[DUM_VALUE] == "REGISTERED"


async def test_rule_5_what_withdraws_a_release_tells_those_who_had_heard_of_it(
    world: World,
) -> None:
    await released(world)
    told = await told_of(world, "A10")
    at = world.clock.advance(MINUTE)
    await world.post("BADR", "DUM_IMPORT.release_withdrawn", DUM, at=at)
    assert await world.states() == {DUM_VALUE: "PAID"}
    assert await told_of(world, "A27") == told


async def test_rule_5_a_correction_takes_the_place_of_what_it_corrects(world: World) -> None:
    now = world.clock.now()
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=now)
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM, at=now, event_id="green")
    told = await told_of(world, "A01")
    world.clock.advance(MINUTE)
    await world.post("BADR", "DUM_IMPORT.channel_red", DUM, at=now, corrects="green")
    assert await world.states() == {DUM_VALUE: "VISIT_TO_SET"}
    assert dict(await kinds(world))["channel_green"] is EntryKind.CORRECTED
    assert await told_of(world, "A27") == told
    assert await told_of(world, "A03")


async def test_rule_5_a_retraction_that_comes_first_waits_for_its_message(world: World) -> None:
    now = world.clock.now()
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=now)
    await retract(world, what="green")
    assert await anomalies(world) == [(AnomalyReason.UNMATCHED, AnomalyState.PARKED)]
    waits = await world.column("SELECT ref_key FROM inbox_wait")
    assert event_key("BADR", "green") in waits
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM, at=now, event_id="green")
    assert await world.states() == {DUM_VALUE: "REGISTERED"}
    assert await anomalies(world) == [(AnomalyReason.UNMATCHED, AnomalyState.RETRIED)]
    assert await told_of(world, "A27") == await told_of(world, "A01")


async def test_rule_5_one_that_waits_is_looked_at_again_every_minute(world: World) -> None:
    await released(world)
    await retract(world, what="lost")
    assert await world.inbox.wake_overdue(world.clock.advance(MINUTE)) == 1
    await world.work()
    assert await anomalies(world) == [(AnomalyReason.UNMATCHED, AnomalyState.PARKED)]
    world.clock.advance(timedelta(hours=72))
    await world.inbox.wake_overdue(world.clock.now())
    await world.work()
    assert await anomalies(world) == [(AnomalyReason.UNMATCHED, AnomalyState.OPEN)]


async def test_rule_5_the_file_is_found_by_the_message_whatever_references_come_with_it(
    world: World,
) -> None:
    await released(world)
    await retract(world, "BL:MEDU7654321")
    assert await world.states() == {DUM_VALUE: "PAID"}


async def test_rule_5_another_companys_message_cannot_be_taken_back(world: World) -> None:
    await released(world)
    before = (await world.procedures(), await alerts(world), await kinds(world))
    await retract(world, operator=STRANGER.ice)
    assert await anomalies(world) == [(AnomalyReason.OTHER_COMPANY, AnomalyState.OPEN)]
    assert before == (await world.procedures(), await alerts(world), await kinds(world))


async def test_rule_5_another_files_message_cannot_be_taken_back(world: World) -> None:
    await released(world)
    await world.post("BADR", "DUM_IMPORT.registered", OTHER)
    before = (await world.procedures(), await alerts(world))
    await retract(world, OTHER)
    assert await anomalies(world) == [(AnomalyReason.OTHER_FILE, AnomalyState.OPEN)]
    assert before == (await world.procedures(), await alerts(world))


async def test_rule_5_another_source_cannot_take_it_back(world: World) -> None:
    await released(world)
    await world.post("ONSSA", "DUM_IMPORT.released", DUM, retracts="B-4")
    await world.post("ONSSA", "ONSSA_IMPORT.admit", DUM, retracts="B-4")
    assert await world.states() == {DUM_VALUE: "RELEASED"}
    assert [reason for reason, _ in await anomalies(world)] == [
        AnomalyReason.NOT_THAT_SOURCE,
        AnomalyReason.UNMATCHED,
    ]


@pytest.mark.parametrize("seed", range(volume(3, 30)))
async def test_rule_7_what_comes_before_its_file_is_applied_when_it_opens(
    world: World, seed: int
) -> None:
    opening, *rest = story("G0")
    Random(seed).shuffle(rest)
    for said in rest:
        await world.say(said)
    assert set(await inbox(world)) == {"PARKED"}
    assert await world.states() == {}
    await world.say(opening)
    assert await world.states() == {DUM_VALUE: "EXITED"}
    assert {state for _, state in await anomalies(world)} == {AnomalyState.RETRIED}


async def test_rule_8_one_operations_procedures_share_a_dossier_in_any_order(world: World) -> None:
    file = reference("ONSSA_FILE", 1)
    await world.post("ONSSA", "ONSSA_IMPORT.registered", file, DUM)
    await world.post("BADR", "DUM_IMPORT.registered", DUM, BOX)
    assert await world.column("SELECT count(*) FROM dossier") == [1]


async def test_rule_9_an_estimate_moves_the_expected_time_and_nothing_else(world: World) -> None:
    now = world.clock.now()
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=now)
    await world.post("BADR", "DUM_IMPORT.channel_red", DUM, at=now)
    (before,) = await world.procedures()
    visit = now + timedelta(days=2)
    await world.post("BADR", "DUM_IMPORT.visit_set", DUM, at=visit, classifier="PLN")
    (after,) = await world.procedures()
    assert (after.state, after.entered_at) == (before.state, before.entered_at)
    assert after.expected_at == visit
    (dossier,) = await world.dossiers()
    assert dossier.what_now.expected_at == visit
    await world.post("BADR", "DUM_IMPORT.visit_set", DUM, at=world.clock.advance(MINUTE))
    assert [p.expected_at for p in await world.procedures()] == [None]
    assert await anomalies(world) == []


async def a_ships_cargo(world: World, boxes: int) -> list[str]:
    """As many DUMs, each with its own container; the containers."""
    found = [reference("CONTAINER", number) for number in range(1, boxes + 1)]
    said = [
        line("BADR", "DUM_IMPORT.registered", reference("DUM", number), box)
        for number, box in enumerate(found, start=1)
    ]
    await asyncio.gather(*(world.receive(each) for each in said))
    await world.work()
    assert len(await world.states()) == boxes
    return found


async def test_rule_10_one_message_for_a_ships_cargo_comes_part_by_part(world: World) -> None:
    boxes = await a_ships_cargo(world, CARGO)
    dossiers = await world.column("SELECT id FROM dossier")
    heads = await world.feed.heads([company_audience(IMPORTER.id)])
    links = await world.column("SELECT count(*) FROM reference")
    await world.receive(line("BADR", "DUM_IMPORT.channel_green", *boxes))
    (raw,) = await world.inbox.waiting(1)
    await world.take_in(raw)
    assert await world.column("SELECT count(*) FROM entry WHERE receipt = $1", raw.receipt) == [
        TOGETHER
    ]
    assert len(await world.inbox.waiting(1)) == 1, "the rest has its turn after the others"
    turns = await world.work()
    assert turns == -(-CARGO // TOGETHER) - 1
    assert Counter((await world.states()).values()) == {"CONFORM": CARGO}
    assert await inbox_done(world)
    entries = await world.entries()
    refs = [len(e.message.refs) for e in entries if e.message.receipt == raw.receipt]
    assert set(refs) == {1}, "each keeps what it is known by"
    company = company_audience(IMPORTER.id)
    frames = (await world.feed.after(heads, CARGO + 10, world.clock.now()))[company].rows
    assert Counter(frame.subject for frame in frames) == dict.fromkeys(dossiers, 1)
    assert await world.column("SELECT count(*) FROM reference") == links, "nothing is tied anew"


async def test_rule_10_another_process_goes_on_where_one_died(
    world: World, migrated_url: str
) -> None:
    boxes = await a_ships_cargo(world, 3 * TOGETHER)
    await world.receive(line("BADR", "DUM_IMPORT.channel_green", *boxes, event_id="cargo"))
    (raw,) = await world.inbox.waiting(1)
    await world.take_in(raw)
    async with open_world(migrated_url, lane=1, populate=False) as other:
        async with asyncio.TaskGroup() as tasks:
            for worker in (world, other):
                tasks.create_task(worker.work())
        await other.work()
        assert Counter((await other.states()).values()) == {"CONFORM": 3 * TOGETHER}
        entries = await other.select("SELECT procedure FROM entry WHERE receipt = $1", raw.receipt)
        assert len({row[0] for row in entries}) == len(entries) == 3 * TOGETHER


async def test_rule_10_what_touched_many_is_taken_back_from_all_of_them(world: World) -> None:
    boxes = await a_ships_cargo(world, 2 * TOGETHER + 1)
    await world.post("BADR", "DUM_IMPORT.channel_green", *boxes, event_id="cargo")
    told = await told_of(world, "A01")
    await world.post("BADR", "DUM_IMPORT.channel_green", boxes[0], retracts="cargo")
    assert Counter((await world.states()).values()) == {"REGISTERED": len(boxes)}
    assert await told_of(world, "A27") == told
    a27 = [user for kind, user, _ in await alerts(world) if kind == "A27"]
    assert set(Counter(a27).values()) == {len(boxes)}


async def test_rule_10_a_cargo_that_nobody_declared_is_parked_once(world: World) -> None:
    boxes = await a_ships_cargo(world, 2 * TOGETHER)
    await world.post("ONSSA", "ONSSA_IMPORT.hold", *boxes)
    assert await anomalies(world) == [(AnomalyReason.UNMATCHED, AnomalyState.PARKED)]
    file = reference("ONSSA_FILE", 1)
    at = world.clock.now() - MINUTE
    await world.post("ONSSA", "ONSSA_IMPORT.registered", file, *boxes, at=at)
    onssa = [p for p in await world.procedures() if p.code == "ONSSA_IMPORT"]
    first = min(await world.dossiers(), key=lambda d: (d.opened_at, d.id))
    assert [p.dossier for p in onssa] == [first.id], "it joins the oldest dossier, like any other"


async def test_rule_10_one_hold_names_many_declarations(world: World) -> None:
    for dum in (DUM, OTHER):
        await world.post("BADR", "DUM_IMPORT.registered", dum)
        await world.post("BADR", "DUM_IMPORT.channel_green", dum)
    await world.post("BADR", "DUM_IMPORT.agency_hold", DUM, OTHER)
    assert set((await world.states()).values()) == {"AGENCY_HOLD"}
    assert await world.column("SELECT count(*) FROM dossier") == [2]


async def inbox_done(world: World) -> bool:
    return set(await inbox(world)) == {"DONE"}
