"""Somebody asks for help: one case with the file as it was then, however often the question is sent."""

import asyncio

import pytest

from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.desk.help import LONGEST_ANSWER, LONGEST_QUESTION, HelpCase, HelpState
from portnet.domain.events import FrameKind, user_audience
from portnet.domain.procedure import EntryKind
from portnet.ports.unit_of_work import Position
from portnet.services.desk.anomaly import Helper
from portnet.services.desk.help import Help, HelpFault, HelpRefusal
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, reference
from tests.support.world import World, open_world

DUM = reference("DUM", 1)
HOUDA = Helper(name="Houda", actor="user:houda", sandbox=True)


def service(world: World) -> Help:
    return Help(world.units, world.files, world.anomalies, world.clock, world.ids, world.wakeups)


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


async def asked(world: World) -> HelpCase:
    case = await service(world).ask(world.viewer(IMPORTER), "m1", None, "Why?")
    assert isinstance(case, HelpCase)
    return case


async def heard(world: World, user: str) -> list[tuple[FrameKind, str]]:
    start = Position(audience=user_audience(user), seq=0)
    page = (await world.feed.after([start], 10, world.clock.now()))[start.audience]
    return [(row.kind, row.subject) for row in page.rows]


async def test_an_answer_closes_the_case_and_only_who_asked_hears_of_it(world: World) -> None:
    case = await asked(world)
    viewer = world.viewer(IMPORTER)
    closed = await service(world).close(HOUDA, case.id, " ONSSA has it. ")
    assert isinstance(closed, HelpCase)
    assert (closed.state, closed.answer, closed.closed_by) == (
        HelpState.CLOSED,
        "ONSSA has it.",
        "Houda",
    )
    assert await cases(world) == [closed]
    assert await world.anomalies.help_cases_of(viewer.user, 10) == [closed]
    # Once for the question, once for the answer.
    assert await heard(world, viewer.user) == [(FrameKind.HELP_CHANGED, case.id)] * 2
    assert {p.audience for p in world.wakeups.positions} == {user_audience(viewer.user)}
    audited = await world.select("SELECT actor, company FROM audit WHERE action = 'help.closed'")
    assert [(row["actor"], row["company"]) for row in audited] == [("user:houda", IMPORTER.id)]


async def test_the_same_answer_sent_again_is_answered_as_before_and_no_other_is(
    world: World,
) -> None:
    case = await asked(world)
    desk = service(world)
    first = await desk.close(HOUDA, case.id, "Wait.")
    assert await desk.close(HOUDA, case.id, "Wait.") == first
    assert await desk.close(HOUDA, case.id, "Call.") is HelpRefusal.CLOSED
    nadia = Helper(name="Nadia", actor="user:nadia", sandbox=True)
    assert await desk.close(nadia, case.id, "Wait.") is HelpRefusal.CLOSED
    assert await world.column("SELECT count(*) FROM audit WHERE action = 'help.closed'") == [1]


async def test_a_case_of_the_other_side_of_the_sandbox_is_not_found(world: World) -> None:
    case = await asked(world)
    real = Helper(name="Nadia", actor="user:nadia", sandbox=False)
    assert await service(world).close(real, case.id, "Wait.") is HelpRefusal.NOT_FOUND
    assert await service(world).close(HOUDA, "0" * 26, "Wait.") is HelpRefusal.NOT_FOUND
    assert await world.anomalies.help_cases(tuple(HelpState), 10, sandbox=False) == []
    assert await world.anomalies.help_cases(tuple(HelpState), 10, sandbox=True) == [case]


@pytest.mark.parametrize(
    ("answer", "code"), [(" ", "EMPTY"), ("x" * (LONGEST_ANSWER + 1), "TOO_LONG")]
)
async def test_an_answer_says_something_and_not_too_much(
    world: World, answer: str, code: str
) -> None:
    case = await asked(world)
    found = await service(world).close(HOUDA, case.id, answer)
    assert found == HelpFault(path="answer", code=code)
