"""A declaration is approved on exactly the content that was shown, by somebody else, once."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.domain.approving.approval import Approval, ApprovalState, proof_hash
from portnet.domain.events import FrameKind, company_audience
from portnet.domain.identity.proof import Need, Proof
from portnet.domain.submission import NotDone, Submission
from portnet.ports.reading import PageSize
from portnet.ports.unit_of_work import Position
from portnet.services.approving.decision import Decided, Decision
from portnet.services.approving.outcome import Fault, Refused, SecondFactorMissing, Stale
from portnet.storage.engines import TransactionConflict
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import Stage, taken
from tests.support.scenarios import BROKER, IMPORTER, STRANGER

HOUR = timedelta(hours=1)


async def requested(stage: Stage, target: str = "DUM_IMPORT") -> Approval:
    validated = taken(
        await stage.submissions.validate(stage.declarant, stage.asked(await stage.drafted(target)))
    )
    await stage.submissions.request_approval(stage.declarant, stage.asked(validated))
    return await stage.approval()


async def edited(stage: Stage, submission: str, content: str) -> Approval:
    """Taken back by the declarant, changed, and asked for again."""
    step = stage.submissions
    known = await stage.submission(submission)
    draft = taken(await step.withdraw(stage.declarant, stage.asked(known)))
    changed = taken(await step.edit(stage.declarant, stage.asked(draft), content))
    valid = taken(await step.validate(stage.declarant, stage.asked(changed)))
    taken(await step.request_approval(stage.declarant, stage.asked(valid)))
    return await stage.approval()


async def told(stage: Stage, kind: str) -> list[str]:
    sql = "SELECT user_id FROM alert WHERE kind = $1 ORDER BY raised_at, user_id"
    return await stage.world.column(sql, kind)


def one(outcome: Decided) -> Approval:
    assert isinstance(outcome, tuple), outcome
    [approval] = outcome
    assert isinstance(approval, Approval), approval
    return approval


async def test_a_yes_is_of_what_was_shown_and_frees_the_declaration(stage: Stage) -> None:
    asked = await requested(stage)
    assert (asked.state, asked.role) == (ApprovalState.PENDING, Role.MANAGER)
    assert await told(stage, "A20") == ["importer-manager"]
    given = one(await stage.approve())
    assert (given.state, given.decided_by) == (ApprovalState.APPROVED, "importer-manager")
    submission = await stage.submission(asked.content.subject)
    assert submission.state == "APPROVED"
    assert (Need.SECOND_FACTOR, proof_hash([asked.content.id])) in stage.proofs.asked
    assert await told(stage, "A31") == ["importer-declarant"]
    sent = taken(await stage.submissions.submit(stage.declarant, stage.asked(submission), CODE))
    assert sent.state == "SUBMITTED"


async def test_what_changed_while_the_sheet_was_open_is_told_and_not_approved(
    stage: Stage,
) -> None:
    shown = await requested(stage)
    now = await edited(stage, shown.content.subject, '{"amount": "999"}')
    stale = await stage.approve(shown.content.id)
    assert isinstance(stale, Stale)
    assert stale.approval == now
    assert stale.shown == shown.content
    assert stage.proofs.asked == []
    assert (await stage.submission(shown.content.subject)).state == "PENDING_APPROVAL"
    one(await stage.approve(now.content.id))


async def test_what_is_the_same_again_is_still_what_was_shown(stage: Stage) -> None:
    shown = await requested(stage)
    again = await edited(stage, shown.content.subject, shown.content.body)
    assert again.id != shown.id
    assert one(await stage.approve(shown.content.id)).id == again.id


async def test_32_approvals_at_once_are_one(stage: Stage) -> None:
    asked = await requested(stage)
    for number in range(1, 8):
        manager = IMPORTER.person(Role.MANAGER)
        await stage.world.write(
            msgspec.structs.replace(manager, id=f"manager-{number}", login=f"manager-{number}")
        )
    people = await stage.world.approving.reader.people(IMPORTER.id)
    managers = [stage.world.viewing(user) for user in people if Role.MANAGER in user.roles]
    outcomes = await asyncio.gather(
        *(stage.approve(asked.content.id, viewer=managers[n % 8]) for n in range(32)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 1
    left = [outcome for outcome in outcomes if not isinstance(outcome, tuple)]
    assert all(isinstance(outcome, Refused | TransactionConflict) for outcome in left)
    said = [outcome for outcome in left if isinstance(outcome, Refused)]
    assert {outcome.because for outcome in said} == {NotDone.NOT_NOW}
    winner = (await stage.approval()).decided_by
    assert {outcome.approval.decided_by for outcome in said} == {winner}
    assert await stage.world.column(
        "SELECT count(*) FROM audit WHERE action = 'approval.approve'"
    ) == [1]


async def test_a_replayed_yes_is_the_same_yes(stage: Stage) -> None:
    asked = await requested(stage)
    decision = Decision(key="k1", contents=(asked.content.id,))
    first = one(await stage.decisions.approve(stage.manager, decision, CODE))
    again = one(await stage.decisions.approve(stage.manager, decision, None))
    assert again == first
    other = msgspec.structs.replace(decision, reason="because")
    assert await stage.decisions.approve(stage.manager, other, CODE) is NotDone.KEY_REUSED
    assert await stage.world.column("SELECT count(*) FROM alert WHERE kind = 'A31'") == [1]


async def test_a_no_that_crosses_a_yes_changes_nothing(stage: Stage) -> None:
    asked = await requested(stage)
    one(await stage.approve())
    crossing = Decision(key="k2", contents=(asked.content.id,), reason="Prix faux")
    refused = await stage.decisions.return_for_correction(stage.manager, crossing)
    assert isinstance(refused, Refused)
    assert refused.approval.state is ApprovalState.APPROVED
    assert (await stage.submission(asked.content.subject)).state == "APPROVED"


async def test_a_no_says_why_and_sends_it_back(stage: Stage) -> None:
    asked = await requested(stage)
    silent = Decision(key="k1", contents=(asked.content.id,), reason="  ")
    faults = await stage.decisions.return_for_correction(stage.manager, silent)
    assert faults == (Fault(path="reason", code="EMPTY"),)
    decision = msgspec.structs.replace(silent, reason="Prix faux")
    given = one(await stage.decisions.return_for_correction(stage.manager, decision))
    assert (given.state, given.reason) == (ApprovalState.RETURNED, "Prix faux")
    back = await stage.submission(asked.content.subject)
    assert (back.state, back.reasons[0].text) == ("DRAFT", "Prix faux")
    assert await told(stage, "A30") == ["importer-declarant"]


async def test_several_like_items_are_decided_by_one_proof_or_not_at_all(stage: Stage) -> None:
    first, second = await requested(stage), await requested(stage)
    contents = (second.content.id, first.content.id)
    outcome = await stage.approve(*contents, proof=None)
    assert isinstance(outcome, SecondFactorMissing)
    assert outcome.operation_hash == proof_hash(sorted(contents))
    newer = await edited(stage, second.content.subject, '{"amount": "1"}')
    assert isinstance(await stage.approve(*contents), Stale)
    assert (await stage.submission(first.content.subject)).state == "PENDING_APPROVAL"
    both = await stage.approve(first.content.id, newer.content.id)
    assert isinstance(both, tuple)
    assert len(both) == 2


@pytest.mark.parametrize(
    ("proof", "refusal"),
    [(None, NotDone.PROOF_REQUIRED), (Proof(code="0"), NotDone.PROOF_WRONG)],
)
async def test_nobody_approves_without_their_second_factor(
    stage: Stage, proof: Proof | None, refusal: NotDone
) -> None:
    await requested(stage)
    outcome = await stage.approve(proof=proof)
    assert isinstance(outcome, SecondFactorMissing)
    assert outcome.because is refusal
    assert (await stage.approval()).pending


async def test_nobody_approves_their_own_work_unless_they_are_alone(stage: Stage) -> None:
    asked = await requested(stage)
    both = msgspec.structs.replace(
        IMPORTER.person(Role.DECLARANT), roles=(Role.DECLARANT, Role.MANAGER)
    )
    await stage.world.write(both)
    refused = await stage.approve(viewer=stage.declarant)
    assert isinstance(refused, Refused)
    assert refused.because is NotDone.OWN_WORK
    for user in IMPORTER.people:
        if user.id != both.id:
            await stage.world.write(msgspec.structs.replace(user, active=False))
    given = one(await stage.approve(asked.content.id, viewer=stage.declarant))
    assert given.self_approved
    [action] = await stage.world.column("SELECT action FROM audit WHERE action LIKE 'approval.%'")
    assert action == "approval.approve.alone"


async def test_other_roles_and_other_companies_decide_nothing(stage: Stage) -> None:
    await requested(stage)
    refused = await stage.approve(viewer=stage.world.viewer(IMPORTER, Role.FINANCE))
    assert isinstance(refused, Refused)
    assert refused.because is NotDone.NOT_YOURS
    for firm in (STRANGER, BROKER):
        viewer = stage.world.viewer(firm, Role.MANAGER)
        assert await stage.approve(viewer=viewer) is NotDone.NOT_FOUND


async def test_the_manager_takes_a_yes_back_before_it_is_used(stage: Stage) -> None:
    asked = await requested(stage)
    one(await stage.approve())
    back = await stage.decisions.take_back(stage.manager, "k1", asked.id, "Attendre")
    assert isinstance(back, Approval)
    assert (back.state, back.decided_by) == (ApprovalState.VOIDED, "importer-manager")
    draft = await stage.submission(asked.content.subject)
    assert (draft.state, draft.approval) == ("DRAFT", None)
    again = await stage.decisions.take_back(stage.manager, "k2", asked.id, None)
    assert isinstance(again, Refused)


async def test_an_edit_after_the_yes_voids_it_and_the_manager_hears(stage: Stage) -> None:
    asked = await requested(stage)
    one(await stage.approve())
    known = await stage.submission(asked.content.subject)
    await stage.submissions.edit(stage.declarant, stage.asked(known), '{"amount": "1"}')
    assert (await stage.approval()).state is ApprovalState.VOIDED
    assert await told(stage, "A32") == ["importer-manager"]


async def test_what_nobody_decides_is_brought_up_and_lapses(stage: Stage) -> None:
    asked = await requested(stage)
    world = stage.world
    await world.ring_on(HOUR)
    assert await told(stage, "A20") == ["importer-manager"] * 2
    # Nobody lent the right to anybody: the administrator is next.
    await world.ring_on(3 * HOUR)
    assert (await told(stage, "A20"))[2:] == ["importer-administrator"]
    await world.ring_on(20 * HOUR)
    assert (await told(stage, "A20"))[3:] == ["importer-administrator"]
    await world.ring_on(48 * HOUR)
    assert (await stage.approval()).state is ApprovalState.LAPSED
    assert (await stage.submission(asked.content.subject)).state == "DRAFT"
    assert await told(stage, "A30") == ["importer-declarant"]
    assert await world.column("SELECT count(*) FROM timer") == [0]


async def test_a_decision_ends_the_reminders(stage: Stage) -> None:
    await requested(stage)
    assert await stage.world.column("SELECT count(*) FROM timer") == [4]
    one(await stage.approve())
    assert await stage.world.column("SELECT count(*) FROM timer") == [0]
    await stage.world.ring_on(100 * HOUR)
    assert len(await told(stage, "A20")) == 1


async def test_what_is_not_acknowledged_is_told_and_sent_again(stage: Stage) -> None:
    sent = await stage.submitted()
    await stage.send()
    await stage.world.ring_on(HOUR / 2)
    assert (await stage.submission(sent.id)).state == "SUBMIT_UNKNOWN"
    assert set(await told(stage, "A23")) == {"importer-declarant", "importer-manager"}
    await stage.world.ring_on(HOUR)
    assert (await stage.submission(sent.id)).state == "SUBMITTED"
    await stage.hear(stage.system.rejection(sent.outgoing or "", "HS", "Code inconnu"))
    assert await told(stage, "A37") == ["importer-declarant"]


async def test_the_inbox_shows_each_their_own_first_to_lapse_first(stage: Stage) -> None:
    asked: list[Approval] = []
    for _ in range(3):
        asked.append(await requested(stage))
        stage.world.clock.advance(HOUR)
    inbox = stage.world.approving.inbox
    first = await inbox.page(stage.manager, PageSize(2))
    assert [a.id for a in first.items] == [a.id for a in asked[:2]]
    assert first.more
    rest = await inbox.page(stage.manager, PageSize(2, first.end))
    assert [a.id for a in rest.items] == [asked[2].id]
    assert not rest.more
    assert await inbox.count(stage.manager) == 3
    assert await inbox.count(stage.declarant) == 0
    assert await inbox.count(stage.world.viewer(STRANGER, Role.MANAGER)) == 0


async def test_every_change_is_heard_by_the_company(stage: Stage) -> None:
    await requested(stage)
    one(await stage.approve())
    audience = company_audience(IMPORTER.id)
    start = Position(audience=audience, seq=0)
    page = (await stage.world.feed.after([start], 100, stage.world.clock.now()))[audience]
    assert [row.kind for row in page.rows].count(FrameKind.APPROVAL_CHANGED) == 2


async def test_changes_are_against_what_the_same_person_saw_last(stage: Stage) -> None:
    shown = await requested(stage)
    reader, subject = stage.world.approving.reader, shown.content.subject
    assert isinstance(await stage.decisions.open(stage.manager, shown.content.id), Approval)
    newer = await edited(stage, subject, '{"amount": "1"}')
    seen = (await reader.seen(stage.manager.user, [subject]))[subject]
    assert seen.against(newer.content.id) == shown.content.id
    await stage.decisions.open(stage.manager, newer.content.id)
    seen = (await reader.seen(stage.manager.user, [subject]))[subject]
    assert seen.against(newer.content.id) == shown.content.id
    assert await reader.seen(stage.declarant.user, [subject]) == {}


async def test_the_matrix_decides_what_needs_a_yes(stage: Stage) -> None:
    validated = taken(
        await stage.submissions.validate(
            stage.declarant, stage.asked(await stage.drafted("DUM_IMPORT"))
        )
    )
    asked = stage.asked(validated)
    refused = await stage.submissions.submit(stage.declarant, asked, CODE)
    assert refused is NotDone.APPROVAL_MISSING
    matrices = stage.world.approving.matrices
    denied = await matrices.set(stage.declarant, "k1", (), CODE)
    assert denied is NotDone.NOT_YOURS
    missing = await matrices.set(stage.manager, "k1", (), None)
    assert isinstance(missing, SecondFactorMissing)
    await matrices.set(stage.manager, "k2", (), CODE)
    sent = await stage.submissions.submit(stage.declarant, asked, CODE)
    assert isinstance(sent, Submission)
