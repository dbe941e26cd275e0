"""Saving field by field: whole or not at all, done once, others' later changes told, one's own queue never stopped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.domain.declaring.drafting import (
    LARGEST_CONTENT,
    LONGEST_VALUE,
    Conflict,
    PatchFault,
    values_of,
)
from portnet.domain.identity.mandate import Lapse, NoMandate
from portnet.domain.submission import NotDone, Submission
from portnet.services.declaring.drafts import Overtaken, Refused
from portnet.storage.engines import TransactionConflict
from portnet.storage.log.rebuild import verify
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import open_stage, taken
from tests.support.declaring.desk import Desk
from tests.support.declaring.forms import APPROVED_KIND, DUM, GOODS, NUMBER, SELLER
from tests.support.scenarios import BROKER, IMPORTER, MANDATE, STRANGER
from tests.support.world import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_stage(world) as stage:
        yield Desk(stage)


async def test_a_draft_begins_with_its_first_patch_and_grows_with_each(desk: Desk) -> None:
    first = await desk.begun((GOODS, "Feed"))
    assert (first.state, first.company, first.author) == (
        "DRAFT", IMPORTER.id, desk.stage.declarant.user,
    )  # fmt: skip
    second = taken(await desk.save(first.id, first.version, (SELLER, "ACME"), (GOODS, None)))
    assert values_of(second.content) == {SELLER: "ACME"}
    assert second.version == first.version + 1
    assert await desk.stage.submission(first.id) == second


async def test_what_the_answers_name_is_what_it_is_known_by(desk: Desk) -> None:
    draft = await desk.begun((DUM, "309 010 2026 0018538 G"))
    assert [ref.scheme for ref in draft.refs] == ["DUM"]
    assert taken(await desk.save(draft.id, draft.version, (DUM, None))).refs == ()


async def test_thirty_patches_that_waited_a_day_offline_all_apply(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "0"))
    desk.world.clock.advance(timedelta(days=1))
    await desk.save(draft.id, draft.version, (SELLER, "Theirs"), by=desk.stage.manager, queue="m")
    for number in range(30):
        path = GOODS if number % 2 else NUMBER
        taken(await desk.save(draft.id, draft.version, (path, str(number))))
    kept = await desk.stage.submission(draft.id)
    assert values_of(kept.content) == {GOODS: "29", NUMBER: "28", SELLER: "Theirs"}


async def test_others_later_change_of_the_same_field_stops_the_whole_patch(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    theirs = taken(
        await desk.save(draft.id, draft.version, (GOODS, "Maize"), by=desk.stage.manager, queue="m")
    )
    outcome = await desk.save(draft.id, draft.version, (GOODS, "Wheat"), (SELLER, "ACME"))
    assert outcome == Overtaken(
        current=theirs,
        conflicts=(
            Conflict(path=GOODS, yours="Wheat", theirs="Maize", by=desk.stage.manager.user),
        ),
    )
    assert await desk.stage.submission(draft.id) == theirs
    # Who has read theirs may write over it, and the rest of their queue goes on.
    taken(await desk.save(draft.id, theirs.version, (GOODS, "Wheat")))
    again = taken(await desk.save(draft.id, draft.version, (GOODS, "Barley")))
    assert values_of(again.content) == {GOODS: "Barley"}


async def test_others_changes_of_other_fields_and_the_same_value_are_no_conflict(
    desk: Desk,
) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    await desk.save(
        draft.id, draft.version, (SELLER, "ACME"), (NUMBER, "1"), by=desk.stage.manager, queue="m"
    )
    outcome = taken(await desk.save(draft.id, draft.version, (GOODS, "Wheat"), (NUMBER, "1")))
    assert values_of(outcome.content) == {GOODS: "Wheat", SELLER: "ACME", NUMBER: "1"}


async def test_what_others_cleared_is_a_conflict_too(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    await desk.save(draft.id, draft.version, (GOODS, None), by=desk.stage.manager, queue="m")
    outcome = await desk.save(draft.id, draft.version, (GOODS, "Wheat"))
    assert isinstance(outcome, Overtaken)
    assert [(c.yours, c.theirs) for c in outcome.conflicts] == [("Wheat", None)]


async def test_ones_own_tablet_does_not_undo_what_ones_phone_wrote_unread(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    await desk.save(draft.id, draft.version, (GOODS, "Maize"))
    outcome = await desk.save(draft.id, draft.version, (GOODS, "Wheat"), queue="tablet")
    assert isinstance(outcome, Overtaken)


async def test_the_same_key_saves_once_and_means_one_thing(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    saved = taken(await desk.save(draft.id, draft.version, (GOODS, "Wheat"), key="k"))
    later = taken(await desk.save(draft.id, saved.version, (GOODS, "Maize")))
    assert await desk.save(draft.id, draft.version, (GOODS, "Wheat"), key="k") == later
    other = await desk.save(draft.id, draft.version, (GOODS, "Barley"), key="k")
    assert other == Refused(why=NotDone.KEY_REUSED, current=later)
    assert await desk.stage.submission(draft.id) == later


async def test_a_conflict_is_not_remembered_so_the_same_key_can_be_tried_again(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    theirs = taken(
        await desk.save(draft.id, draft.version, (GOODS, "Maize"), by=desk.stage.manager, queue="m")
    )
    assert isinstance(
        await desk.save(draft.id, draft.version, (GOODS, "Wheat"), key="k"), Overtaken
    )
    again = taken(await desk.save(draft.id, theirs.version, (GOODS, "Wheat"), key="k"))
    assert values_of(again.content) == {GOODS: "Wheat"}


async def test_two_that_write_the_same_field_at_once_do_not_lose_each_other(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    outcomes = await asyncio.gather(
        desk.save(draft.id, draft.version, (GOODS, "Wheat")),
        desk.save(draft.id, draft.version, (GOODS, "Maize"), by=desk.stage.manager, queue="m"),
        return_exceptions=True,
    )
    assert sum(isinstance(o, Submission) for o in outcomes) == 1
    [other] = [o for o in outcomes if not isinstance(o, Submission)]
    assert isinstance(other, Overtaken | TransactionConflict)


async def test_an_approval_is_void_once_the_content_changes_but_not_before(desk: Desk) -> None:
    stage = desk.stage
    draft = await desk.begun((GOODS, "Feed"), kind=APPROVED_KIND)
    validated = taken(await stage.submissions.validate(stage.declarant, stage.asked(draft)))
    asked = taken(await stage.submissions.request_approval(stage.declarant, stage.asked(validated)))
    refused = await desk.save(draft.id, asked.version, (GOODS, "Wheat"), kind=APPROVED_KIND)
    assert refused == Refused(why=NotDone.NOT_NOW, current=asked)
    await stage.approve()
    approved = await stage.submission(asked.id)
    same = taken(await desk.save(draft.id, approved.version, (GOODS, "Feed"), kind=APPROVED_KIND))
    assert same == approved
    changed = taken(
        await desk.save(draft.id, approved.version, (GOODS, "Wheat"), kind=APPROVED_KIND)
    )
    assert (changed.state, changed.approval) == ("DRAFT", None)


async def test_what_was_rejected_is_corrected_as_the_next_revision_and_kept_as_it_went(
    desk: Desk,
) -> None:
    stage = desk.stage
    draft = await desk.begun((GOODS, "Feed"))
    sent = taken(await stage.submissions.submit(stage.declarant, stage.asked(draft), CODE))
    refused = await desk.save(draft.id, sent.version, (GOODS, "Wheat"))
    assert refused == Refused(why=NotDone.NOT_NOW, current=sent)
    await stage.send()
    await stage.hear(stage.system.rejection(sent.outgoing or "", "HS", "Code inconnu"))
    rejected = await stage.submission(sent.id)
    stage.world.clock.advance(timedelta(minutes=1))
    corrected = taken(await desk.save(draft.id, rejected.version, (GOODS, "Wheat")))
    assert (corrected.state, corrected.revision, sent.revision) == ("DRAFT", 2, 1)
    kept = await desk.world.select("SELECT number, content FROM submission_revision")
    assert [(row["number"], row["content"]) for row in kept] == [(1, sent.content)]


async def test_a_broker_writes_for_the_company_that_mandates_it_and_both_go_on(desk: Desk) -> None:
    agent = desk.world.viewer(BROKER, Role.DECLARANT)
    id_ = desk.world.ids.new()
    draft = taken(await desk.save(id_, 0, (GOODS, "Feed"), by=agent))
    assert (draft.company, draft.broker, draft.author) == (IMPORTER.id, BROKER.id, agent.user)
    theirs = taken(await desk.save(id_, draft.version, (SELLER, "ACME")))
    assert (
        taken(await desk.save(id_, theirs.version, (GOODS, "Maize"), by=agent)).company
        == IMPORTER.id
    )
    stage = desk.stage
    sent = taken(
        await stage.submissions.submit(agent, stage.asked(await stage.submission(id_)), CODE)
    )
    [outgoing] = await stage.outgoing()
    assert b'"BROKER"' in outgoing.body.encode()
    await stage.acknowledge(sent.outgoing or "")
    [dossier] = await desk.world.dossiers()
    assert (dossier.company, dossier.broker) == (IMPORTER.id, BROKER.id)


async def test_without_a_mandate_in_force_there_is_nothing_to_write_in(desk: Desk) -> None:
    not_found = Refused(why=NotDone.NOT_FOUND)
    agent = desk.world.viewer(BROKER, Role.DECLARANT)
    stranger = desk.world.viewer(STRANGER, Role.DECLARANT)
    own = await desk.begun((GOODS, "Feed"))
    for by, company in ((stranger, IMPORTER.id), (stranger, STRANGER.id), (agent, IMPORTER.id)):
        outcome = await desk.save(own.id, own.version, (GOODS, "x"), by=by, company=company)
        assert outcome == not_found
    id_ = desk.world.ids.new()
    assert await desk.save(id_, 0, (GOODS, "x"), by=stranger) == not_found
    draft = taken(await desk.save(id_, 0, (GOODS, "x"), by=agent))
    await desk.world.write(msgspec.structs.replace(MANDATE, revoked_at=desk.world.clock.now()))
    outcome = await desk.save(id_, draft.version, (GOODS, "y"), by=agent)
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.why, NoMandate)
    assert outcome.why.lapse is Lapse.MANDATE_REVOKED
    stage = desk.stage
    discarded = await stage.submissions.discard(agent, stage.asked(draft))
    assert discarded is NotDone.NOT_FOUND
    assert taken(await desk.save(id_, draft.version, (GOODS, "z"))).company == IMPORTER.id


async def test_a_broker_decides_nothing_for_its_company(desk: Desk) -> None:
    stage = desk.stage
    manager = desk.world.viewer(BROKER, Role.MANAGER)
    draft = await desk.begun((GOODS, "Feed"), kind=APPROVED_KIND)
    await desk.world.write(msgspec.structs.replace(draft, broker=BROKER.id))
    validated = taken(await stage.submissions.validate(stage.declarant, stage.asked(draft)))
    taken(await stage.submissions.request_approval(stage.declarant, stage.asked(validated)))
    assert await stage.approve(viewer=manager) is NotDone.NOT_FOUND


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"form_version": 9}, "formVersion"),
        ({"kind": "NOTHING"}, "formVersion"),
        ({"kind": APPROVED_KIND}, "kind"),
    ],
)
async def test_a_form_that_is_not_the_drafts_is_refused(
    desk: Desk, changes: dict[str, Any], fault: str
) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    outcome = await desk.save(draft.id, draft.version, (GOODS, "x"), **changes)
    assert outcome == (PatchFault(path=fault, code="UNKNOWN"),)


async def test_a_version_that_never_was_is_refused(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    outcome = await desk.save(draft.id, draft.version + 1, (GOODS, "x"))
    assert outcome == (PatchFault(path="baseVersion", code="UNKNOWN"),)


async def test_a_newer_app_moves_the_draft_to_its_form_and_an_older_one_does_not_move_it_back(
    desk: Desk,
) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    newer = taken(await desk.save(draft.id, draft.version, (GOODS, "a"), form_version=2))
    older = taken(await desk.save(draft.id, newer.version, (GOODS, "b"), form_version=1))
    assert (newer.form_version, older.form_version) == (2, 2)


async def test_a_draft_does_not_grow_without_end(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    outcome: object = draft
    while isinstance(outcome, Submission):
        lines = [(f"goods/lines/{desk.world.ids.new()}/hs", "x" * LONGEST_VALUE) for _ in range(30)]
        draft = outcome
        outcome = await desk.save(draft.id, draft.version, *lines)
    assert outcome == (PatchFault(path="patch", code="CONTENT_TOO_LARGE"),)
    assert len(draft.content) <= LARGEST_CONTENT


async def test_who_may_not_declare_may_not_write(desk: Desk) -> None:
    clerk = desk.world.viewer(IMPORTER, Role.LOGISTICS)
    outcome = await desk.save(desk.world.ids.new(), 0, (GOODS, "Feed"), by=clerk)
    assert outcome == Refused(why=NotDone.NOT_YOURS)


async def test_each_save_is_in_the_trail(desk: Desk) -> None:
    draft = await desk.begun((GOODS, "Feed"))
    await desk.save(draft.id, draft.version, (GOODS, "Maize"))
    actions = await desk.world.column("SELECT action FROM audit ORDER BY seq")
    assert actions == ["submission.save", "submission.save"]


async def test_the_log_says_every_field_who_wrote_it_and_what_was_sent(desk: Desk) -> None:
    stage = desk.stage
    draft = await desk.begun((GOODS, "Feed"), (SELLER, "ACME"))
    other = await desk.save(draft.id, draft.version, (GOODS, None), by=stage.manager, queue="m")
    again = taken(await desk.save(draft.id, taken(other).version, (GOODS, "Maize"), (DUM, "1")))
    taken(await stage.submissions.submit(stage.declarant, stage.asked(again), CODE))
    outcome = await verify(desk.world.database, desk.world.catalogue)
    assert outcome.differences == []
    # The submission, its three fields, and what was sent.
    assert outcome.rows == 5
