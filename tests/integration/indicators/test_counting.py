"""Each change is counted exactly once, whoever counts, whatever fails, in whichever order messages came."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

import pytest

from portnet.domain.alerts import Channel, DeliveryState
from portnet.domain.indicators.counting import Counted, TallyKey
from portnet.domain.indicators.definition import Grouping
from portnet.domain.indicators.histogram import RELATIVE_ERROR, Tally, rank
from portnet.domain.procedure import EntryKind
from portnet.ports.outbox import Settled
from portnet.services.indicators.counting import Counter
from portnet.storage.engines import Program, open_database
from portnet.storage.log.rebuild import recount
from portnet.storage.queues.outbox import StorageOutbox
from portnet.storage.queues.uncounted import StorageLedger
from portnet_notifications.channels.outcome import Accepted
from portnet_notifications.settling import attempted, settle
from tests.integration.indicators.live import (
    INDICATORS,
    count_all,
    counter,
    figures,
    forget_tallies,
    go_live,
    samples,
    tallies,
    tell_live,
)
from tests.support.scenarios import IMPORTER, STRANGER, reference, story
from tests.support.world import World, open_world

DAY = timedelta(days=1)


async def recounted(world: World) -> list[dict[str, object]]:
    """The tallies of a count from nothing."""
    await forget_tallies(world)
    await recount(world.database, world.clock, world.ids)
    await count_all(world)
    return await tallies(world)


async def exact_steps(world: World) -> list[int]:
    """How long each stay with an agency took, in milliseconds, straight from the timeline."""
    stays: list[int] = []
    for procedure in await world.procedures():
        definition = world.catalogue.definition(procedure.code, procedure.definition)
        state, since = definition.start, procedure.opened_at
        for entry in await world.entries():
            moved = entry.kind in {EntryKind.APPLIED, EntryKind.LATE}
            if entry.procedure != procedure.id or not moved or entry.to_state == state:
                continue
            known = since < entry.message.occurred_at or state != definition.start
            if known and definition.state(state).holder in world.catalogue.agencies:
                stays.append((entry.message.occurred_at - since) // timedelta(milliseconds=1))
            state, since = str(entry.to_state), entry.message.occurred_at
    return sorted(stays)


async def test_the_histogram_agrees_with_an_exact_count(world: World) -> None:
    await go_live(world)
    for run in range(1, 4):
        await tell_live(world, "S0", run)
        await tell_live(world, "G0", run + 10)
        world.clock.advance(timedelta(hours=7))
    await count_all(world)
    exact = await exact_steps(world)
    [figure] = await figures(world, None, "AGENCY_STEP")
    assert figure.sample == len(exact)
    assert figure.mean == pytest.approx(sum(exact) / len(exact) / 1_000, rel=1e-12)
    for share, found in ((0.5, figure.median), (0.8, figure.p80), (0.9, figure.p90)):
        expected = exact[rank(share, len(exact)) - 1] / 1_000
        assert found is not None
        assert abs(found - expected) <= RELATIVE_ERROR * expected


async def test_what_is_in_the_sandbox_is_never_counted(world: World) -> None:
    await world.tell("S0")
    assert await world.column("SELECT id FROM indicator_uncounted") == []
    await recount(world.database, world.clock, world.ids)
    await count_all(world)
    assert await tallies(world) == []


async def test_counting_between_messages_is_counting_at_the_end(world: World) -> None:
    """Three stories, shuffled among each other and late, the counter looking now and then."""
    await go_live(world)
    random = Random(7)
    told = [
        (run, said)
        for run, code in ((1, "S0"), (2, "G0"), (3, "S0"))
        for said in story(code, run=run)
    ]
    random.shuffle(told)
    # What opens a file goes first, else the rest of its story waits in vain for a while.
    told.sort(key=lambda each: not each[1].type.endswith(".registered"))
    for _, said in told:
        await world.say(said, sandbox=False)
        world.clock.advance(timedelta(seconds=30))
        if random.random() < 0.3:
            await count_all(world)
    await count_all(world)
    assert {e.kind for e in await world.entries()} >= {EntryKind.APPLIED, EntryKind.LATE}
    standing = await tallies(world)
    assert standing
    assert await recounted(world) == standing


async def test_two_counters_count_each_change_once(world: World, migrated_url: str) -> None:
    await go_live(world)
    for run in range(1, 6):
        await tell_live(world, "S0", run, steps=8)
    other = open_database(migrated_url)
    await other.start()
    try:
        lanes = [counter(world), counter(world, other), counter(world, other), counter(world)]
        await asyncio.gather(*(lane.count() for lane in lanes))
    finally:
        await other.stop()
    await count_all(world)
    assert await world.column("SELECT id FROM indicator_uncounted") == []
    standing = await tallies(world)
    assert await recounted(world) == standing


async def test_an_older_reading_never_replaces_a_newer_one(world: World) -> None:
    """One counter reads, then the file goes on and another one counts all of it; the first one comes too late."""
    await go_live(world)
    await tell_live(world, "G0", steps=2)
    ledger = StorageLedger(world.database, INDICATORS)
    old = await ledger.backlog(100)
    await tell_live(world, "G0", run=1)
    await count_all(world)
    standing = await tallies(world)
    assert await ledger.count(old, [], {}) == 0
    assert await tallies(world) == standing
    assert await recounted(world) == standing


class CrashedOnce(StorageLedger):
    """Dies once, between writing and the commit."""

    crashed = False

    def _change(self, changes: Mapping[TallyKey, Tally]) -> Program[None]:
        yield from super()._change(changes)
        if not self.crashed:
            self.crashed = True
            raise ConnectionError("the counter died")


async def test_a_counter_that_dies_before_the_commit_has_counted_nothing(world: World) -> None:
    await go_live(world)
    await tell_live(world, "S0")
    counting = Counter(CrashedOnce(world.database, INDICATORS), world.catalogue, INDICATORS)
    with pytest.raises(ConnectionError):
        await counting.count()
    assert await tallies(world) == []
    assert await counting.count() == 1
    standing = await tallies(world)
    assert standing
    assert await recounted(world) == standing


async def test_an_open_step_counts_late_once_its_target_has_passed(world: World) -> None:
    await go_live(world)
    await world.post("BADR", "DUM_IMPORT.registered", reference("DUM", 1), sandbox=False)
    await count_all(world)
    assert await figures(world, IMPORTER, "ON_TIME") == []
    world.clock.advance(timedelta(minutes=31))
    [late] = await figures(world, IMPORTER, "ON_TIME")
    assert (late.sample, late.mean) == (1, 0.0)
    grouped = await figures(world, IMPORTER, "ON_TIME", grouping=Grouping.AGENCY)
    assert samples(grouped) == {("ON_TIME", "ADII"): 1}
    assert await figures(world, STRANGER, "ON_TIME") == []
    await world.post("BADR", "DUM_IMPORT.channel_green", reference("DUM", 1), sandbox=False)
    await count_all(world)
    # The step was closed late: it counts once, like before; the next one is not late yet.
    [closed] = await figures(world, IMPORTER, "ON_TIME")
    assert (closed.sample, closed.mean) == (1, 0.0)


async def test_an_alert_counts_from_the_message_to_the_gateways_answer(world: World) -> None:
    await go_live(world)
    await world.post("BADR", "DUM_IMPORT.registered", reference("DUM", 1), sandbox=False)
    await world.post("BADR", "DUM_IMPORT.channel_green", reference("DUM", 1), sandbox=False)
    await world.post("BADR", "DUM_IMPORT.agency_hold", reference("DUM", 1), sandbox=False)
    outbox = StorageOutbox(world.database)
    settled = await _accepted(world, outbox, after=timedelta(seconds=3))
    assert settled
    await count_all(world)
    [figure] = await figures(world, IMPORTER, "ALERT_LATENCY_SMS")
    assert figure.sample == len(settled)
    assert figure.mean == 3.0


async def _accepted(world: World, outbox: StorageOutbox, after: timedelta) -> Sequence[Settled]:
    """Every waiting SMS, taken by its gateway."""
    world.clock.advance(after)
    now = world.clock.now()
    claimed = await outbox.claim(Channel.SMS, now, timedelta(minutes=1), 50)
    settled: list[Settled] = []
    for each in claimed:
        outcome = Accepted(provider_id="x")
        attempt = attempted(each, outcome, now, world.ids.new())
        settled.append(settle(each, outcome, attempt, now, 1.0))
    held = await outbox.settle(settled)
    assert all(held)
    assert {each.delivery.state for each in settled} <= {DeliveryState.SENT}
    return settled


async def test_what_was_counted_is_kept_to_be_taken_out_again(world: World) -> None:
    await go_live(world)
    await tell_live(world, "G0")
    await count_all(world)
    [kept] = await world.column("SELECT counted FROM indicator_counted")
    assert str(kept).startswith(f'["{IMPORTER.id}",')
    assert Counted.__struct_config__.array_like


async def test_a_second_world_counts_what_the_first_one_took_in(migrated_url: str) -> None:
    async with open_world(migrated_url) as first:
        await go_live(first)
        await tell_live(first, "G0")
    async with open_world(migrated_url, lane=1, populate=False) as second:
        assert await count_all(second) == 1
        assert await tallies(second)
