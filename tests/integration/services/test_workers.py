"""Many workers on the same files: none opens one twice, none loses a fold, and every feed stays dense."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from portnet.domain.audit import AuditLink, AuditRecord, verify_chain
from portnet.domain.inbox import Receipted
from portnet.domain.procedure import EntryKind
from portnet.storage import rows
from tests.support.scenarios import Line, line, reference, story
from tests.support.volume import volume
from tests.support.world import World, open_world

ROOT = Path(__file__).parents[3]
STORIES = volume(4, 40)
TASKS = 4
OPENINGS = volume(15, 150)


def shuffled_stories(seed: int = 7) -> list[Line]:
    """Several stories' messages, as the agencies' networks deliver them: in no order."""
    lines = [line for run in range(1, STORIES + 1) for line in story("S0", run=run)]
    Random(seed).shuffle(lines)
    return lines


async def post_all(world: World, lines: Sequence[Line]) -> None:
    replies = await asyncio.gather(*(world.receive(line) for line in lines))
    assert all(isinstance(reply, Receipted) and not reply.repeat for reply in replies)


async def everything_ended_well(world: World) -> None:
    await world.work()
    procedures = await world.procedures()
    assert Counter((p.code, p.state) for p in procedures) == {
        ("DUM_IMPORT", "EXITED"): STORIES,
        ("ONSSA_IMPORT", "ADMITTED"): STORIES,
    }
    assert await world.column("SELECT status FROM dossier") == ["DONE"] * STORIES
    entries = await world.entries()
    receipts = Counter(entry.message.receipt for entry in entries)
    assert len(entries) == len(receipts) == STORIES * len(story("S0"))
    assert {entry.kind for entry in entries} <= {EntryKind.APPLIED, EntryKind.LATE}
    assert await world.column("SELECT DISTINCT state FROM agency_inbox") == ["DONE"]
    chains = await world.select("SELECT chain, user_id FROM alert")
    assert max(Counter((row[0], row[1]) for row in chains).values()) == 1


async def every_feed_is_dense(world: World) -> None:
    found = await world.select(
        "SELECT h.audience, h.seq AS head, count(f.seq) AS n, min(f.seq) AS low, max(f.seq) AS high"
        " FROM feed_head h JOIN feed f ON f.audience = h.audience GROUP BY h.audience, h.seq"
    )
    assert len(found) > 2
    for row in found:
        assert (row["n"], row["low"], row["high"]) == (row["head"], 1, row["head"]), row["audience"]
    told = await world.column("SELECT event FROM feed WHERE audience = 'company:importer'")
    assert len(set(told)) == len(told)


async def every_trail_verifies(world: World) -> None:
    found = await world.select("SELECT * FROM audit ORDER BY company, seq")
    for company in {row["company"] for row in found}:
        links = [
            AuditLink(
                record=AuditRecord(
                    company=row["company"],
                    position=row["seq"],
                    at=rows.instant(row["at"]),
                    actor=row["actor"],
                    action=row["action"],
                    subject=row["subject"],
                ),
                hash=bytes(row["hash"]),
            )
            for row in found
            if row["company"] == company
        ]
        assert [link.record.position for link in links] == list(range(1, len(links) + 1))
        assert verify_chain(links) is None


async def test_many_workers_on_two_connections_end_as_one_would(
    world: World, migrated_url: str
) -> None:
    await post_all(world, shuffled_stories())
    async with open_world(migrated_url, lane=1, populate=False) as other:
        async with asyncio.TaskGroup() as tasks:
            for worker in (world, other) * TASKS:
                tasks.create_task(worker.work())
        await everything_ended_well(world)
        await every_feed_is_dense(other)
        await every_trail_verifies(other)


async def test_workers_keep_up_with_agencies_that_still_post(
    world: World, migrated_url: str
) -> None:
    lines = shuffled_stories(seed=11)
    async with open_world(migrated_url, lane=1, populate=False) as other:
        async with asyncio.TaskGroup() as tasks:
            for number in range(TASKS):
                poster = (world, other)[number % 2]
                tasks.create_task(post_all(poster, lines[number::TASKS]))
            for worker in (world, other) * TASKS:
                tasks.create_task(worker.work())
        await everything_ended_well(other)
        await every_feed_is_dense(world)
        await every_trail_verifies(world)


async def test_two_messages_that_would_both_open_a_file_open_it_once(
    world: World, migrated_url: str
) -> None:
    """They share a reference, and nothing of it is in the database yet that could be locked."""
    openings = [line for run in range(1, OPENINGS + 1) for line in twice_opened(run)]
    await post_all(world, openings)
    async with (
        open_world(migrated_url, lane=1, populate=False) as other,
        asyncio.TaskGroup() as tasks,
    ):
        for worker in (world, other) * TASKS:
            tasks.create_task(worker.work())
    assert await world.column("SELECT CAST(count(*) AS bigint) FROM dossier") == [OPENINGS]
    codes = Counter(procedure.code for procedure in await world.procedures())
    assert codes == {"DUM_IMPORT": OPENINGS, "ONSSA_IMPORT": OPENINGS}
    assert len(await world.entries()) == len(openings)


def twice_opened(run: int) -> list[Line]:
    """A DUM that is registered twice over, and ONSSA's file on the same DUM."""
    dum, file = reference("DUM", run), reference("ONSSA_FILE", run)
    return [
        line("BADR", "DUM_IMPORT.registered", dum),
        line("ONSSA", "ONSSA_IMPORT.registered", file, dum),
        line("BADR", "DUM_IMPORT.registered", dum, outcome="again"),
    ]


async def test_messages_that_share_only_their_dossier_both_count_in_it(
    world: World, migrated_url: str
) -> None:
    """Their references differ: it is the dossier itself that keeps one from overwriting the other's news."""
    for run in range(1, OPENINGS + 1):
        for said in twice_opened(run)[:2]:
            await world.say(said)
    news = [
        said
        for run in range(1, OPENINGS + 1)
        for said in (
            line("BADR", "DUM_IMPORT.channel_orange", reference("DUM", run)),
            line("ONSSA", "ONSSA_IMPORT.info_requested", reference("ONSSA_FILE", run)),
        )
    ]
    await post_all(world, news)
    async with (
        open_world(migrated_url, lane=1, populate=False) as other,
        asyncio.TaskGroup() as tasks,
    ):
        for worker in (world, other) * TASKS:
            tasks.create_task(worker.work())
    dossiers = await world.dossiers()
    assert Counter((d.version, d.what_now.state) for d in dossiers) == {
        (4, "INFO_REQUESTED"): OPENINGS
    }


async def test_two_processes_on_one_database_end_as_one_would(
    world: World, migrated_url: str
) -> None:
    await post_all(world, shuffled_stories(seed=13))
    workers = [await _start(migrated_url, lane) for lane in (1, 2)]
    for worker in workers:
        await _said(worker, b"ready\n")
    said = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sum(int(output) for output, _ in said) >= STORIES * len(story("S0"))
    await everything_ended_well(world)
    await every_feed_is_dense(world)
    await every_trail_verifies(world)


async def _start(url: str, lane: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.services.worker_process",
        url,
        str(lane),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def _said(worker: asyncio.subprocess.Process, line: bytes) -> None:
    assert worker.stdout is not None
    assert await worker.stdout.readline() == line
