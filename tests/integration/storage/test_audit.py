"""The audit trail as it is stored: whatever is done to it behind our back is found, at its place."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from portnet.domain.audit import GENESIS, AuditRecord, Breach, Finding, Head, chain_hash
from portnet.ports.reading import PageSize
from portnet.ports.unit_of_work import AuditDraft
from portnet.storage.engines import query
from portnet.storage.engines.program import Batch, Program, Statement
from portnet.storage.log.audit import Audited, AuditRepository, heads
from portnet.storage.rows import micros
from tests.support.clock import NOON
from tests.support.scenarios import BROKER, IMPORTER, STRANGER
from tests.support.world import World

DOSSIER = "01JDOSSIER0000000000000001"
OTHER = "01JDOSSIER0000000000000002"


def draft(company: str, number: int, subject: str = f"{DOSSIER}/r", **fields: Any) -> AuditDraft:
    return AuditDraft(
        company=company,
        at=NOON + timedelta(seconds=number),
        actor="user:u",
        action=f"act.{number}",
        subject=subject,
        **fields,
    )


async def write(world: World, company: str, count: int, first: int = 1) -> None:
    for number in range(first, first + count):
        await world.write(draft(company, number))


async def change(world: World, sql: str, *args: Any) -> None:
    async with world.database.transaction() as transaction:
        await transaction.commit(query(sql, *args))


async def found(
    world: World, company: str | None = None, seen: Sequence[Head] = (), together: int = 3
) -> list[Finding]:
    by_company = {head.company: head for head in seen}
    audited = Audited(world.database, company, by_company, together)
    return [finding async for finding in audited.findings()]


def finding(position: int, breach: Breach, company: str = IMPORTER.id) -> Finding:
    return Finding(company=company, position=position, breach=breach)


@pytest.fixture
async def written(world: World) -> World:
    """Two companies' chains of seven lines, one of them in somebody's stead."""
    for firm in (IMPORTER, STRANGER):
        await write(world, firm.id, 6)
        await world.write(draft(firm.id, 7, on_behalf_of="user:manager"))
    return world


async def test_what_nobody_touched_is_whole(written: World) -> None:
    assert await found(written) == []
    assert await found(written, seen=await heads(written.database)) == []
    audited = Audited(written.database, together=2)
    assert [f async for f in audited.findings()] == []
    assert (audited.records, audited.companies) == (14, 2)


@pytest.mark.parametrize(
    "column",
    ["at = at + 1", "actor = 'user:x'", "action = 'x'", "subject = 'x'", "on_behalf_of = 'user:x'"],
)
async def test_a_changed_line_is_found(written: World, column: str) -> None:
    await change(written, f"UPDATE audit SET {column} WHERE company = $1 AND seq = 4", IMPORTER.id)
    assert await found(written) == [finding(4, Breach.CHANGED)]


async def test_in_whose_stead_cannot_be_taken_away(written: World) -> None:
    await change(written, "UPDATE audit SET on_behalf_of = NULL WHERE company = $1", IMPORTER.id)
    assert await found(written) == [finding(7, Breach.CHANGED)]


async def test_a_changed_line_with_its_hash_made_again_breaks_the_next(written: World) -> None:
    [row] = await written.select(
        "SELECT hash FROM audit WHERE company = $1 AND seq = 3", IMPORTER.id
    )
    record = AuditRecord(
        company=IMPORTER.id, position=4, at=NOON, actor="x", action="x", subject="x"
    )
    forged = chain_hash(bytes(row["hash"]), record)
    await change(
        written,
        "UPDATE audit SET actor = 'x', action = 'x', subject = 'x', at = $2, hash = $3"
        " WHERE company = $1 AND seq = 4",
        IMPORTER.id, micros(NOON), forged,
    )  # fmt: skip
    assert await found(written) == [finding(5, Breach.CHANGED)]


async def test_a_deleted_line_is_found(written: World) -> None:
    await change(written, "DELETE FROM audit WHERE company = $1 AND seq = 2", IMPORTER.id)
    assert await found(written) == [finding(2, Breach.MISSING)]


async def test_a_deleted_line_whose_place_was_closed_is_found(written: World) -> None:
    await change(written, "DELETE FROM audit WHERE company = $1 AND seq = 6", IMPORTER.id)
    await change(written, "UPDATE audit SET seq = 6 WHERE company = $1 AND seq = 7", IMPORTER.id)
    assert await found(written) == [finding(6, Breach.CHANGED)]


async def test_two_lines_that_changed_places_are_found(written: World) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        await change(
            written, "UPDATE audit SET seq = $3 WHERE company = $1 AND seq = $2",
            IMPORTER.id, old, new,
        )  # fmt: skip
    assert [f.position for f in await found(written)] == [3, 4, 5]


async def test_lines_cut_off_the_end_are_found_by_a_checkpoint(written: World) -> None:
    seen = await heads(written.database)
    await change(written, "DELETE FROM audit WHERE company = $1 AND seq > 4", IMPORTER.id)
    assert await found(written) == []
    assert await found(written, seen=seen) == [finding(5, Breach.TRUNCATED)]
    assert await found(written, STRANGER.id, seen) == []


async def test_a_whole_chain_cut_off_is_found_by_a_checkpoint(written: World) -> None:
    seen = await heads(written.database)
    await change(written, "DELETE FROM audit WHERE company = $1", STRANGER.id)
    assert await found(written, seen=seen) == [finding(1, Breach.TRUNCATED, STRANGER.id)]


async def test_a_chain_written_anew_is_found_by_a_checkpoint(written: World) -> None:
    seen = await heads(written.database)
    await change(written, "DELETE FROM audit WHERE company = $1", IMPORTER.id)
    await write(written, IMPORTER.id, 9, first=100)
    assert await found(written) == []
    assert await found(written, seen=seen) == [finding(7, Breach.REWRITTEN)]


async def test_what_was_written_since_a_checkpoint_is_no_breach(written: World) -> None:
    seen = await heads(written.database)
    await write(written, IMPORTER.id, 3, first=20)
    await write(written, BROKER.id, 1)
    assert await found(written, seen=seen) == []


async def test_every_breach_is_named_once(written: World) -> None:
    await change(written, "UPDATE audit SET actor = 'x' WHERE seq IN (2, 5)")
    assert [(f.company, f.position) for f in await found(written)] == [
        (IMPORTER.id, 2), (IMPORTER.id, 5), (STRANGER.id, 2), (STRANGER.id, 5),
    ]  # fmt: skip


async def test_a_subject_s_trail_is_read_in_pages_newest_first(world: World) -> None:
    for number in range(1, 8):
        subject = (f"{DOSSIER}/r{number}", DOSSIER, f"{OTHER}/r", f"{DOSSIER}2/r")[number % 4]
        await world.write(draft(IMPORTER.id, number, subject))
    await world.write(draft(STRANGER.id, 1))
    trail = AuditRepository(world.database)
    first = await trail.trail_of(IMPORTER.id, DOSSIER, PageSize(2))
    assert [link.record.position for link in first.page.items] == [5, 4]
    assert (first.verified, first.page.more) == (True, True)
    rest = await trail.trail_of(IMPORTER.id, DOSSIER, PageSize(5, first.page.end))
    assert [link.record.position for link in rest.page.items] == [1]
    assert not rest.page.more
    everything = await trail.trail_of(IMPORTER.id, None, PageSize(50))
    assert [link.record.position for link in everything.page.items] == [7, 6, 5, 4, 3, 2, 1]
    assert (await trail.trail_of(IMPORTER.id, None, PageSize(5, "nonsense"))).page.items == ()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit SET actor = 'user:x' WHERE seq = 3",
        "UPDATE audit SET actor = 'user:x', hash = $1 WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
    ],
)
async def test_a_page_says_whether_its_lines_hold(world: World, harm: str) -> None:
    await write(world, IMPORTER.id, 3)
    trail = AuditRepository(world.database)
    assert (await trail.trail_of(IMPORTER.id, None, PageSize(1))).verified
    await change(world, harm, *((bytes(32),) if "$1" in harm else ()))
    assert not (await trail.trail_of(IMPORTER.id, None, PageSize(1))).verified


def many(company: str, count: int) -> Program[None]:
    """A chain written at once."""
    previous, lines = GENESIS, list[tuple[Any, ...]]()
    for position in range(1, count + 1):
        subject = f"01JDOSSIER{position // 20:016}/r"
        record = AuditRecord(
            company=company, position=position, at=NOON, actor="a", action="b", subject=subject
        )
        previous = chain_hash(previous, record)
        lines.append((company, position, micros(NOON), "a", "b", subject, previous))
    sql = "INSERT INTO audit (company, seq, at, actor, action, subject, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    yield Batch(sql, lines)


async def test_a_subject_is_found_by_its_index(world: World) -> None:
    async with world.database.transaction() as transaction:
        await transaction.commit(many(IMPORTER.id, 5_000))

    def plan() -> Program[str]:
        asked = (
            "SELECT seq FROM audit WHERE company = $1 AND substr(subject, 1, 26) = $2"
            " ORDER BY seq DESC LIMIT 51"
        )
        if world.database.dialect.name == "postgres":
            yield Statement("ANALYZE audit")
            asked = asked.replace("$1", f"'{IMPORTER.id}'").replace("$2", f"'{DOSSIER}'")
            lines = yield Statement(f"EXPLAIN {asked}")
            return "\n".join(str(line[0]) for line in lines)
        lines = yield Statement(f"EXPLAIN QUERY PLAN {asked}", (IMPORTER.id, DOSSIER))
        return "\n".join(str(line["detail"]) for line in lines)

    async with world.database.transaction() as transaction:
        assert "audit_subject" in await transaction.run(plan())
    assert await found(world, together=1_000) == []
