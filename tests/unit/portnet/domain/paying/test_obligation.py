"""What may be the same debt is the same, until both say otherwise."""

from datetime import timedelta

import pytest

from portnet.domain.agency import AgencyEvent, Amount, Reference
from portnet.domain.paying.obligation import Obligation, obligation_of, rivals, same
from portnet.domain.paying.order import PaymentOrder, amount_due, checked, over, taken
from portnet.domain.procedure import Procedure, Requested
from tests.support.clock import NOON


def owed(*refs: str, by: tuple[str, ...] = ()) -> Obligation:
    return Obligation(refs=refs, creditors=by)


def message(source: str, event: str, *refs: str) -> AgencyEvent:
    named = (Reference(scheme=s, value=v) for s, v in (ref.split(":") for ref in refs))
    return AgencyEvent(
        receipt="r", source=source, event_id="e", code="PAYMENT", event=event,
        occurred_at=NOON, received_at=NOON, refs=tuple(named),
    )  # fmt: skip


def payment(
    id: str, state: str, *, requested: str | None = None, code: str = "PAYMENT"
) -> Procedure:
    asked = None if requested is None else Requested(event=requested, outgoing="o", by="u", at=NOON)
    return Procedure(
        id=id, dossier="d", code=code, definition=1, identity=id, state=state, entered_at=NOON,
        opened_at=NOON, updated_at=NOON, requested=asked, obligation=owed("DUM:1"),
    )  # fmt: skip


def test_a_debt_is_known_by_what_it_is_owed_for_and_by_whom() -> None:
    said = [
        message("PSP", "invoiced", "PAYMENT:1", "DUM:1", "CONTAINER:C", "LTA:L"),
        message("BADR", "invoiced", "PAYMENT:1", "LIQUIDATION:7"),
        message("PORTNET", "overdue", "PAYMENT:1"),
    ]
    assert obligation_of(said) == owed("DUM:1", "LIQUIDATION:7", by=("BADR",))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (owed("DUM:1"), owed("DUM:1"), True),
        (owed("DUM:1"), owed("DUM:2"), False),
        (owed(), owed(), False),
        (owed("DUM:1", "LIQUIDATION:1"), owed("DUM:1"), True),
        (owed("DUM:1", "LIQUIDATION:1"), owed("DUM:1", "LIQUIDATION:2"), False),
        (owed("DUM:1", "LIQUIDATION:1"), owed("DUM:2", "LIQUIDATION:1"), True),
        (owed("DUM:1", by=("BADR",)), owed("DUM:1", by=("PORTNET",)), False),
        (owed("DUM:1", by=("BADR",)), owed("DUM:1"), True),
        (owed("DUM:1"), None, False),
    ],
)
def test_what_may_be_the_same_is_the_same(
    one: Obligation, other: Obligation | None, alike: bool
) -> None:
    assert same(one, other) is alike
    assert same(other, one) is alike


@pytest.mark.parametrize(
    ("other", "in_the_way"),
    [
        (payment("p", "INITIATED"), False),
        (payment("q", "DUE"), False),
        (payment("q", "DUE", requested="cancel"), False),
        (payment("q", "DUE", requested="start"), True),
        (payment("q", "INITIATED"), True),
        (payment("q", "IN_DOUBT"), True),
        (payment("q", "PAID"), False),
        (payment("q", "IN_DOUBT", code="OTHER"), False),
    ],
)
def test_an_order_whose_end_is_not_known_is_in_the_way(other: Procedure, in_the_way: bool) -> None:
    assert bool(rivals(payment("p", "DUE"), [other])) is in_the_way


def amount(kind: str, value: str, currency: str = "MAD") -> Amount:
    return Amount(kind=kind, value=value, currency=currency)


@pytest.mark.parametrize(
    ("amounts", "due"),
    [
        ((), None),
        ((amount("DI", "0.10"), amount("TVA", "0.20")), "0.30"),
        ((amount("DI", "1"), amount("TOTAL", "7.00")), "7.00"),
        ((amount("DI", "1"), amount("FEE", "1", "EUR")), None),
    ],
)
def test_what_is_due_is_the_total_or_the_sum(amounts: tuple[Amount, ...], due: str | None) -> None:
    found = amount_due(amounts)
    assert (found and found.value) == due


def test_the_provider_is_asked_ever_less_often() -> None:
    order = PaymentOrder(procedure="p", key="k", sandbox=True, ordered_by="u", ordered_at=NOON)
    assert order.next_check_at is None
    order = taken(order, "PSP-1", NOON)
    pauses: list[timedelta] = []
    for _ in range(12):
        assert order.next_check_at is not None
        asked_at = order.next_check_at
        order = checked(order, asked_at)
        assert order.next_check_at is not None
        pauses.append(order.next_check_at - asked_at)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=4), timedelta(hours=1))
    assert over(order).next_check_at is None
