"""From draft to acknowledgement: one transaction each, done once, and the procedure opens when the gateway says so."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from portnet.domain.agency import Reference
from portnet.domain.identity.proof import Proof
from portnet.domain.outgoing import OutgoingState
from portnet.domain.submission import NotDone, Submission
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import CONTENT, Stage, open_stage, taken
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, reference
from tests.support.world import World

FILE = reference("ONSSA_FILE", 1).split(":")[1]
DUM = reference("DUM", 1)


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with open_stage(world) as stage:
        yield stage


async def approvable(stage: Stage) -> Submission:
    validated = taken(
        await stage.submissions.validate(
            stage.declarant, stage.asked(await stage.drafted("DUM_IMPORT"))
        )
    )
    asked = stage.asked(validated)
    return taken(await stage.submissions.request_approval(stage.declarant, asked))


async def approved(stage: Stage) -> Submission:
    asked = await approvable(stage)
    assert isinstance(await stage.approve(), tuple)
    return await stage.submission(asked.id)


async def test_what_was_approved_leaves_and_opens_its_procedure_when_it_is_acknowledged(
    stage: Stage,
) -> None:
    sent = taken(
        await stage.submissions.submit(stage.declarant, stage.asked(await approved(stage)), CODE)
    )
    assert sent.state == "SUBMITTED"
    assert await stage.send() == 1
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.SENT
    assert stage.system.taken[outgoing.id].content_hash == sent.content_hash
    assert await stage.world.procedures() == []
    dum = Reference(scheme="DUM", value=DUM.split(":")[1])
    await stage.acknowledge(outgoing.id, dum)
    [procedure] = await stage.world.procedures()
    [dossier] = await stage.world.dossiers()
    assert (procedure.code, procedure.state, procedure.identity) == (
        "DUM_IMPORT", "RECEIVED", dum.value,
    )  # fmt: skip
    assert dossier.company == IMPORTER.id
    received = await stage.submission(sent.id)
    assert (received.state, received.procedure) == ("RECEIVED", procedure.id)
    await stage.world.post("BADR", "DUM_IMPORT.registered", DUM)
    assert await stage.world.states() == {dum.value: "REGISTERED"}


async def test_the_agency_names_what_left_without_a_number(stage: Stage) -> None:
    sent = await stage.submitted()
    await stage.send()
    await stage.acknowledge(sent.outgoing or "")
    assert await stage.world.states() == {sent.outgoing: "RECEIVED"}
    await stage.world.post(
        "ONSSA", "ONSSA_IMPORT.registered", f"ONSSA_FILE:{FILE}", f"SUBMISSION:{sent.outgoing}"
    )
    assert await stage.world.states() == {FILE: "DOC_CHECK"}


async def test_an_agency_that_begins_before_its_gateway_acknowledges_has_one_procedure(
    stage: Stage,
) -> None:
    sent = await stage.submitted()
    await stage.world.post(
        "ONSSA", "ONSSA_IMPORT.registered", f"ONSSA_FILE:{FILE}", f"SUBMISSION:{sent.outgoing}"
    )
    await stage.acknowledge(sent.outgoing or "")
    [procedure] = await stage.world.procedures()
    assert (await stage.submission(sent.id)).procedure == procedure.id
    assert procedure.state == "DOC_CHECK"


async def test_the_procedure_opens_in_the_dossier_that_shares_a_reference(stage: Stage) -> None:
    await stage.world.post("BADR", "DUM_IMPORT.registered", DUM)
    dum = Reference(scheme="DUM", value=DUM.split(":")[1])
    sent = await stage.submitted(refs=(dum,))
    await stage.acknowledge(sent.outgoing or "")
    [dossier] = await stage.world.dossiers()
    assert {p.dossier for p in await stage.world.procedures()} == {dossier.id}
    assert len(await stage.world.procedures()) == 2


async def test_an_answer_before_the_posts_own_and_a_second_one_change_nothing_more(
    stage: Stage,
) -> None:
    sent = await stage.submitted()
    [claimed] = await stage.queue.claim(
        "PORTNET", stage.world.clock.now(), timedelta(minutes=1), 10
    )
    await stage.gateway.send(claimed)
    await stage.acknowledge(claimed.id)
    assert not await stage.queue.settle(msgspec.structs.replace(claimed, state=OutgoingState.SENT))
    await stage.acknowledge(claimed.id)
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.ACKNOWLEDGED
    assert len(await stage.world.procedures()) == 1
    assert (await stage.submission(sent.id)).state == "RECEIVED"
    assert await stage.world.column("SELECT count(*) FROM anomaly") == [0]


async def test_a_nack_sends_it_back_and_what_is_corrected_leaves_under_a_new_key(
    stage: Stage,
) -> None:
    sent = await stage.submitted()
    await stage.send()
    await stage.hear(stage.system.rejection(sent.outgoing or "", "HS", "Code inconnu"))
    rejected = await stage.submission(sent.id)
    assert rejected.state == "TECH_REJECTED"
    assert [reason.text for reason in rejected.reasons] == ["Code inconnu"]
    stage.world.clock.advance(timedelta(minutes=1))
    draft = taken(await stage.submissions.correct(stage.declarant, stage.asked(rejected)))
    edited = taken(await stage.submissions.edit(stage.declarant, stage.asked(draft), '{"a": 1}'))
    valid = taken(await stage.submissions.validate(stage.declarant, stage.asked(edited)))
    again = taken(await stage.submissions.submit(stage.declarant, stage.asked(valid), CODE))
    assert again.outgoing != sent.outgoing
    await stage.hear(stage.system.acknowledgement(sent.outgoing or ""))
    assert (await stage.submission(sent.id)).state == "SUBMITTED"
    reasons = await stage.world.column("SELECT reason FROM anomaly")
    assert reasons == ["ILLEGAL_TRANSITION"]


async def test_the_same_wish_twice_is_done_once(stage: Stage) -> None:
    drafted = await stage.drafted()
    wish = stage.asked(drafted)
    first = taken(await stage.submissions.validate(stage.declarant, wish))
    again = taken(await stage.submissions.validate(stage.declarant, wish))
    assert again == first
    other = msgspec.structs.replace(wish, expected_version=7)
    assert await stage.submissions.validate(stage.declarant, other) is NotDone.KEY_REUSED


async def test_a_repeated_submit_asks_for_no_second_code_and_leaves_once(stage: Stage) -> None:
    valid = taken(
        await stage.submissions.validate(stage.declarant, stage.asked(await stage.drafted()))
    )
    wish = stage.asked(valid)
    first = taken(await stage.submissions.submit(stage.declarant, wish, CODE))
    again = taken(await stage.submissions.submit(stage.declarant, wish, None))
    assert again == first
    assert len(stage.proofs.asked) == 1
    assert len(await stage.outgoing()) == 1


async def test_an_old_version_changes_nothing(stage: Stage) -> None:
    drafted = await stage.drafted()
    old = stage.asked(drafted)
    await stage.submissions.edit(stage.declarant, stage.asked(drafted), '{"b": 1}')
    assert await stage.submissions.validate(stage.declarant, old) is NotDone.STALE_VERSION


@pytest.mark.parametrize(
    ("proof", "refusal"),
    [(None, NotDone.PROOF_REQUIRED), (Proof(code="0"), NotDone.PROOF_WRONG)],
)
async def test_nothing_leaves_without_the_second_factor(
    stage: Stage, proof: Proof | None, refusal: NotDone
) -> None:
    ready = await approved(stage)
    assert await stage.submissions.submit(stage.declarant, stage.asked(ready), proof) is refusal
    stage.proofs.enrolled = False
    outcome = await stage.submissions.submit(stage.declarant, stage.asked(ready), CODE)
    assert outcome is NotDone.PROOF_MISSING
    assert await stage.outgoing() == []


async def test_another_company_finds_nothing(stage: Stage) -> None:
    drafted = await stage.drafted()
    for firm in (STRANGER, BROKER):
        viewer = stage.world.viewer(firm)
        outcome = await stage.submissions.discard(viewer, stage.asked(drafted))
        assert outcome is NotDone.NOT_FOUND
        begun = await stage.submissions.draft(viewer, drafted.id, "ONSSA_IMPORT", CONTENT)
        assert begun is NotDone.NOT_FOUND
    again = await stage.submissions.draft(stage.declarant, drafted.id, "ONSSA_IMPORT", CONTENT)
    assert again == drafted


async def test_the_clock_lets_approvals_lapse_and_puts_what_is_not_acknowledged_in_doubt(
    stage: Stage,
) -> None:
    lapsed = await stage.submissions.timed_out((await approvable(stage)).id, "lapse")
    assert taken(lapsed).state == "DRAFT"
    sent = await stage.submitted()
    await stage.send()
    unknown = taken(await stage.submissions.timed_out(sent.id, "no_ack"))
    assert unknown.state == "SUBMIT_UNKNOWN"
    assert await stage.submissions.timed_out(sent.id, "no_ack") is NotDone.NOT_NOW
    again = taken(await stage.submissions.timed_out(sent.id, "resend"))
    assert (again.state, again.outgoing) == ("SUBMITTED", sent.outgoing)
    assert await stage.send() == 1
    assert stage.system.requests == {sent.outgoing: 2}
    await stage.acknowledge(sent.outgoing or "")
    assert (await stage.submission(sent.id)).state == "RECEIVED"


async def test_every_step_is_in_the_companys_trail(stage: Stage) -> None:
    await approved(stage)
    actions = await stage.world.column("SELECT action FROM audit ORDER BY seq")
    assert actions == [
        "submission.draft",
        "submission.validate",
        "submission.request_approval",
        "approval.approve",
    ]


@pytest.mark.parametrize(
    ("event", "source", "sandbox", "reason"),
    [
        ("ack", "BADR", True, "NOT_THAT_SOURCE"),
        ("ack", "PORTNET", False, "SANDBOX_MISMATCH"),
        ("welcome", "PORTNET", True, "UNKNOWN_EVENT"),
    ],
)
async def test_an_answer_that_cannot_be_one_is_set_aside(
    stage: Stage, event: str, source: str, sandbox: bool, reason: str
) -> None:
    sent = await stage.submitted()
    acknowledged = stage.system.acknowledgement(sent.outgoing or "")
    body = acknowledged.replace(b"ENVELOPE.ack", f"ENVELOPE.{event}".encode())
    await stage.hear(body, source, sandbox=sandbox)
    assert await stage.world.column("SELECT reason FROM anomaly") == [reason]
    assert (await stage.submission(sent.id)).state == "SUBMITTED"


async def test_an_answer_to_what_we_never_sent_is_set_aside(stage: Stage) -> None:
    await stage.acknowledge("01J0000000000000000000000X")
    assert await stage.world.column("SELECT reason FROM anomaly") == ["UNMATCHED"]
