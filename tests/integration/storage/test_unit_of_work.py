"""One unit of work is one transaction: everything or nothing, the feeds dense, the trail chained."""

import asyncio

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.domain.agency import AgencyEvent
from portnet.domain.audit import AuditLink, AuditRecord, verify_chain
from portnet.domain.events import (
    DossierOpened,
    Event,
    MandateGranted,
    Record,
)
from portnet.domain.filing import Files
from portnet.ports.unit_of_work import AuditDraft, Change, Position
from portnet.storage import rows
from portnet.storage.engines import query
from tests.support.scenarios import BROKER, IMPORTER, MANDATE, STRANGER, line, reference, said
from tests.support.world import World, open_world

DUM = reference("DUM", 1)
GRANTED = MandateGranted(mandate="m", company=IMPORTER.id, broker=BROKER.id)


def record(world: World, *audiences: str, event: Event = GRANTED) -> Record:
    return Record(
        id=world.ids.new(), at=world.clock.now(), event=event, subject="s", audiences=audiences
    )


def draft(world: World, action: str, company: str = IMPORTER.id) -> AuditDraft:
    return AuditDraft(
        company=company, at=world.clock.now(), actor="user:u", action=action, subject="s"
    )


async def trail(world: World, company: str = IMPORTER.id) -> list[AuditLink]:
    found = await world.select("SELECT * FROM audit WHERE company = $1 ORDER BY seq", company)
    return [
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
    ]


async def tamper(world: World, sql: str) -> None:
    async with world.database.transaction() as transaction:
        await transaction.commit(query(sql))


async def fail_in_the_middle(world: World) -> None:
    async with world.units() as work:
        work.add(record(world, "company:a"), draft(world, "x"))
        raise ZeroDivisionError


async def test_a_unit_that_is_not_committed_never_happened(world: World) -> None:
    async with world.units() as work:
        work.add(record(world, "company:a"), draft(world, "x"))
    with pytest.raises(ZeroDivisionError):
        await fail_in_the_middle(world)
    assert await world.column("SELECT count(*) FROM event") == [0]
    assert await world.feed.heads(["company:a"]) == [Position(audience="company:a", seq=0)]


async def test_a_failing_write_takes_everything_with_it(world: World) -> None:
    twice = record(world, "company:a")
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await world.write(twice, twice, draft(world, "x"))
    assert await world.column("SELECT count(*) FROM event") == [0]
    assert await trail(world) == []


async def test_a_unit_is_entered_before_it_is_used(world: World) -> None:
    with pytest.raises(RuntimeError, match="not entered"):
        await world.units().commit()


async def test_each_audience_counts_its_own_frames_in_the_order_of_the_events(
    world: World,
) -> None:
    first, second = record(world, "company:b", "company:a"), record(world, "company:a")
    assert await world.write(first, second) == (
        Position(audience="company:a", seq=2),
        Position(audience="company:b", seq=1),
    )
    told = await world.select("SELECT audience, seq, event FROM feed ORDER BY audience, seq")
    assert [tuple(row[n] for n in range(3)) for row in told] == [
        ("company:a", 1, first.id),
        ("company:a", 2, second.id),
        ("company:b", 1, first.id),
    ]


async def test_an_event_that_makes_no_frame_moves_no_feed(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    (dossier,) = await world.dossiers()
    opened = record(world, "company:a", event=DossierOpened(dossier=dossier))
    assert await world.write(opened) == ()
    kinds = await world.column("SELECT kind FROM event WHERE id = $1", opened.id)
    assert kinds == ["dossier_opened"]


async def test_feeds_stay_dense_while_many_write_at_once(world: World, migrated_url: str) -> None:
    audiences = ["company:a", "company:b", "user:c"]
    async with open_world(migrated_url, lane=1, populate=False) as other:
        positions = await asyncio.gather(
            *(
                maker.write(
                    record(maker, *(audiences[: 1 + n % 3] if n % 2 else audiences[::-1])),
                    draft(maker, f"{n}"),
                )
                for n in range(60)
                for maker in (world, other)
            )
        )
    for audience in audiences:
        answered = sorted(p.seq for moved in positions for p in moved if p.audience == audience)
        stored = await world.column(
            "SELECT seq FROM feed WHERE audience = $1 ORDER BY seq", audience
        )
        assert answered == stored == list(range(1, len(stored) + 1))
        assert await world.feed.heads([audience]) == [Position(audience=audience, seq=len(stored))]
    assert verify_chain(await trail(world)) is None
    assert len(await trail(world)) == 120


async def test_a_trail_is_one_chain_though_many_write_it_at_once(
    world: World, migrated_url: str
) -> None:
    async with open_world(migrated_url, lane=1, populate=False) as other:
        await asyncio.gather(
            *(maker.write(draft(maker, f"{n}")) for n in range(30) for maker in (world, other))
        )
    links = await trail(world)
    assert [link.record.position for link in links] == list(range(1, 61))
    assert verify_chain(links) is None


async def test_each_company_has_a_trail_of_its_own(world: World) -> None:
    await world.write(draft(world, "a"), draft(world, "b"), draft(world, "c", STRANGER.id))
    await world.write(draft(world, "d"))
    own, others = await trail(world), await trail(world, STRANGER.id)
    assert [link.record.action for link in own] == ["a", "b", "d"]
    assert [link.record.position for link in own] == [1, 2, 3]
    assert [link.record.action for link in others] == ["c"]
    assert verify_chain(own) is None
    assert verify_chain(others) is None


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 2", 1),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 0),
        ("UPDATE audit SET subject = 'other' WHERE seq = 4", 3),
        ("DELETE FROM audit WHERE seq = 2", 1),
        ("DELETE FROM audit WHERE seq = 1", 0),
    ],
)
async def test_whoever_changes_a_trail_is_found_out(world: World, sql: str, broken: int) -> None:
    await world.write(*(draft(world, f"{n}") for n in range(4)))
    assert verify_chain(await trail(world)) is None
    await tamper(world, sql)
    assert verify_chain(await trail(world)) == broken


async def test_a_trail_that_lost_its_end_is_found_out_by_its_head(world: World) -> None:
    await world.write(*(draft(world, f"{n}") for n in range(4)))
    head = (await trail(world))[-1].hash
    await tamper(world, "DELETE FROM audit WHERE seq = 4")
    assert verify_chain(await trail(world)) is None
    assert verify_chain(await trail(world), head=head) == 3


async def test_a_message_is_claimed_by_one_unit_only(world: World, migrated_url: str) -> None:
    """PostgreSQL passes it over; SQLite's second unit has its turn after the first, and finds it settled."""
    reply = await world.receive(line("BADR", "DUM_IMPORT.registered", DUM))
    message = said("BADR", "DUM_IMPORT.registered", DUM, receipt=reply.receipt)
    async with open_world(migrated_url, lane=1, populate=False) as other:
        answers = await asyncio.gather(
            *(maker.intake.take_in(message) for maker in (world, other) * 3)
        )
    assert answers == [None] * 6
    assert len(await world.entries()) == 1


def nobody_asks(files: Files) -> list[Change]:
    raise AssertionError(f"a message that is not there has files: {files}")


async def files_of(world: World, message: AgencyEvent) -> Files:
    """What a decision is made on; nothing is decided."""
    seen: list[Files] = []

    def look(files: Files) -> list[Change]:
        seen.append(files)
        return []

    async with world.units() as work:
        await work.take_in(message, look)
    [files] = seen
    return files


async def test_a_message_that_is_not_in_the_inbox_is_nobodys(world: World) -> None:
    async with world.units() as work:
        assert await work.take_in(said("BADR", "DUM_IMPORT.registered", DUM), nobody_asks) is None


async def test_a_claim_knows_the_files_that_the_message_names(world: World) -> None:
    await world.tell("S0")
    reply = await world.receive(line("BADR", "DUM_IMPORT.exited_part", DUM))
    message = said("BADR", "DUM_IMPORT.exited_part", DUM, receipt=reply.receipt, broker=BROKER.ice)
    files = await files_of(world, message)
    assert {p.code for p in files.procedures} == {"DUM_IMPORT", "ONSSA_IMPORT"}
    assert {e.message.code for e in files.entries} == {"DUM_IMPORT"}
    assert {link.ref.key for link in files.links} == {DUM}
    assert {c.id for c in files.companies} == {IMPORTER.id, BROKER.id}
    assert files.mandates == (MANDATE,)
    assert files.anomalies == ()


async def test_a_claim_knows_nothing_of_others(world: World) -> None:
    await world.tell("S0")
    other = reference("DUM", 2)
    reply = await world.receive(line("BADR", "DUM_IMPORT.registered", other))
    message = said("BADR", "DUM_IMPORT.registered", other, receipt=reply.receipt)
    files = await files_of(world, message)
    assert (files.links, files.dossiers, files.procedures, files.entries) == ((), {}, (), ())


async def test_a_claim_knows_the_active_members_of_the_companies_and_of_the_broker(
    world: World,
) -> None:
    manager = IMPORTER.person(Role.MANAGER)
    await world.write(msgspec.structs.replace(manager, active=False))
    await world.tell("S0")
    reply = await world.receive(line("BADR", "DUM_IMPORT.exited_part", DUM, broker=None))
    message = said("BADR", "DUM_IMPORT.exited_part", DUM, receipt=reply.receipt, broker=None)
    names = [person.user.id for person in (await files_of(world, message)).people]
    assert names == sorted(names)
    expected = {user.id for firm in (IMPORTER, BROKER) for user in firm.people}
    assert set(names) == expected - {manager.id}


async def test_what_is_written_is_read_back_whole(world: World) -> None:
    """Every field of a whole story's rows survives the storage, on both engines."""
    await world.tell("S0")
    before = (await world.dossiers(), await world.procedures(), await world.entries())
    for structs in before:
        assert structs
        await world.write(*structs)
    assert (await world.dossiers(), await world.procedures(), await world.entries()) == before
