"""Whoever may not do it is told so, and never asked for a code; who has left has no right, lent or lending."""

from datetime import timedelta

import msgspec

from portnet.domain.access import Role, User
from portnet.domain.approving.approval import Approval
from portnet.domain.approving.authority import Delegation
from portnet.domain.submission import NotDone
from portnet.services.approving.delegation import Loan
from portnet.services.approving.outcome import Fault, Refused
from tests.integration.services.approving.test_acts import cancelling
from tests.integration.services.approving.test_declarations import requested
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import Stage, taken
from tests.support.scenarios import BROKER, IMPORTER, reference

WEEK = timedelta(days=7)


def because(outcome: object) -> NotDone:
    assert isinstance(outcome, Refused), outcome
    return outcome.because


def loan(stage: Stage, holder: str) -> Loan:
    now = stage.world.clock.now()
    return Loan(key=stage.key(), holder=holder, starts_at=now, ends_at=now + WEEK)


async def lent(stage: Stage, holder: str) -> Delegation:
    given = await stage.world.approving.delegations.lend(stage.manager, loan(stage, holder), CODE)
    assert isinstance(given, Delegation), given
    return given


def clerk() -> User:
    """Somebody else of the company's finance, who decides nothing by their own role."""
    return IMPORTER.person(Role.FINANCE)


async def leaves(stage: Stage, user: User) -> None:
    await stage.world.write(msgspec.structs.replace(user, active=False))


async def test_who_may_not_approve_is_not_asked_for_a_code(stage: Stage) -> None:
    for asked in (await requested(stage), await cancelling(stage)):
        stage.proofs.asked.clear()
        outcome = await stage.approve(asked.content.id, viewer=stage.finance, proof=None)
        assert because(outcome) is NotDone.NOT_YOURS
        agent = stage.world.viewer(BROKER, Role.DECLARANT)
        assert await stage.approve(asked.content.id, viewer=agent, proof=None) is NotDone.NOT_FOUND
        own = await stage.approve(asked.content.id, viewer=stage.declarant, proof=None)
        assert because(own) is NotDone.OWN_WORK
        assert stage.proofs.asked == []


async def test_who_may_not_send_is_not_asked_for_a_code(stage: Stage) -> None:
    drafted = await stage.drafted()
    validated = taken(await stage.submissions.validate(stage.declarant, stage.asked(drafted)))
    refused = await stage.submissions.submit(stage.finance, stage.asked(validated), None)
    assert refused is NotDone.NOT_YOURS
    old = msgspec.structs.replace(stage.asked(validated), expected_version=1)
    stale = await stage.submissions.submit(stage.declarant, old, None)
    assert stale is NotDone.STALE_VERSION
    assert stage.proofs.asked == []


async def test_what_waits_for_a_yes_is_not_sent_with_a_code_first(stage: Stage) -> None:
    drafted = await stage.drafted("DUM_IMPORT")
    refused = await stage.submissions.submit(stage.declarant, stage.asked(drafted), None)
    assert refused is NotDone.APPROVAL_MISSING
    assert stage.proofs.asked == []


async def test_who_may_not_act_is_not_asked_for_a_code(stage: Stage) -> None:
    await stage.world.post("BADR", "DUM_IMPORT.registered", reference("DUM", 1))
    stage.proofs.approved[""] = stage.manager.user
    refused = await stage.acts.perform(stage.finance, await stage.wish("cancel"))
    assert refused is NotDone.NOT_YOURS
    old = msgspec.structs.replace(await stage.wish("cancel"), expected_version=99)
    assert await stage.acts.perform(stage.declarant, old) is NotDone.STALE_VERSION
    assert stage.proofs.asked == []
    assert await stage.acts.perform(stage.declarant, await stage.wish("cancel")) is NotDone.PROOF_REQUIRED  # fmt: skip


async def test_who_may_not_set_rules_or_lend_is_not_asked_for_a_code(stage: Stage) -> None:
    approving = stage.world.approving
    assert await approving.matrices.set(stage.declarant, "k", (), None) is NotDone.NOT_YOURS
    wish = loan(stage, stage.manager.user)
    assert await approving.delegations.lend(stage.declarant, wish, None) is NotDone.NOT_YOURS
    assert stage.proofs.asked == []


async def test_who_has_left_decides_nothing_by_what_was_lent_to_them(stage: Stage) -> None:
    asked = await requested(stage)
    await lent(stage, clerk().id)
    await leaves(stage, clerk())
    outcome = await stage.approve(asked.content.id, viewer=stage.finance)
    assert because(outcome) is NotDone.NOT_YOURS


async def test_what_somebody_lent_who_has_left_counts_no_more(stage: Stage) -> None:
    asked = await requested(stage)
    await lent(stage, clerk().id)
    await leaves(stage, IMPORTER.person(Role.MANAGER))
    outcome = await stage.approve(asked.content.id, viewer=stage.finance)
    assert because(outcome) is NotDone.NOT_YOURS
    assert isinstance(await stage.approval(), Approval)


async def test_a_right_that_was_lent_is_not_lent_to_or_by_who_has_left(stage: Stage) -> None:
    delegations = stage.world.approving.delegations
    await lent(stage, clerk().id)
    await leaves(stage, clerk())
    wish = loan(stage, stage.declarant.user)
    assert await delegations.lend(stage.finance, wish, CODE) is NotDone.NOT_YOURS
    found = await delegations.lend(stage.manager, loan(stage, clerk().id), CODE)
    assert found == (Fault(path="to", code="UNKNOWN"),)
