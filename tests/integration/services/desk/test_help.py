"""Somebody asks for help: one case with the file as it was then, however often the question is sent."""

import asyncio

import pytest

from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.desk.help import LONGEST_QUESTION, HelpCase, HelpState
from portnet.domain.procedure import EntryKind
from portnet.services.desk.help import Help, HelpFault, HelpRefusal
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, reference
from tests.support.world import World, open_world

DUM = reference("DUM", 1)


def service(world: World) -> Help:
    return Help(world.units, world.files, world.anomalies, world.clock, world.ids)


async def a_troubled_file(world: World) -> str:
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    await world.post("BADR", "DUM_IMPORT.released", DUM)
    [dossier] = await world.dossiers()
    return dossier.id


async def cases(world: World) -> list[HelpCase]:
    return list(await world.anomalies.help_cases(tuple(HelpState), 100))


async def test_a_question_keeps_the_file_as_it_was(world: World) -> None:
    dossier = await a_troubled_file(world)
    asked = await service(world).ask(world.viewer(IMPORTER), "m1", dossier, " Why? ")
    assert isinstance(asked, HelpCase)
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    assert await cases(world) == [asked]
    assert (asked.text, asked.state, asked.company) == ("Why?", HelpState.OPEN, IMPORTER.id)
    assert asked.trail is not None
    assert asked.trail.dossier.what_now.state == "REGISTERED"
    kinds = {entry.kind for entry in asked.trail.entries}
    assert kinds == {EntryKind.APPLIED, EntryKind.NOT_APPLIED}
    assert [a.reason for a in asked.trail.anomalies] == [AnomalyReason.ILLEGAL_TRANSITION]
    audited = await world.column("SELECT subject FROM audit WHERE action = 'help.asked'")
    assert audited == [asked.id]


async def test_a_question_sent_again_is_one_case_and_two_people_s_are_two(
    world: World, migrated_url: str
) -> None:
    dossier = await a_troubled_file(world)
    viewer = world.viewer(IMPORTER)
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        answers = await asyncio.gather(
            *(service(w).ask(viewer, "m1", dossier, "Why?") for w in (world, other) * 3)
        )
    assert len({answer.id for answer in answers if isinstance(answer, HelpCase)}) == 1
    await service(world).ask(world.viewer(BROKER), "m1", dossier, "Why?")
    assert len(await cases(world)) == 2


async def test_a_question_may_be_about_no_file(world: World) -> None:
    asked = await service(world).ask(world.viewer(STRANGER), "m1", None, "How do I start?")
    assert isinstance(asked, HelpCase)
    assert (asked.dossier, asked.trail) == (None, None)


async def test_a_file_that_one_may_not_see_is_not_found(world: World) -> None:
    dossier = await a_troubled_file(world)
    answer = await service(world).ask(world.viewer(STRANGER), "m1", dossier, "Why?")
    assert answer is HelpRefusal.NOT_FOUND
    assert await cases(world) == []


@pytest.mark.parametrize(
    ("text", "code"), [("", "EMPTY"), (" \n ", "EMPTY"), ("x" * (LONGEST_QUESTION + 1), "TOO_LONG")]
)
async def test_a_question_says_something_and_not_too_much(
    world: World, text: str, code: str
) -> None:
    answer = await service(world).ask(world.viewer(IMPORTER), "m1", None, text)
    assert answer == HelpFault(path="text", code=code)
