"""A company asks, the agency's system answers, and only then does anything move."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from portnet.domain.access import Role, Viewer
from portnet.domain.agency import Reason
from portnet.domain.events import FrameKind, company_audience
from portnet.domain.outgoing import OutgoingKind, OutgoingState
from portnet.domain.procedure import EntryKind, Procedure, Refusal
from portnet.domain.request import RequestState
from portnet.domain.submission import NotDone
from portnet.ports.unit_of_work import Position
from portnet.services.act import Acts
from portnet.storage.engines import TransactionConflict
from portnet.storage.repositories.submission import SubmissionRepository
from tests.support.acting.fakes import CODE, NoSystem
from tests.support.acting.stage import Stage, open_stage
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, reference
from tests.support.world import World

FILE = reference("ONSSA_FILE", 1)
DUM = reference("DUM", 1)
QUESTION = Reason(code="DOC", text="Certificat sanitaire illisible", lang="fr")
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with open_stage(world) as stage:
        yield stage


async def questioned(stage: Stage, *, due_in: timedelta | None = None) -> None:
    """ONSSA asks for a paper."""
    world = stage.world
    await world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
    world.clock.advance(MINUTE)
    due_at = None if due_in is None else world.clock.now() + due_in
    await world.post(
        "ONSSA", "ONSSA_IMPORT.info_requested", FILE, reasons=(QUESTION,), due_at=due_at
    )
    world.clock.advance(MINUTE)


async def answer(stage: Stage, viewer: Viewer | None = None, text: str = "Voici.") -> object:
    [request] = await stage.asked_for()
    return await stage.acts.answer(
        viewer or stage.declarant, stage.key(), request.id, request.version, text
    )


async def procedure(stage: Stage) -> Procedure:
    [found] = await stage.world.procedures()
    return found


async def frames(stage: Stage, firm: str = IMPORTER.id) -> list[FrameKind]:
    audience = company_audience(firm)
    start = Position(audience=audience, seq=0)
    page = (await stage.world.feed.after([start], 100, stage.world.clock.now()))[audience]
    return [row.kind for row in page.rows]


async def test_an_answer_leaves_and_counts_once_the_agencys_system_has_it(stage: Stage) -> None:
    await questioned(stage)
    await answer(stage)
    waiting = await procedure(stage)
    assert waiting.state == "INFO_REQUESTED"
    assert waiting.requested is not None
    assert waiting.requested.event == "answered"
    assert [r.state for r in await stage.asked_for()] == [RequestState.NEW]
    await stage.send()
    [outgoing] = await stage.outgoing()
    assert outgoing.kind is OutgoingKind.ANSWER
    received = stage.system.taken[outgoing.id]
    assert (received.type, received.text) == ("ONSSA_IMPORT.answered", "Voici.")
    assert {ref.scheme for ref in received.refs} == {"SUBMISSION", "ONSSA_FILE"}
    await stage.acknowledge(outgoing.id)
    done = await procedure(stage)
    assert (done.state, done.requested) == ("DOC_CHECK", None)
    [request] = await stage.asked_for()
    assert (request.state, request.answered_by) == (
        RequestState.ANSWERED, IMPORTER.person(Role.DECLARANT).id,
    )  # fmt: skip
    last = (await stage.world.entries())[-1]
    assert (last.kind, last.message.source) == (EntryKind.APPLIED, "OPERATOR")


async def test_each_change_is_heard(stage: Stage) -> None:
    await questioned(stage)
    dossier, request = FrameKind.DOSSIER_CHANGED, FrameKind.REQUEST_CHANGED
    assert await frames(stage) == [dossier, dossier, request]
    await answer(stage)
    assert await frames(stage) == [dossier, dossier, request, dossier]
    [outgoing] = await stage.outgoing()
    await stage.acknowledge(outgoing.id)
    heard = [dossier, dossier, request, dossier, dossier, request]
    assert await frames(stage) == await frames(stage, BROKER.id) == heard


async def test_a_rejected_answer_changes_nothing_and_says_why(stage: Stage) -> None:
    await questioned(stage)
    await answer(stage)
    [outgoing] = await stage.outgoing()
    await stage.hear(stage.system.rejection(outgoing.id, "SIZE", "Pièce trop lourde"))
    back = await procedure(stage)
    assert (back.state, back.requested) == ("INFO_REQUESTED", None)
    last = (await stage.world.entries())[-1]
    assert (last.kind, last.refusal) == (EntryKind.NOT_APPLIED, Refusal.REJECTED)
    assert [reason.text for reason in last.message.reasons] == ["Pièce trop lourde"]
    told = await stage.world.column("SELECT user_id FROM alert WHERE kind = 'A37'")
    assert told == [IMPORTER.person(Role.DECLARANT).id]
    assert [r.state for r in await stage.asked_for()] == [RequestState.NEW]
    assert await stage.world.column("SELECT count(*) FROM anomaly") == [0]


async def test_a_rejected_act_stays_rejected_however_often_it_is_folded(stage: Stage) -> None:
    await questioned(stage)
    await answer(stage)
    [first] = await stage.outgoing()
    await stage.hear(stage.system.rejection(first.id, "SIZE", "Pièce trop lourde"))
    stage.world.clock.advance(MINUTE)
    await answer(stage)
    [_, second] = await stage.outgoing()
    await stage.acknowledge(second.id)
    assert (await procedure(stage)).state == "DOC_CHECK"
    kinds = [e.kind for e in await stage.world.entries() if e.message.source == "OPERATOR"]
    assert kinds == [EntryKind.NOT_APPLIED, EntryKind.APPLIED]


async def test_a_refusal_over_the_wire_is_a_rejection_too(stage: Stage) -> None:
    await questioned(stage)
    await answer(stage)
    stage.system.refuses = 422
    await stage.send()
    assert (await procedure(stage)).requested is None
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.REJECTED


async def test_a_second_wish_waits_for_the_first(stage: Stage) -> None:
    await questioned(stage)
    await answer(stage)
    assert await answer(stage, stage.manager) is NotDone.UNDER_WAY
    assert len(await stage.outgoing()) == 1


async def test_two_phones_that_answer_at_once_answer_once(stage: Stage) -> None:
    await questioned(stage)
    outcomes = await asyncio.gather(
        answer(stage), answer(stage, stage.manager), return_exceptions=True
    )
    refused = [o for o in outcomes if o is NotDone.UNDER_WAY or isinstance(o, TransactionConflict)]
    assert len(refused) == 1
    assert len(await stage.outgoing()) == 1


async def test_the_same_wish_again_is_the_same_act(stage: Stage) -> None:
    await questioned(stage)
    [request] = await stage.asked_for()
    for _ in range(2):
        outcome = await stage.acts.answer(
            stage.declarant, "one key", request.id, request.version, "Voici."
        )
        assert outcome == request
    assert len(await stage.outgoing()) == 1
    other = await stage.acts.answer(
        stage.declarant, "one key", request.id, request.version, "Autre."
    )
    assert other is NotDone.KEY_REUSED


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4001, "a\0b"])
async def test_an_answer_has_words_that_can_be_kept(stage: Stage, text: str) -> None:
    await questioned(stage)
    outcome = await answer(stage, text=text)
    assert isinstance(outcome, tuple)
    assert await stage.outgoing() == []


async def test_the_mandated_broker_answers_and_a_stranger_finds_nothing(stage: Stage) -> None:
    await questioned(stage)
    assert await answer(stage, stage.world.viewer(STRANGER)) is NotDone.NOT_FOUND
    assert not isinstance(await answer(stage, stage.world.viewer(BROKER)), NotDone)
    assert len(await stage.outgoing()) == 1


async def test_who_has_another_role_may_not(stage: Stage) -> None:
    await questioned(stage)
    viewer = stage.world.viewer(IMPORTER, Role.FINANCE)
    assert await answer(stage, viewer) is NotDone.NOT_YOURS


async def test_an_old_version_changes_nothing(stage: Stage) -> None:
    await questioned(stage)
    [request] = await stage.asked_for()
    outcome = await stage.acts.answer(
        stage.declarant, stage.key(), request.id, request.version - 1, "Voici."
    )
    assert outcome is NotDone.STALE_VERSION


async def test_an_act_that_needs_an_approval_waits_for_one(stage: Stage) -> None:
    await stage.world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
    wish = await stage.wish("cancel")
    stage.proofs.approved[""] = stage.declarant.user
    assert await stage.acts.perform(stage.declarant, wish) is NotDone.OWN_WORK
    stage.proofs.approved[""] = stage.manager.user
    asked = await stage.acts.perform(stage.declarant, wish)
    assert isinstance(asked, Procedure)
    [outgoing] = await stage.outgoing()
    assert outgoing.kind is OutgoingKind.CANCELLATION
    await stage.acknowledge(outgoing.id)
    assert (await procedure(stage)).state == "CANCELLED"


async def test_an_act_that_needs_a_second_factor_asks_for_it(stage: Stage) -> None:
    await stage.world.post("BADR", "DUM_IMPORT.registered", DUM)
    stage.proofs.approved[""] = stage.manager.user
    wish = await stage.wish("cancel")
    assert await stage.acts.perform(stage.declarant, wish) is NotDone.PROOF_REQUIRED
    stage.proofs.enrolled = False
    assert await stage.acts.perform(stage.declarant, wish, CODE) is NotDone.PROOF_MISSING
    stage.proofs.enrolled = True
    assert isinstance(await stage.acts.perform(stage.declarant, wish, CODE), Procedure)


async def test_what_cannot_leave_is_neither_offered_nor_done(stage: Stage) -> None:
    await questioned(stage)
    world = stage.world
    cut_off = Acts(
        world.units, world.files, stage.requests, SubmissionRepository(world.database),
        world.catalogue, stage.proofs, NoSystem(), world.clock, world.ids, world.wakeups,
        world.approving.asking,
    )  # fmt: skip
    roles = frozenset({Role.DECLARANT})
    assert cut_off.available(await procedure(stage), roles, True) == ()
    wish = await stage.wish("answered", text="Voici.")
    assert await cut_off.perform(stage.declarant, wish) is NotDone.NO_ROUTE
    assert [a.event for a in stage.acts.available(await procedure(stage), roles, True)] == [
        "answered"
    ]


async def test_a_question_is_over_when_the_agency_goes_on_without_an_answer(stage: Stage) -> None:
    await questioned(stage)
    await stage.world.post("ONSSA", "ONSSA_IMPORT.hold", FILE)
    assert [r.state for r in await stage.asked_for()] == [RequestState.CANCELLED]


async def test_an_acknowledgement_that_comes_too_late_is_on_the_timeline(stage: Stage) -> None:
    await questioned(stage)
    await answer(stage)
    [outgoing] = await stage.outgoing()
    await stage.world.post("ONSSA", "ONSSA_IMPORT.hold", FILE)
    stage.world.clock.advance(MINUTE)
    await stage.acknowledge(outgoing.id)
    held = await procedure(stage)
    assert (held.state, held.requested) == ("HELD", None)
    assert (await stage.world.entries())[-1].kind is EntryKind.NOT_APPLIED


async def test_a_deadline_that_passes_is_news_once(stage: Stage) -> None:
    await questioned(stage, due_in=timedelta(hours=4))
    await stage.world.ring()
    assert [r.state for r in await stage.asked_for()] == [RequestState.NEW]
    await stage.world.ring_on(timedelta(hours=5))
    [late] = await stage.asked_for()
    assert (late.state, late.version) == (
        RequestState.EXPIRED,
        (await procedure(stage)).version,
    )
    assert (await frames(stage)).count(FrameKind.REQUEST_CHANGED) == 2
    assert await stage.world.ring_on(timedelta(hours=1)) == 0
    assert not isinstance(await answer(stage), NotDone)
    [outgoing] = await stage.outgoing()
    await stage.acknowledge(outgoing.id)
    assert [r.state for r in await stage.asked_for()] == [RequestState.ANSWERED]


async def test_a_late_message_takes_its_question_back(stage: Stage) -> None:
    """The hold happened before the question: there never was one."""
    await questioned(stage)
    earlier = stage.world.clock.now() - timedelta(seconds=90)
    await stage.world.post("ONSSA", "ONSSA_IMPORT.admit", FILE, at=earlier)
    [request] = await stage.asked_for()
    assert request.state is RequestState.CANCELLED
    assert request.version == (await procedure(stage)).version


async def test_who_asked_is_in_the_trail(stage: Stage) -> None:
    await questioned(stage)
    await answer(stage)
    [outgoing] = await stage.outgoing()
    await stage.acknowledge(outgoing.id)
    trail = await stage.world.select("SELECT actor, action FROM audit ORDER BY seq")
    assert [(row["actor"], row["action"]) for row in trail][-2:] == [
        (f"user:{stage.declarant.user}", "act.ONSSA_IMPORT.answered"),
        ("company", "message.ONSSA_IMPORT.answered"),
    ]


async def test_an_account_that_was_closed_may_do_nothing(stage: Stage) -> None:
    await questioned(stage)
    closed = msgspec.structs.replace(IMPORTER.person(Role.DECLARANT), active=False)
    await stage.world.write(closed)
    assert await answer(stage) is NotDone.NOT_YOURS
