"""The log is enough: what it says is the read model, row by row, and whatever differs is named."""

from datetime import timedelta

import pytest

from portnet.services.alert import Alerts
from portnet.storage.engines import EngineName, open_database, query
from portnet.storage.log.rebuild import SHELVES, rebuild_into, verify
from tests.support.recycled import RecycledDatabases
from tests.support.scenarios import BROKER, IMPORTER, line, reference, story
from tests.support.world import World

READ_MODEL = tuple(shelf.name for shelf in SHELVES.values())


async def rows_of(world: World) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {}
    for table, shelf in zip(READ_MODEL, SHELVES.values(), strict=True):
        rows = await world.select(f"SELECT * FROM {table}")
        found[table] = sorted(
            (tuple(row[column] for column in shelf.columns) for row in rows), key=str
        )
    return found


async def a_past(world: World) -> None:
    """Stories to their ends, one with its messages late and a refused one, alerts seen and taken."""
    await world.tell("S0", run=1)
    await world.tell("G0", run=2)
    for said in sorted(
        story("S0", run=3), key=lambda s: (not s.type.endswith(".registered"), s.body)
    ):
        await world.say(said)
        world.clock.advance(timedelta(seconds=1))
    await world.say(line("ONSSA", "DUM_IMPORT.paid", reference("DUM", 1)))
    alerts = Alerts(world.units, world.clock, world.ids, world.wakeups)
    for firm in (IMPORTER, BROKER):
        viewer = world.viewer(firm)
        own = await world.column("SELECT id FROM alert WHERE user_id = $1 ORDER BY id", viewer.user)
        await alerts.report_seen(viewer, own[:3])
        await alerts.acknowledge(viewer, "Salma", own[-1])
        world.clock.advance(timedelta(seconds=1))


async def test_the_read_model_is_what_the_log_says(world: World) -> None:
    await a_past(world)
    outcome = await verify(world.database, world.catalogue)
    assert outcome.differences == []
    (events,) = await world.column("SELECT CAST(count(*) AS bigint) FROM event")
    assert outcome.events == events
    assert outcome.rows == sum(map(len, (await rows_of(world)).values()))


async def test_small_steps_never_cut_a_subject_in_two(world: World) -> None:
    await a_past(world)
    outcome = await verify(world.database, world.catalogue, together=7)
    assert (outcome.different, outcome.rows) == (0, sum(map(len, (await rows_of(world)).values())))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE dossier SET version = version + 1", "dossier {dossier}: version is"),
        ("UPDATE procedure SET state = 'PAID' WHERE code = 'DUM_IMPORT'", "state is 'PAID', the log says 'EXITED'"),
        ("DELETE FROM entry WHERE kind = 'APPLIED'", "is missing"),
        ("UPDATE entry SET alerted = 1 - alerted", "alerted is"),
        ("UPDATE alert SET level = 9", "level is 9, the log says"),
        ("UPDATE reference SET procedure = 'another'", "is not in the log"),
        ("DELETE FROM event WHERE kind = 'dossier_opened'", "dossier {dossier}: is not in the log"),
    ],
)  # fmt: skip
async def test_what_differs_is_named(world: World, change: str, said: str) -> None:
    await world.tell("G0")
    async with world.database.transaction() as transaction:
        await transaction.commit(query(change))
    outcome = await verify(world.database, world.catalogue)
    assert outcome.different >= 1
    (dossier,) = await world.column("SELECT id FROM dossier")
    shown = "\n".join(map(str, outcome.differences))
    assert said.format(dossier=dossier) in shown


async def test_a_read_model_that_was_lost_is_made_again_in_place(world: World) -> None:
    await a_past(world)
    before = await rows_of(world)
    for table in READ_MODEL:
        async with world.database.transaction() as transaction:
            await transaction.commit(query(f"DELETE FROM {table}"))
    await rebuild_into(world.database, world.database, world.catalogue)
    assert await rows_of(world) == before
    assert (await verify(world.database, world.catalogue)).different == 0


async def test_a_read_model_is_made_in_another_database(
    world: World, engine_name: EngineName, migrated_databases: RecycledDatabases
) -> None:
    await a_past(world)
    before = await rows_of(world)
    url = await migrated_databases.take(engine_name)
    target = open_database(url)
    await target.start()
    try:
        outcome = await rebuild_into(world.database, target, world.catalogue)
        counts = [
            (await target.read(query(f"SELECT CAST(count(*) AS bigint) AS n FROM {table}")))[0]["n"]
            for table in READ_MODEL
        ]
    finally:
        await target.stop()
        await migrated_databases.give_back(url)
    assert counts == [len(before[table]) for table in READ_MODEL]
    assert outcome.rows == sum(counts)
    assert await rows_of(world) == before
