"""A debt is paid once: while an order is under way, or nobody knows what became of it, nobody orders again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from portnet.domain.access import Role, Viewer
from portnet.domain.agency import Reason
from portnet.domain.approving.approval import Approval
from portnet.domain.dossier import Dossier
from portnet.domain.identity.mandate import NoMandate
from portnet.domain.outgoing import OutgoingState
from portnet.domain.paying.debit import Debit
from portnet.domain.procedure import EntryKind, Procedure
from portnet.domain.request import InformationRequest, RequestKind, RequestState
from portnet.domain.submission import NotDone
from portnet.services.act import Wish
from portnet.storage.engines import TransactionConflict
from portnet.storage.repositories.paying.payment import PaymentRepository
from portnet_server.demo.paying.provider import Behaviour
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import Stage, open_stage
from tests.support.scenarios import BROKER, IMPORTER, STRANGER
from tests.support.world import World

DUM = "DUM:30901020260000001G"
INVOICE, OTHER = "PAYMENT:P-2026-1", "PAYMENT:P-2026-2"
MINUTE = timedelta(minutes=1)
LATER = timedelta(minutes=16)
DUTIES = [
    {"kind": "DI", "value": "4560.00", "currency": "MAD"},
    {"kind": "TVA", "value": "177840.00", "currency": "MAD"},
]


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with open_stage(world) as stage:
        stage.proofs.approved[""] = stage.manager.user
        yield stage


async def say(stage: Stage, source: str, type: str, *refs: str, **fields: Any) -> None:
    await stage.world.post(source, type, *refs, **fields)
    stage.world.clock.advance(MINUTE)


async def liquidated(stage: Stage) -> None:
    for event in ("registered", "channel_green"):
        await say(stage, "BADR", f"DUM_IMPORT.{event}", DUM)
    due_at = stage.world.clock.now() + timedelta(days=1)
    await say(stage, "BADR", "DUM_IMPORT.liquidated", DUM, due_at=due_at, amounts=DUTIES)


async def invoiced(stage: Stage, invoice: str = INVOICE, *refs: str, source: str = "PSP") -> None:
    due_at = stage.world.clock.now() + timedelta(days=1)
    await say(
        stage, source, "PAYMENT.invoiced", invoice, *(refs or (DUM,)), due_at=due_at, amounts=DUTIES
    )


async def payment(stage: Stage, invoice: str = INVOICE) -> Procedure:
    found = await stage.world.procedures()
    return next(p for p in found if f"PAYMENT:{p.identity}" == invoice)


async def start(
    stage: Stage, invoice: str = INVOICE, viewer: Viewer | None = None
) -> Procedure | NotDone:
    due = await payment(stage, invoice)
    wish = Wish(key=stage.key(), procedure=due.id, event="start", expected_version=due.version)
    outcome = await stage.acts.perform(viewer or stage.finance, wish, CODE)
    assert not isinstance(outcome, Approval | NoMandate)
    return outcome


async def ordered(stage: Stage, behaviour: Behaviour = Behaviour.PENDING) -> str:
    """Liquidated, invoiced and ordered; the order's key."""
    await liquidated(stage)
    await invoiced(stage)
    stage.provider.behaviour = behaviour
    assert isinstance(await start(stage), Procedure)
    await stage.send()
    [outgoing] = await stage.outgoing()
    return outgoing.id


async def doubted(stage: Stage) -> str:
    """Ordered, and nothing was heard of it in time."""
    key = await ordered(stage)
    await stage.world.ring_on(LATER)
    assert (await payment(stage)).state == "IN_DOUBT"
    return key


async def question(stage: Stage) -> InformationRequest:
    [asked] = [r for r in await stage.asked_for() if r.kind is RequestKind.DEBITED]
    return asked


async def dossier(stage: Stage) -> Dossier:
    [found] = await stage.world.dossiers()
    return found


async def offered(stage: Stage, invoice: str) -> list[str]:
    """What finance is offered to do with a payment."""
    due = await payment(stage, invoice)
    sharing = await PaymentRepository(stage.world.database).sharing([due.id])
    roles = frozenset({Role.FINANCE})
    return [a.event for a in stage.acts.available(due, roles, True, sharing.get(due.id, ()))]


async def test_an_order_reaches_the_provider_once_with_its_amount_and_key(stage: Stage) -> None:
    key = await ordered(stage)
    order = stage.provider.taken[key]
    assert [(a.kind, a.value, a.currency) for a in order.amounts] == [("TOTAL", "182400.00", "MAD")]
    assert {ref.key for ref in order.refs} == {f"SUBMISSION:{key}", INVOICE, DUM}
    assert (await payment(stage)).state == "INITIATED"
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.ACKNOWLEDGED
    assert await stage.send() == 0
    assert stage.provider.requests == {key: 1}


async def test_a_payment_needs_an_approval_and_a_second_factor(stage: Stage) -> None:
    await invoiced(stage)
    due = await payment(stage)
    wish = Wish(key="k", procedure=due.id, event="start", expected_version=due.version)
    assert await stage.acts.perform(stage.finance, wish) is NotDone.PROOF_REQUIRED
    stage.proofs.approved[""] = stage.finance.user
    assert await stage.acts.perform(stage.finance, wish, CODE) is NotDone.OWN_WORK
    stage.proofs.approved.clear()
    waiting = await stage.acts.perform(stage.finance, wish, CODE)
    assert isinstance(waiting, Approval)
    assert waiting.pending


async def test_the_provider_s_message_ends_it(stage: Stage) -> None:
    key = await ordered(stage)
    await stage.hear(stage.provider.settle(key, "confirmed"), source="PSP")
    assert (await payment(stage)).state == "PAID"
    await stage.hear(stage.provider.settle(key, "receipted"), source="PSP")
    assert (await payment(stage)).state == "RECEIPTED"


async def test_a_message_that_never_came_is_asked_for_and_counts_once(stage: Stage) -> None:
    key = await ordered(stage, Behaviour.CONFIRM)
    assert await stage.checks.check_due() == 0
    stage.world.clock.advance(timedelta(minutes=3))
    assert await stage.checks.check_due() == 1
    await stage.world.work()
    assert (await payment(stage)).state == "PAID"
    await stage.hear(stage.provider.said[key], source="PSP")
    assert await stage.world.column("SELECT reason FROM anomaly") == []
    stage.world.clock.advance(timedelta(hours=2))
    await stage.checks.check_due()
    assert await stage.checks.check_due() == 0


async def test_the_provider_is_asked_ever_less_often_and_phones_see_when_next(stage: Stage) -> None:
    await ordered(stage)
    pauses: list[timedelta] = []
    for _ in range(8):
        [due] = await stage.world.column("SELECT next_check_at FROM payment_order")
        before = await payment(stage)
        clock = stage.world.clock
        while not await stage.checks.check_due():
            clock.advance(MINUTE)
        [then] = await stage.world.column("SELECT next_check_at FROM payment_order")
        pauses.append(timedelta(microseconds=then - due))
        assert (await payment(stage)).version == before.version + 1
    assert pauses == sorted(pauses)
    assert pauses[-1] <= timedelta(minutes=61)


async def test_an_order_that_nobody_answered_is_given_and_leaves_again_under_its_one_key(
    stage: Stage,
) -> None:
    key = await ordered(stage, Behaviour.SILENT)
    assert (await payment(stage)).state == "INITIATED"
    [outgoing] = await stage.outgoing()
    assert (outgoing.id, outgoing.state) == (key, OutgoingState.IN_DOUBT)
    await stage.world.ring_on(LATER)
    assert (await payment(stage)).state == "IN_DOUBT"
    stage.provider.behaviour = Behaviour.PENDING
    await stage.send()
    assert stage.provider.requests == {key: 2}
    assert list(stage.provider.taken) == [key]
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.ACKNOWLEDGED
    [reference] = await stage.world.column("SELECT provider_reference FROM payment_order")
    assert reference == f"PSP-{key}"


async def test_an_order_that_is_refused_at_once_changes_nothing(stage: Stage) -> None:
    await ordered(stage, Behaviour.REFUSE)
    due = await payment(stage)
    assert (due.state, due.requested) == ("DUE", None)
    assert await offered(stage, INVOICE) == ["start", "cancel"]


async def test_an_order_that_is_refused_after_a_doubt_has_failed(stage: Stage) -> None:
    key = await ordered(stage, Behaviour.SILENT)
    # The provider lost what it took.
    stage.provider.taken.clear()
    stage.provider.behaviour = Behaviour.REFUSE
    stage.world.clock.advance(LATER)
    await stage.send()
    assert stage.provider.requests == {key: 2}
    assert (await payment(stage)).state == "DUE"
    told = await stage.world.column("SELECT DISTINCT kind FROM alert WHERE kind = 'A33'")
    assert told == ["A33"]


async def test_in_doubt_nobody_is_offered_to_pay_and_a_try_is_refused(stage: Stage) -> None:
    key = await doubted(stage)
    await invoiced(stage, OTHER)
    assert await offered(stage, INVOICE) == []
    assert "start" not in await offered(stage, OTHER)
    for invoice in (INVOICE, OTHER):
        for viewer in (stage.finance, stage.manager):
            assert await start(stage, invoice, viewer) is NotDone.DO_NOT_PAY_AGAIN
    await stage.send()
    assert stage.provider.requests == {key: 1}


async def test_in_doubt_the_file_says_do_not_pay_again(stage: Stage) -> None:
    await ordered(stage)
    advice = (await dossier(stage)).what_now
    assert (advice.action, advice.warning) == ("WAIT_AGENCY", "DO_NOT_PAY_AGAIN")
    await stage.world.ring_on(LATER)
    await invoiced(stage, OTHER)
    advice = (await dossier(stage)).what_now
    assert (advice.code, advice.action, advice.warning) == (
        "PAYMENT", "WAIT_AGENCY", "DO_NOT_PAY_AGAIN",
    )  # fmt: skip


async def test_what_is_paid_asks_nobody_to_pay_until_customs_see_it(stage: Stage) -> None:
    key = await ordered(stage)
    for event in ("confirmed", "receipted"):
        await stage.hear(stage.provider.settle(key, event), source="PSP")
        advice = (await dossier(stage)).what_now
        assert (advice.action, advice.warning) == ("WAIT_AGENCY", "DO_NOT_PAY_AGAIN")
    stage.world.clock.advance(MINUTE)
    await say(stage, "BADR", "DUM_IMPORT.paid", DUM)
    assert (await dossier(stage)).what_now.warning is None


async def test_a_dossier_that_was_opened_apart_shares_the_debt(stage: Stage) -> None:
    """The reference that both share became known later: two dossiers, one debt."""
    await invoiced(stage, OTHER, "LTA:147-11112222")
    await doubted(stage)
    await say(stage, "PSP", "PAYMENT.invoiced", OTHER, DUM)
    assert len(await stage.world.dossiers()) == 2
    assert "start" not in await offered(stage, OTHER)
    assert await start(stage, OTHER) is NotDone.DO_NOT_PAY_AGAIN


async def test_another_creditor_s_invoice_for_the_same_file_is_another_debt(stage: Stage) -> None:
    await liquidated(stage)
    await invoiced(stage, INVOICE, source="BADR")
    await invoiced(stage, OTHER, source="PORTNET")
    assert isinstance(await start(stage, INVOICE), Procedure)
    assert isinstance(await start(stage, OTHER), Procedure)


@pytest.mark.parametrize("second", [INVOICE, OTHER])
async def test_of_eight_who_pay_at_once_one_does(stage: Stage, second: str) -> None:
    await liquidated(stage)
    await invoiced(stage)
    await invoiced(stage, OTHER)
    outcomes = await asyncio.gather(
        *(start(stage, invoice) for invoice in (INVOICE, second) * 4), return_exceptions=True
    )
    assert len([o for o in outcomes if isinstance(o, Procedure)]) == 1
    refused = [o for o in outcomes if not isinstance(o, Procedure)]
    known = (NotDone.DO_NOT_PAY_AGAIN, NotDone.STALE_VERSION)
    assert all(o in known or isinstance(o, TransactionConflict) for o in refused)
    await stage.send()
    assert len(stage.provider.taken) == 1


async def test_finance_is_asked_whether_it_was_debited(stage: Stage) -> None:
    await doubted(stage)
    asked = await question(stage)
    assert asked.state is RequestState.NEW
    outcome = await stage.debits.answer(stage.finance, "key", asked.id, asked.version, Debit.NO)
    assert isinstance(outcome, InformationRequest)
    assert (outcome.state, outcome.answer, outcome.answered_by) == (
        RequestState.ANSWERED, "NO", stage.finance.user,
    )  # fmt: skip
    assert await question(stage) == outcome
    last = (await stage.world.entries())[-1]
    assert (last.kind, last.message.event) == (EntryKind.INTERNAL, "debit_answered")
    trail = await stage.world.select("SELECT actor, action FROM audit ORDER BY seq")
    assert (f"user:{stage.finance.user}", "payment.debited.no") in [
        (row["actor"], row["action"]) for row in trail
    ]


async def test_not_debited_lets_nobody_pay_again(stage: Stage) -> None:
    """The bank may be late: only the provider or the creditor knows."""
    await doubted(stage)
    asked = await question(stage)
    await stage.debits.answer(stage.finance, "key", asked.id, asked.version, Debit.NO)
    assert (await payment(stage)).state == "IN_DOUBT"
    assert await start(stage) is NotDone.DO_NOT_PAY_AGAIN


async def test_who_looked_again_may_say_so_again(stage: Stage) -> None:
    await doubted(stage)
    asked = await question(stage)
    answer = stage.debits.answer
    first = await answer(stage.finance, "key", asked.id, asked.version, Debit.DONT_KNOW)
    assert isinstance(first, InformationRequest)
    again = await answer(stage.finance, "key", asked.id, asked.version, Debit.DONT_KNOW)
    assert again == first
    other = await answer(stage.finance, "key", asked.id, asked.version, Debit.YES)
    assert other is NotDone.KEY_REUSED
    stale = await answer(stage.manager, "k2", asked.id, asked.version, Debit.YES)
    assert stale is NotDone.STALE_VERSION
    second = await answer(stage.manager, "k3", asked.id, first.version, Debit.YES)
    assert isinstance(second, InformationRequest)
    assert second.answer == "YES"


async def test_the_account_is_the_company_s_own(stage: Stage) -> None:
    await doubted(stage)
    asked = await question(stage)
    answer, world = stage.debits.answer, stage.world
    for viewer in (stage.declarant, world.viewer(BROKER, Role.MANAGER)):
        assert await answer(viewer, "k", asked.id, asked.version, Debit.NO) is NotDone.NOT_YOURS
    stranger = world.viewer(STRANGER, Role.FINANCE)
    assert await answer(stranger, "k", asked.id, asked.version, Debit.NO) is NotDone.NOT_FOUND


async def test_a_doubt_that_is_over_asks_nothing_more(stage: Stage) -> None:
    key = await doubted(stage)
    asked = await question(stage)
    await stage.hear(stage.provider.settle(key, "failed", "SOLDE", "Provision"), source="PSP")
    over = await question(stage)
    assert over.state is RequestState.CANCELLED
    late = await stage.debits.answer(stage.finance, "k", asked.id, over.version, Debit.NO)
    assert late is NotDone.NOT_NOW
    due = await payment(stage)
    assert (due.state, due.reasons) == (
        "DUE", (Reason(code="SOLDE", text="Provision", lang="fr"),),
    )  # fmt: skip
    assert isinstance(await start(stage), Procedure)


@pytest.mark.parametrize("late", [False, True])
async def test_customs_word_that_it_is_paid_clears_the_doubt_up(stage: Stage, late: bool) -> None:
    key = await doubted(stage)
    await say(stage, "BADR", "DUM_IMPORT.paid", DUM)
    assert (await payment(stage)).state == "PAID"
    assert (await question(stage)).state is RequestState.CANCELLED
    assert await offered(stage, INVOICE) == []
    if late:
        await stage.hear(stage.provider.settle(key, "confirmed"), source="PSP")
        assert (await payment(stage)).state == "PAID"
    await stage.hear(stage.provider.settle(key, "receipted"), source="PSP")
    assert (await payment(stage)).state == "RECEIPTED"
    assert await stage.world.column("SELECT reason FROM anomaly") == []


async def test_an_order_that_customs_settled_never_leaves_again(stage: Stage) -> None:
    key = await ordered(stage, Behaviour.SILENT)
    await say(stage, "BADR", "DUM_IMPORT.paid", DUM)
    stage.world.clock.advance(LATER)
    await stage.send()
    assert stage.provider.requests == {key: 1}
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.REJECTED


async def test_what_was_paid_at_the_counter_is_not_to_be_paid(stage: Stage) -> None:
    await liquidated(stage)
    await invoiced(stage)
    await say(stage, "BADR", "DUM_IMPORT.paid", DUM)
    assert (await payment(stage)).state == "RECEIPTED"
    assert await start(stage) is NotDone.NOT_NOW


async def test_customs_word_settles_no_other_creditor_s_invoice(stage: Stage) -> None:
    await liquidated(stage)
    await invoiced(stage, source="PORTNET")
    await say(stage, "BADR", "DUM_IMPORT.paid", DUM)
    assert (await payment(stage)).state == "DUE"


async def test_a_reversal_makes_it_due_again(stage: Stage) -> None:
    key = await ordered(stage)
    await stage.hear(stage.provider.settle(key, "confirmed"), source="PSP")
    stage.world.clock.advance(MINUTE)
    await stage.hear(stage.provider.settle(key, "reversed"), source="PSP")
    assert (await payment(stage)).state == "DUE"
    assert isinstance(await start(stage), Procedure)
    [first, second] = await stage.outgoing()
    assert first.id != second.id


async def test_finance_and_the_manager_hear_of_a_doubt_and_of_a_date_that_passed(
    stage: Stage,
) -> None:
    await invoiced(stage)
    await stage.world.ring_on(timedelta(days=2))
    assert (await payment(stage)).state == "OVERDUE"
    people = {IMPORTER.person(Role.FINANCE).id, IMPORTER.person(Role.MANAGER).id}
    told = "SELECT user_id FROM alert WHERE kind = $1"
    assert set(await stage.world.column(told, "A40")) == people
    # Past its date it is the manager's, and somebody else approves.
    stage.proofs.approved[""] = stage.finance.user
    assert isinstance(await start(stage, viewer=stage.manager), Procedure)
    await stage.send()
    await stage.world.ring_on(LATER)
    assert people <= set(await stage.world.column(told, "A09"))


async def test_amounts_stay_when_later_messages_have_none(stage: Stage) -> None:
    await liquidated(stage)
    await say(stage, "BADR", "DUM_IMPORT.paid", DUM)
    [dum] = await stage.world.procedures()
    assert [(a.kind, a.value) for a in dum.amounts] == [("DI", "4560.00"), ("TVA", "177840.00")]
