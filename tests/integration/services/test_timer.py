"""What the clock alone brings: late states, countdowns, timeouts, mandates that begin and end; each once, each true."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.domain.business_hours import CASABLANCA
from portnet.domain.events import FrameKind, company_audience
from portnet.domain.procedure import EntryKind
from portnet.domain.timers import SETTLING, Timer, TimerKind
from portnet.ports.reading import PageSize
from portnet.ports.unit_of_work import Position
from tests.support.acting.mandates import Giver
from tests.support.clock import SteppedClock
from tests.support.scenarios import (
    BROKER,
    IMPORTER,
    STRANGER,
    catalogue,
    lapsing_catalogue,
    reference,
)
from tests.support.world import World, open_world

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DUM = reference("DUM", 1)
FILE = reference("ONSSA_FILE", 1)


@pytest.fixture
async def lapsing(migrated_url: str) -> AsyncIterator[World]:
    async with open_world(migrated_url, known=lapsing_catalogue()) as world:
        yield world


async def set_timers(world: World) -> Counter[TimerKind]:
    return Counter(map(TimerKind, await world.column("SELECT kind FROM timer")))


async def notes(world: World) -> list[str]:
    return [e.message.event for e in await world.entries() if e.kind is EntryKind.INTERNAL]


async def told(world: World, kind: str) -> Counter[str]:
    return Counter(await world.column("SELECT user_id FROM alert WHERE kind = $1", kind))


async def frames(world: World, company: str, kind: FrameKind) -> int:
    audience = company_audience(company)
    start = Position(audience=audience, seq=0)
    page = (await world.feed.after([start], 1_000, world.clock.now()))[audience]
    return sum(row.kind is kind for row in page.rows)


async def ask(world: World, answer_in: timedelta) -> None:
    """ONSSA asks for a paper, to be sent before a deadline."""
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
    due_at = world.clock.now() + answer_in
    await world.post("ONSSA", "ONSSA_IMPORT.info_requested", FILE, due_at=due_at)


async def test_a_state_that_lasts_too_long_is_said_once_to_phones_and_people(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
    await world.post("ONSSA", "ONSSA_IMPORT.info_requested", FILE)
    (before,) = await world.dossiers()
    assert await world.ring_on(48 * HOUR - MINUTE) == 0
    assert await world.ring_on(MINUTE) == 1
    assert await notes(world) == ["alarm_passed"]
    (after,) = await world.dossiers()
    assert after.version == before.version + 1
    assert await frames(world, IMPORTER.id, FrameKind.DOSSIER_CHANGED) == 3
    assert await frames(world, BROKER.id, FrameKind.DOSSIER_CHANGED) == 3
    assert await told(world, "A23") == {"importer-declarant": 1, "importer-manager": 1}
    assert (await world.procedures())[0].state == "INFO_REQUESTED"
    assert await world.ring_on(100 * HOUR) == 0
    assert await world.column("SELECT count(*) FROM timer") == [0]


async def test_a_state_that_was_left_in_time_is_never_late(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    assert await set_timers(world) == {TimerKind.ALARM: 1}
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    await world.post("BADR", "DUM_IMPORT.liquidated", DUM)
    assert await set_timers(world) == {TimerKind.ALARM: 1}
    await world.post("BADR", "DUM_IMPORT.paid", DUM)
    await world.post("BADR", "DUM_IMPORT.released", DUM)
    await world.post("BADR", "DUM_IMPORT.exit_authorised", DUM)
    await world.post("BADR", "DUM_IMPORT.exited", DUM)
    assert await set_timers(world) == {}
    assert await world.ring_on(1_000 * HOUR) == 0
    assert await notes(world) == []


async def test_what_a_backlog_leaves_at_once_was_never_late(world: World) -> None:
    """After an outage an agency's messages come step by step, all of them old."""
    long_ago = world.clock.now() - 100 * HOUR
    await world.post("BADR", "DUM_IMPORT.registered", DUM, at=long_ago)
    assert await world.ring_on(SETTLING - MINUTE) == 0
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM, at=long_ago + HOUR)
    assert await world.ring_on(SETTLING - MINUTE) == 0
    assert await world.ring_on(MINUTE) == 1
    (late,) = [e for e in await world.entries() if e.kind is EntryKind.INTERNAL]
    assert late.message.occurred_at < world.clock.now() - HOUR, "it was late when its time came"


async def test_the_alarm_follows_the_offices_hours_out_of_ramadan(migrated_url: str) -> None:
    """Opened on the last Friday of Ramadan 2026; Morocco puts its clocks forward on the Sunday in between."""
    friday = datetime(2026, 3, 20, 15, 30, tzinfo=CASABLANCA)
    async with open_world(migrated_url, clock=SteppedClock(friday)) as world:
        await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
        due = await world.timers.next_due()
        # One hour on Friday, eight on Monday and seven on Tuesday make sixteen.
        assert due == datetime(2026, 3, 24, 15, 30, tzinfo=CASABLANCA)
        assert due is not None
        assert due - friday == timedelta(days=4) - HOUR
        world.clock.set(due - MINUTE)
        assert await world.ring() == 0
        assert await world.ring_on(MINUTE) == 1


async def test_a_request_is_counted_down_and_then_overdue(world: World) -> None:
    await ask(world, 30 * HOUR)
    first = await told(world, "A05")
    rung: list[tuple[int, int]] = []
    for hour in range(1, 32):
        if await world.ring_on(HOUR):
            rung.append((hour, (await told(world, "A05"))["broker-declarant"]))
    assert first == {"importer-declarant": 1, "broker-declarant": 1}
    assert rung == [(6, 2), (18, 3), (26, 4), (29, 5), (30, 5)]
    assert await notes(world) == ["deadline_near"] * 4 + ["deadline_passed"]
    assert await told(world, "A19") == {"importer-declarant": 1, "importer-manager": 1}
    (facts,) = {
        (alert["facts"])
        for alert in await world.select("SELECT facts FROM alert WHERE kind = 'A19'")
    }
    assert '"agency":"ONSSA"' in facts


async def test_a_short_deadline_has_no_reminders_that_would_come_before_the_request(
    world: World,
) -> None:
    await ask(world, 3 * HOUR)
    assert await set_timers(world) == {
        TimerKind.ALARM: 1,
        TimerKind.REMINDER: 1,
        TimerKind.DEADLINE: 1,
    }


async def test_a_new_deadline_is_counted_down_anew(lapsing: World) -> None:
    await lapsing.post("BADR", "DUM_IMPORT.registered", DUM)
    for hours in (5, 6):
        due_at = lapsing.clock.now() + hours * HOUR
        await lapsing.post("BADR", "DUM_IMPORT.asked", DUM, due_at=due_at)
        assert await lapsing.ring_on(HOUR) == (hours == 5)
    assert [await lapsing.ring_on(HOUR) for _ in range(5)] == [1, 0, 0, 1, 1]


async def test_of_the_reminders_that_nobody_sent_in_time_only_the_last_is_sent(
    world: World,
) -> None:
    await ask(world, 40 * HOUR)
    assert await world.ring_on(37 * HOUR) == 1
    assert await notes(world) == ["deadline_near"]
    assert (await told(world, "A05"))["broker-declarant"] == 2
    assert (await set_timers(world))[TimerKind.REMINDER] == 1


async def test_when_the_deadline_has_passed_nothing_is_counted_down(world: World) -> None:
    await ask(world, 40 * HOUR)
    await world.ring_on(41 * HOUR)
    assert await notes(world) == ["deadline_passed"]
    assert await set_timers(world) == {TimerKind.ALARM: 1}


async def test_our_clock_moves_a_file_along_the_same_path_as_an_agency(lapsing: World) -> None:
    await lapsing.post("BADR", "DUM_IMPORT.registered", DUM)
    entered = lapsing.clock.now()
    assert await lapsing.ring_on(4 * HOUR) == 1
    assert await lapsing.ring_on(100 * HOUR) == 1
    (procedure,) = await lapsing.procedures()
    assert (procedure.state, procedure.entered_at) == ("LAPSED", entered + 72 * HOUR)
    lapse = (await lapsing.entries())[-1]
    assert (lapse.kind, lapse.message.source, lapse.to_state) == (
        EntryKind.APPLIED,
        "CLOCK",
        "LAPSED",
    )
    assert await told(lapsing, "A30") == {"importer-declarant": 1}
    actors = await lapsing.column("SELECT actor FROM audit ORDER BY seq")
    assert actors == ["agency:BADR", "clock", "clock"]
    assert await set_timers(lapsing) == {}


async def test_a_message_that_was_only_late_undoes_what_the_clock_did(lapsing: World) -> None:
    await lapsing.post("BADR", "DUM_IMPORT.registered", DUM)
    before = lapsing.clock.now() + 71 * HOUR
    await lapsing.ring_on(73 * HOUR)
    await lapsing.post("BADR", "DUM_IMPORT.exited", DUM, at=before)
    assert set((await lapsing.states()).values()) == {"ENDED"}
    assert [e.kind for e in await lapsing.entries() if e.message.event == "lapse"] == [
        EntryKind.NOT_APPLIED
    ]
    assert await lapsing.column("SELECT count(*) FROM anomaly") == [0]


async def test_a_state_that_is_entered_again_has_its_time_again(lapsing: World) -> None:
    await lapsing.post("BADR", "DUM_IMPORT.registered", DUM)
    assert await lapsing.ring_on(72 * HOUR) == 1, "left by its timeout, it is not late any more"
    await lapsing.post("BADR", "DUM_IMPORT.registered", DUM)
    assert await lapsing.ring_on(4 * HOUR) == 1
    assert await notes(lapsing) == ["alarm_passed"]
    assert await lapsing.ring_on(68 * HOUR) == 1
    assert set((await lapsing.states()).values()) == {"LAPSED"}


class PowerCut(Exception):
    """Between what was decided and the commit."""


async def test_a_crash_before_the_commit_leaves_the_timer_set(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
    world.clock.advance(200 * HOUR)
    (timer,) = await world.timers.due(world.clock.now(), 10)

    def fail(_: object) -> list[Timer]:
        raise PowerCut

    with pytest.raises(PowerCut):
        async with world.units() as work:
            await work.ring(timer, world.clock.now(), fail)
    assert await notes(world) == []
    assert await world.ring() == 1
    assert await notes(world) == ["alarm_passed"]


async def test_several_workers_fire_each_timer_once(world: World, migrated_url: str) -> None:
    files = [reference("ONSSA_FILE", run) for run in range(1, 13)]
    for file in files:
        await world.post("ONSSA", "ONSSA_IMPORT.registered", file)
        due_at = world.clock.now() + 2 * HOUR
        await world.post("ONSSA", "ONSSA_IMPORT.info_requested", file, due_at=due_at)
    now = world.clock.advance(100 * HOUR)
    async with (
        open_world(migrated_url, lane=1, populate=False, clock=SteppedClock(now)) as other,
        asyncio.TaskGroup() as tasks,
    ):
        for worker in (world, other) * 3:
            tasks.create_task(worker.ring())
    noted = Counter((e.procedure, e.message.event) for e in await world.entries())
    assert {n for (_, event), n in noted.items() if event == "alarm_passed"} == {1}
    assert sum(n for (_, event), n in noted.items() if event == "deadline_passed") == len(files)
    assert await set_timers(world) == {}
    chains = await world.select("SELECT chain, user_id FROM alert")
    assert set(Counter((row[0], row[1]) for row in chains).values()) == {1}


async def test_timers_fire_beside_messages_about_the_same_files(
    world: World, migrated_url: str
) -> None:
    """Neither waits for the other crosswise, and no answer is overtaken by a reminder of what it answered."""
    files = [reference("ONSSA_FILE", run) for run in range(1, 13)]
    for file in files:
        await world.post("ONSSA", "ONSSA_IMPORT.registered", file)
    now = world.clock.advance(200 * HOUR)
    async with (
        open_world(migrated_url, lane=1, populate=False, clock=SteppedClock(now)) as other,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(other.ring())
        for file in files:
            tasks.create_task(world.post("ONSSA", "ONSSA_IMPORT.doc_ok", file))
    await world.work()
    await world.ring()
    assert set((await world.states()).values()) == {"IDENTITY_CHECK"}
    late = Counter(e.procedure for e in await world.entries() if e.kind is EntryKind.INTERNAL)
    assert set(late.values()) <= {1}
    assert await set_timers(world) == {TimerKind.ALARM: len(files)}


async def test_what_is_due_of_a_subject_can_be_put_off(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
    world.clock.advance(200 * HOUR)
    (timer,) = await world.timers.due(world.clock.now(), 10)
    await world.timers.put_off(timer, world.clock.now() + HOUR)
    assert await world.ring() == 0
    assert await world.ring_on(HOUR) == 1


async def test_a_mandate_that_begins_and_ends_by_its_dates_is_heard_by_both(
    world: World,
) -> None:
    await world.tell("G0", steps=2)
    mandates = Giver(world, world.viewer(IMPORTER, Role.MANAGER))
    known = msgspec.structs.replace((await world.accounts.mandates(IMPORTER.id))[0])
    await mandates.revoke(known.id)
    now = world.clock.now()
    await mandates.grant(BROKER.id, now + 24 * HOUR, now + timedelta(days=40))
    heard = [await frames(world, c.id, FrameKind.ACCESS_CHANGED) for c in (IMPORTER, BROKER)]
    assert heard == [2, 2]
    await world.ring_on(24 * HOUR)
    heard = [await frames(world, c.id, FrameKind.ACCESS_CHANGED) for c in (IMPORTER, BROKER)]
    assert heard == [3, 3]
    await world.ring_on(timedelta(days=40))
    heard = [await frames(world, c.id, FrameKind.ACCESS_CHANGED) for c in (IMPORTER, BROKER)]
    assert heard == [4, 4]
    actions = await world.column("SELECT action FROM audit WHERE actor = 'clock' ORDER BY seq")
    assert [a for a in actions if a.startswith("mandate")] == ["mandate.started", "mandate.ended"]
    assert not {k for k in await set_timers(world) if k.startswith("MANDATE")}


async def test_that_a_mandate_ends_is_said_to_administrators_and_brokers_ahead(
    world: World,
) -> None:
    mandates = Giver(world, world.viewer(STRANGER, Role.ADMINISTRATOR))
    now = world.clock.now()
    mandate = await mandates.grant(BROKER.id, now, now + timedelta(days=20))
    assert mandate.ends_at is not None
    days: list[int] = []
    for day in range(1, 21):
        await world.ring_on(24 * HOUR)
        if (await told(world, "A38"))["stranger-administrator"] > len(days):
            days.append(day)
    assert days == [13, 19]
    assert await told(world, "A38") == {"stranger-administrator": 2, "broker-declarant": 2}
    viewer = world.viewer(STRANGER, Role.ADMINISTRATOR)
    page = await world.alerts.alerts(viewer, world.clock.now(), False, PageSize(10))
    assert {a.dossier for a in page.items} == {None}
    assert {a.facts.at for a in page.items} == {mandate.ends_at}
    assert len({a.chain for a in page.items}) == len(page.items) == 2
    assert await frames(world, STRANGER.id, FrameKind.ACCESS_CHANGED) == 2


async def test_a_mandate_that_was_revoked_does_not_end_again(world: World) -> None:
    mandates = Giver(world, world.viewer(IMPORTER, Role.MANAGER))
    now = world.clock.now()
    granted = await mandates.grant(BROKER.id, now, now + 24 * HOUR)
    assert await set_timers(world) == {TimerKind.MANDATE_ENDS: 1}
    await mandates.revoke(granted.id)
    assert await set_timers(world) == {}


def test_every_published_state_may_be_late_by_more_than_what_settles() -> None:
    """Else an alarm would wait longer than its own delay."""
    alarms = [
        state.alarm.length
        for definition in catalogue().definitions.values()
        for state in definition.states.values()
        if state.alarm is not None
    ]
    assert min(alarms) > SETTLING
