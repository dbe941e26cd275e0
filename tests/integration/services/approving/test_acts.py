"""An act that needs a yes waits for it; the yes sends it, in the name of both."""

from datetime import timedelta

import msgspec

from portnet.domain.approving.approval import Approval, ApprovalState
from portnet.domain.procedure import Procedure
from portnet.domain.submission import NotDone
from portnet.services.approving.decision import Decision
from portnet.services.approving.outcome import Refused
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import Stage
from tests.support.scenarios import IMPORTER, reference

FILE = reference("ONSSA_FILE", 1)
DUM = reference("DUM", 1)
HOUR = timedelta(hours=1)


async def cancelling(stage: Stage, source: str = "BADR") -> Approval:
    """The declarant wants to cancel."""
    code, ref = ("DUM_IMPORT", DUM) if source == "BADR" else ("ONSSA_IMPORT", FILE)
    await stage.world.post(source, f"{code}.registered", ref)
    outcome = await stage.acts.perform(stage.declarant, await stage.wish("cancel"))
    assert isinstance(outcome, Approval), outcome
    return outcome


async def told(stage: Stage, kind: str) -> list[str]:
    return await stage.world.column("SELECT user_id FROM alert WHERE kind = $1", kind)


async def test_the_yes_sends_the_act_in_both_names(stage: Stage) -> None:
    asked = await cancelling(stage)
    assert await stage.outgoing() == []
    assert await told(stage, "A20") == ["importer-manager"]
    given = await stage.approve(asked.content.id)
    assert isinstance(given, tuple), given
    [outgoing] = await stage.outgoing()
    assert (outgoing.event, outgoing.by) == ("cancel", stage.declarant.user)
    [procedure] = await stage.world.procedures()
    assert procedure.requested is not None
    lines = await stage.world.select(
        "SELECT actor, action FROM audit WHERE company = 'importer' ORDER BY seq"
    )
    said = [(line["actor"], line["action"]) for line in lines][-3:]
    assert said == [
        ("user:importer-declarant", "approval.request"),
        ("user:importer-declarant", "act.DUM_IMPORT.cancel"),
        ("user:importer-manager", "approval.approve"),
    ]
    await stage.acknowledge(outgoing.id)
    assert (await stage.world.procedures())[0].state == "CANCELLED"


async def test_asked_twice_is_asked_once(stage: Stage) -> None:
    await stage.world.post("BADR", "DUM_IMPORT.registered", DUM)
    wish = await stage.wish("cancel")
    first = await stage.acts.perform(stage.declarant, wish)
    assert await stage.acts.perform(stage.declarant, wish) == first
    other = await stage.acts.perform(stage.declarant, await stage.wish("cancel"))
    assert other == first
    assert await stage.world.column("SELECT count(*) FROM approval") == [1]


async def test_a_manager_who_acts_needs_another_ones_yes(stage: Stage) -> None:
    await stage.world.post("BADR", "DUM_IMPORT.registered", DUM)
    asked = await stage.acts.perform(stage.manager, await stage.wish("cancel"), CODE)
    assert isinstance(asked, Approval)
    refused = await stage.approve(asked.content.id)
    assert isinstance(refused, Refused)
    assert refused.because is NotDone.OWN_WORK


async def test_who_is_alone_approves_their_own_act_with_a_second_factor(stage: Stage) -> None:
    await stage.world.post("ONSSA", "ONSSA_IMPORT.registered", FILE)
    for user in IMPORTER.people:
        if user.id != stage.declarant.user:
            await stage.world.write(msgspec.structs.replace(user, active=False))
    wish = await stage.wish("cancel")
    assert await stage.acts.perform(stage.declarant, wish) is NotDone.PROOF_REQUIRED
    assert isinstance(await stage.acts.perform(stage.declarant, wish, CODE), Procedure)
    actions = await stage.world.column("SELECT action FROM audit ORDER BY seq")
    assert actions[-1] == "act.ONSSA_IMPORT.cancel.alone"


async def test_a_no_leaves_the_procedure_alone(stage: Stage) -> None:
    asked = await cancelling(stage)
    decision = Decision(key="k1", contents=(asked.content.id,), reason="Non")
    outcome = await stage.decisions.return_for_correction(stage.manager, decision)
    assert isinstance(outcome, tuple)
    assert await stage.outgoing() == []
    assert await told(stage, "A30") == ["importer-declarant"]


async def test_who_asked_takes_it_back(stage: Stage) -> None:
    asked = await cancelling(stage)
    ended = await stage.decisions.take_back(stage.declarant, "k1", asked.id, None)
    assert isinstance(ended, Approval)
    assert ended.state is ApprovalState.WITHDRAWN
    assert isinstance(await stage.approve(asked.content.id), Refused)


async def test_a_procedure_that_moves_on_voids_what_waits_in_it(stage: Stage) -> None:
    asked = await cancelling(stage)
    stage.world.clock.advance(HOUR / 2)
    await stage.world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    refused = await stage.approve(asked.content.id)
    assert isinstance(refused, Refused)
    assert refused.because is NotDone.STALE_VERSION
    await stage.world.ring()
    assert (await stage.approval()).state is ApprovalState.VOIDED
    assert await told(stage, "A30") == ["importer-declarant"]
    assert await stage.outgoing() == []


async def test_an_act_that_nobody_decides_lapses(stage: Stage) -> None:
    await cancelling(stage, "ONSSA")
    await stage.world.ring_on(73 * HOUR)
    assert (await stage.approval()).state is ApprovalState.LAPSED


async def test_an_approval_of_an_act_is_not_used_twice(stage: Stage) -> None:
    asked = await cancelling(stage)
    await stage.approve(asked.content.id)
    [outgoing] = await stage.outgoing()
    await stage.hear(stage.system.rejection(outgoing.id, "NO", "Impossible"))
    again = await stage.acts.perform(stage.declarant, await stage.wish("cancel"), CODE)
    assert isinstance(again, Approval)
    assert again.id != asked.id
    assert again.state is ApprovalState.PENDING
