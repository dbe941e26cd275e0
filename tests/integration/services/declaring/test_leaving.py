"""What is not asked for does not leave, and what is approved, proven and sent is one and the same content."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from portnet.domain.declaring.drafting import values_of
from portnet.domain.identity.proof import operation_hash
from portnet.domain.submission import NotDone, Submission, content_hash
from portnet.storage.log.rebuild import verify
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import open_stage, taken
from tests.support.declaring.desk import Desk
from tests.support.declaring.forms import AGENT, APPROVED_KIND, DUM, GOODS, ITS_SELLER, KIND, SELLER
from tests.support.world import World

#: What is there once the seller is another one and the spaces are gone.
LEAVES = {GOODS: "Feed", SELLER: "Other"}


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_stage(world) as stage:
        yield Desk(stage)


async def begun(desk: Desk, kind: str = KIND) -> Submission:
    """A draft with an answer that is not asked for any more, and one in a spelling of its own."""
    draft = await desk.begun((GOODS, " Feed "), (SELLER, ITS_SELLER), (AGENT, "Secret"), kind=kind)
    saved = await desk.save(draft.id, draft.version, (SELLER, "Other"), kind=kind)
    return taken(saved)


async def test_an_answer_that_is_not_asked_for_does_not_leave(desk: Desk) -> None:
    stage, draft = desk.stage, await begun(desk)
    assert values_of(draft.content)[AGENT] == "Secret"
    sent = taken(await stage.submissions.submit(stage.declarant, stage.asked(draft), CODE))
    assert values_of(sent.content) == LEAVES
    assert sent.content_hash == content_hash(sent.content)
    [outgoing] = await stage.outgoing()
    assert "Secret" not in outgoing.body
    assert msgspec.json.decode(outgoing.body)["content"] == LEAVES
    [revision] = await desk.world.select("SELECT content FROM submission_revision")
    assert revision["content"] == sent.content
    assert await stage.submission(draft.id) == sent


async def test_what_it_is_known_by_follows_what_leaves(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"), (DUM, "309 01 02026 00185 G"))
    stage = desk.stage
    sent = taken(await stage.submissions.submit(stage.declarant, stage.asked(draft), CODE))
    assert [ref.value for ref in sent.refs] == [values_of(sent.content)[DUM]]


async def test_the_code_is_for_the_content_that_leaves(desk: Desk) -> None:
    stage, draft = desk.stage, await begun(desk)
    leaves = stage.submissions.as_it_leaves(draft)
    assert values_of(leaves.content) == LEAVES
    refused = await stage.submissions.submit(stage.declarant, stage.asked(draft), None)
    assert refused is NotDone.PROOF_REQUIRED
    bound = operation_hash("submit", draft.id, leaves.content_hash)
    assert stage.proofs.asked[-1][1] == bound
    # Asking for a code has changed nothing.
    assert await stage.submission(draft.id) == draft
    sent = taken(await stage.submissions.submit(stage.declarant, stage.asked(draft), CODE))
    assert sent.content_hash == leaves.content_hash


async def test_the_manager_sees_what_leaves_and_nothing_else_leaves(desk: Desk) -> None:
    stage, draft = desk.stage, await begun(desk, APPROVED_KIND)
    taken(await stage.submissions.request_approval(stage.declarant, stage.asked(draft)))
    content = (await stage.approval()).content
    assert values_of(content.body) == LEAVES
    await stage.approve()
    approved = await stage.submission(draft.id)
    sent = taken(await stage.submissions.submit(stage.declarant, stage.asked(approved), CODE))
    assert sent.content == content.body
    [outgoing] = await stage.outgoing()
    assert msgspec.json.decode(outgoing.body)["content"] == LEAVES


async def test_whoever_asks_does_not_become_the_author_of_what_others_wrote(desk: Desk) -> None:
    stage, draft = desk.stage, await begun(desk, APPROVED_KIND)
    taken(await stage.submissions.request_approval(stage.manager, stage.asked(draft)))
    approval = await stage.approval()
    assert (approval.author, approval.requested_by) == (stage.declarant.user, stage.manager.user)


async def test_tidying_is_on_record_and_the_log_rebuilds_it(desk: Desk) -> None:
    stage, draft = desk.stage, await begun(desk)
    taken(await stage.submissions.submit(stage.declarant, stage.asked(draft), CODE))
    actions = await desk.world.column("SELECT action FROM audit ORDER BY seq")
    assert [a for a in actions if a.startswith("submission.")] == [
        "submission.save", "submission.save", "submission.tidy", "submission.submit",
    ]  # fmt: skip
    outcome = await verify(desk.world.database, desk.world.catalogue)
    assert outcome.differences == []


async def test_a_queue_never_conflicts_with_what_was_tidied_out_of_its_own_answers(
    desk: Desk,
) -> None:
    stage, draft = desk.stage, await begun(desk, APPROVED_KIND)
    pending = taken(await stage.submissions.request_approval(stage.declarant, stage.asked(draft)))
    taken(await stage.submissions.withdraw(stage.declarant, stage.asked(pending)))
    saved = await desk.save(
        draft.id, draft.version, (GOODS, "Maize"), (AGENT, "X"), kind=APPROVED_KIND
    )
    assert isinstance(saved, Submission), saved
    assert values_of(saved.content) == {GOODS: "Maize", SELLER: "Other", AGENT: "X"}


async def test_what_is_as_it_leaves_is_left_alone(desk: Desk) -> None:
    stage, draft = desk.stage, await desk.begun((GOODS, "Feed"))
    sent = taken(await stage.submissions.submit(stage.declarant, stage.asked(draft), CODE))
    assert (sent.version, sent.content) == (draft.version + 2, draft.content)
