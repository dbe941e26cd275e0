"""One message in, one transaction: file, timeline, feed, alerts and audit together, or an anomaly that says why not."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from portnet.domain.desk.anomaly import PARKED_FOR, Anomaly, AnomalyReason, AnomalyState
from portnet.domain.events import FeedRow, FrameKind, company_audience, user_audience
from portnet.domain.inbox import BodyChanged, Receipted
from portnet.domain.procedure import EntryKind, Refusal
from portnet.ports.reading import PageSize
from portnet.ports.unit_of_work import Position
from portnet.storage import rows
from tests.support.scenarios import (
    BROKER,
    IMPORTER,
    STRANGER,
    UNKNOWN_ICE,
    line,
    reference,
)
from tests.support.world import World, open_world

MINUTE = timedelta(minutes=1)
DUM = reference("DUM", 1)
BOX = reference("CONTAINER", 1)
FILE = reference("ONSSA_FILE", 1)
DUM_VALUE = DUM.split(":")[1]


async def anomalies(world: World) -> list[Anomaly]:
    found = await world.anomalies.anomalies(list(AnomalyState), PageSize(first=100))
    return list(found.items)[::-1]


async def reasons(world: World) -> list[tuple[AnomalyReason, AnomalyState]]:
    return [(a.reason, a.state) for a in await anomalies(world)]


async def inbox_states(world: World) -> list[str]:
    return await world.column("SELECT state FROM agency_inbox ORDER BY receipt")


async def nothing_changed(world: World) -> bool:
    tables = ("dossier", "procedure", "entry", "reference", "event", "feed", "alert", "audit")
    counts = [(await world.column(f"SELECT count(*) FROM {table}"))[0] for table in tables]
    return counts == [0] * len(tables)


async def test_a_dum_that_nobody_declared_to_us_appears(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM, BOX)
    assert await world.states() == {DUM_VALUE: "REGISTERED"}
    (dossier,) = await world.dossiers()
    assert (dossier.company, dossier.broker) == (IMPORTER.id, BROKER.id)
    assert (dossier.reference, dossier.version) == ("309-0000001G", 1)
    assert dossier.what_now.state == "REGISTERED"


async def test_a_whole_story_is_told_in_order_and_once(world: World) -> None:
    lines = await world.tell("S0")
    entries = await world.entries()
    assert [e.message.type for e in entries] == [said.type for said in lines]
    assert {e.kind for e in entries} == {EntryKind.APPLIED}
    assert await world.states() == {DUM_VALUE: "EXITED", FILE.split(":")[1]: "ADMITTED"}
    assert await world.column("SELECT status FROM dossier") == ["DONE"]
    assert await anomalies(world) == []
    assert set(await inbox_states(world)) == {"DONE"}


async def frames_to(world: World, audience: str) -> Sequence[FeedRow]:
    start = Position(audience=audience, seq=0)
    return (await world.feed.after([start], 100, world.clock.now()))[audience].rows


async def test_each_message_is_one_frame_for_the_owner_and_one_for_the_mandated_broker(
    world: World,
) -> None:
    lines = await world.tell("G0")
    for firm in (IMPORTER, BROKER):
        audience = company_audience(firm.id)
        frames = await frames_to(world, audience)
        assert [frame.seq for frame in frames] == list(range(1, len(lines) + 1))
        assert {frame.kind for frame in frames} == {FrameKind.DOSSIER_CHANGED}
        named = [frame.entry for frame in frames]
        assert named == [entry.id for entry in await world.entries()]
    assert await world.feed.heads([company_audience(STRANGER.id)]) == [
        Position(audience=company_audience(STRANGER.id), seq=0)
    ]


async def test_each_alert_is_one_frame_for_its_recipient(world: World) -> None:
    await world.tell("S0")
    for firm in (IMPORTER, BROKER):
        for user in firm.people:
            audience = user_audience(user.id)
            frames = await frames_to(world, audience)
            own = await world.column("SELECT id FROM alert WHERE user_id = $1 ORDER BY id", user.id)
            assert [frame.subject for frame in frames] == own


async def test_the_hold_reaches_those_it_concerns_at_the_highest_level(world: World) -> None:
    await world.tell("S0")
    told = await world.select(
        "SELECT user_id, level FROM alert WHERE kind = 'A14' ORDER BY user_id"
    )
    assert [(row["user_id"], row["level"]) for row in told] == [
        ("broker-declarant", 4),
        ("importer-declarant", 4),
        ("importer-logistics", 4),
    ]
    sms = await world.column(
        "SELECT v.channel FROM delivery v JOIN alert a ON a.id = v.alert WHERE a.kind = 'A14'"
    )
    assert sms == ["SMS"] * 3


async def test_no_file_wakes_nobody(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    assert world.wakeups.positions == []


async def test_a_message_of_a_known_file_wakes_its_feeds_after_the_commit(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    assert world.wakeups.positions == [
        Position(audience=company_audience(BROKER.id), seq=1),
        Position(audience=company_audience(IMPORTER.id), seq=1),
    ]


async def test_the_same_message_again_has_the_same_receipt_and_changes_nothing(
    world: World,
) -> None:
    said = line("BADR", "DUM_IMPORT.registered", DUM)
    first = await world.say(said)
    again = await world.say(said)
    assert again == Receipted(receipt=first.receipt, repeat=True)
    assert len(await world.entries()) == 1


async def test_a_message_that_was_taken_in_is_not_taken_in_again(world: World) -> None:
    await world.receive(line("BADR", "DUM_IMPORT.registered", DUM))
    raw = (await world.inbox.waiting(1))[0]
    for _ in range(2):
        await world.take_in(raw)
    assert len(await world.entries()) == 1


async def test_another_body_under_the_same_id_is_kept_and_changes_nothing(world: World) -> None:
    first = await world.say(line("BADR", "DUM_IMPORT.registered", DUM, event_id="e1"))
    other = line("BADR", "DUM_IMPORT.rejected", DUM, event_id="e1")
    for _ in range(2):
        assert await world.say(other) == BodyChanged(receipt=first.receipt)
    assert await world.states() == {DUM_VALUE: "REGISTERED"}
    assert await reasons(world) == [(AnomalyReason.BODY_CHANGED, AnomalyState.OPEN)]
    assert other.body in [bytes(b) for b in await world.column("SELECT body FROM agency_inbox")]
    assert await inbox_states(world) == ["DONE", "SET_ASIDE"]


async def test_a_message_without_a_file_waits_and_is_applied_when_its_file_opens(
    world: World,
) -> None:
    receipt = await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    assert await inbox_states(world) == ["PARKED"]
    assert await world.states() == {}
    parked = (await anomalies(world))[0]
    assert (parked.reason, parked.state) == (AnomalyReason.UNMATCHED, AnomalyState.PARKED)
    assert parked.parked_until == world.clock.now() + PARKED_FOR
    assert parked.detail == f"DUM {DUM_VALUE}"

    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=world.clock.now() - MINUTE)
    assert await world.states() == {DUM_VALUE: "CONFORM"}
    settled = (await anomalies(world))[0]
    assert (settled.id, settled.receipt, settled.state) == (
        parked.id,
        receipt,
        AnomalyState.RETRIED,
    )
    assert await world.column("SELECT count(*) FROM inbox_wait") == [0]


async def test_a_parked_message_waits_for_its_own_reference_not_for_any(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.doc_ok", FILE, DUM)
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    assert await inbox_states(world) == ["PARKED", "DONE"]
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE, DUM, at=world.clock.now() - MINUTE)
    assert (await world.states())[FILE.split(":")[1]] == "IDENTITY_CHECK"
    assert await world.column("SELECT count(*) FROM dossier") == [1]


async def test_after_three_days_a_parked_message_is_the_help_desks(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    almost = world.clock.advance(PARKED_FOR - timedelta(microseconds=1))
    assert await world.inbox.wake_overdue(almost) == 0
    assert await world.inbox.wake_overdue(world.clock.advance(timedelta(microseconds=1))) == 1
    await world.work()
    assert await reasons(world) == [(AnomalyReason.UNMATCHED, AnomalyState.OPEN)]
    assert await inbox_states(world) == ["SET_ASIDE"]
    assert await world.inbox.wake_overdue(world.clock.now()) == 0


async def test_a_company_unknown_to_us_is_parked_and_nothing_leaks(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM, operator=UNKNOWN_ICE)
    assert await reasons(world) == [(AnomalyReason.COMPANY_UNKNOWN, AnomalyState.PARKED)]
    assert await nothing_changed(world)


async def test_a_company_that_subscribes_meanwhile_has_its_file_opened_when_its_time_is_over(
    world: World,
) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM, operator=UNKNOWN_ICE)
    await world.write(msgspec.structs.replace(IMPORTER.company, id="new", ice=UNKNOWN_ICE))
    await world.inbox.wake_overdue(world.clock.advance(PARKED_FOR))
    await world.work()
    assert await world.column("SELECT company FROM dossier") == ["new"]
    assert await reasons(world) == [(AnomalyReason.COMPANY_UNKNOWN, AnomalyState.RETRIED)]


@pytest.mark.parametrize(
    ("source", "type", "fields", "reason"),
    [
        ("BANK", "DUM_IMPORT.released", {}, AnomalyReason.NOT_THAT_SOURCE),
        ("BADR", "TELEPORT.registered", {}, AnomalyReason.UNKNOWN_PROCEDURE),
        ("BADR", "DUM_IMPORT.teleported", {}, AnomalyReason.UNKNOWN_EVENT),
        ("BADR", "DUM_IMPORT.registered", {"ahead": True}, AnomalyReason.FROM_THE_FUTURE),
        ("BADR", "DUM_IMPORT.registered", {"sandbox": False}, AnomalyReason.SANDBOX_MISMATCH),
    ],
    ids=lambda value: value.value if isinstance(value, AnomalyReason) else "",
)
async def test_what_cannot_be_applied_is_set_aside_with_its_reason(
    world: World, source: str, type: str, fields: dict[str, bool], reason: AnomalyReason
) -> None:
    ahead = timedelta(hours=1) if fields.get("ahead") else timedelta()
    await world.post(
        source, type, DUM, at=world.clock.now() + ahead, sandbox=fields.get("sandbox", True)
    )
    assert await reasons(world) == [(reason, AnomalyState.OPEN)]
    assert await inbox_states(world) == ["SET_ASIDE"]
    assert await nothing_changed(world)


async def test_a_bank_that_releases_a_known_file_changes_nothing_of_it(world: World) -> None:
    await world.tell("G0", steps=4)
    before = await world.procedures()
    await world.post("BANK", "DUM_IMPORT.released", DUM)
    assert await world.procedures() == before
    assert await reasons(world) == [(AnomalyReason.NOT_THAT_SOURCE, AnomalyState.OPEN)]


async def test_another_companys_reference_changes_nothing(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM, operator=STRANGER.ice)
    assert await world.states() == {DUM_VALUE: "REGISTERED"}
    assert await reasons(world) == [(AnomalyReason.OTHER_COMPANY, AnomalyState.OPEN)]


async def test_an_illegal_step_stands_on_the_timeline_as_not_applied(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    await world.post("BADR", "DUM_IMPORT.released", DUM)
    assert await world.states() == {DUM_VALUE: "REGISTERED"}
    shown = (await world.entries())[-1]
    assert (shown.kind, shown.refusal) == (EntryKind.NOT_APPLIED, Refusal.ILLEGAL_TRANSITION)
    found = await anomalies(world)
    assert [(a.reason, a.state, a.dossier) for a in found] == [
        (AnomalyReason.ILLEGAL_TRANSITION, AnomalyState.OPEN, shown.dossier)
    ]
    assert await inbox_states(world) == ["DONE", "DONE"]


async def test_a_late_message_settles_the_anomaly_of_the_one_that_it_makes_legal(
    world: World,
) -> None:
    noon = world.clock.now()
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=noon - 3 * MINUTE)
    await world.post("BADR", "DUM_IMPORT.conform", DUM, at=noon)
    frames = len(world.wakeups.positions)
    await world.post("BADR", "DUM_IMPORT.channel_orange", DUM, at=noon - MINUTE)
    assert [(e.message.event, e.kind) for e in await world.entries()] == [
        ("registered", EntryKind.APPLIED),
        ("channel_orange", EntryKind.LATE),
        ("conform", EntryKind.APPLIED),
    ]
    assert await reasons(world) == [(AnomalyReason.ILLEGAL_TRANSITION, AnomalyState.RETRIED)]
    company = [p for p in world.wakeups.positions[frames:] if p.audience == "company:importer"]
    assert company[-1].seq == 4, "the late entry and the one that flipped are both frames"


async def test_a_late_message_that_undoes_a_step_raises_its_anomaly(world: World) -> None:
    noon = world.clock.now()
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=noon - 3 * MINUTE)
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM, at=noon)
    await world.post("BADR", "DUM_IMPORT.channel_orange", DUM, at=noon - MINUTE)
    assert await world.states() == {DUM_VALUE: "DOC_REVIEW"}
    assert await reasons(world) == [(AnomalyReason.ILLEGAL_TRANSITION, AnomalyState.OPEN)]


async def test_one_message_may_move_several_files_at_once(world: World) -> None:
    other = reference("DUM", 2)
    for dum in (DUM, other):
        await world.post("BADR", "DUM_IMPORT.registered", dum, BOX)
        await world.post("BADR", "DUM_IMPORT.channel_green", dum)
    await world.post("BADR", "DUM_IMPORT.agency_hold", BOX)
    assert set((await world.states()).values()) == {"AGENCY_HOLD"}


async def test_a_container_that_travels_again_begins_a_new_dossier(world: World) -> None:
    await world.tell("G0")
    await world.post("BADR", "DUM_IMPORT.registered", reference("DUM", 2), BOX)
    assert await world.column("SELECT count(*) FROM dossier") == [2]


async def test_without_a_mandate_the_named_broker_hears_nothing(migrated_url: str) -> None:
    async with open_world(migrated_url, populate=False) as world:
        await world.populate(mandate=None)
        await world.tell("S0")
        told = set(await world.column("SELECT DISTINCT audience FROM feed"))
        assert not {a for a in told if BROKER.id in a}


async def test_a_message_that_cannot_be_understood_is_given_up_once(world: World) -> None:
    """Two workers may read the same one at the same time."""
    await world.receive(line("BADR", "DUM_IMPORT.registered", DUM))
    raw = (await world.inbox.waiting(1))[0]
    for _ in range(2):
        await world.intake.give_up(raw, "no JSON")
    assert await reasons(world) == [(AnomalyReason.UNREADABLE, AnomalyState.OPEN)]
    assert await inbox_states(world) == ["SET_ASIDE"]
    assert await nothing_changed(world)


async def test_every_applied_message_is_in_the_owners_audit_trail(world: World) -> None:
    await world.tell("G0")
    trail = await world.select("SELECT * FROM audit WHERE company = $1 ORDER BY seq", IMPORTER.id)
    assert [row["action"] for row in trail] == [
        f"message.{entry.message.type}" for entry in await world.entries()
    ]
    assert {row["actor"] for row in trail} == {"agency:BADR"}
    assert [rows.instant(row["at"]) for row in trail] == [
        entry.message.received_at for entry in await world.entries()
    ]
