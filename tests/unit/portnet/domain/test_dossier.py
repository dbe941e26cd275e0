"""A dossier shows the most blocking of its procedures, and what its people should do now."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from portnet.domain.agency import Place, Reason
from portnet.domain.catalogue import Status
from portnet.domain.dossier import URGENCY, urgency, what_now
from portnet.domain.procedure import Procedure
from tests.support.clock import NOON
from tests.support.scenarios import catalogue

HOUR = timedelta(hours=1)


def standing(
    code: str,
    state: str,
    name: str = "p",
    since: datetime = NOON,
    due: datetime | None = None,
) -> Procedure:
    return Procedure(
        id=name,
        dossier="d",
        code=code,
        definition=1,
        identity=name,
        state=state,
        entered_at=since,
        opened_at=NOON,
        updated_at=NOON,
        due_at=due,
        reasons=(Reason(code="X", text="Parce que"),),
        place=Place(unlocode="MACAS"),
    )


PAID = standing("DUM_IMPORT", "PAID", "paid")
HELD = standing("ONSSA_IMPORT", "HELD", "held")
TO_PAY = standing("DUM_IMPORT", "LIQUIDATED", "to-pay")
EXITED = standing("DUM_IMPORT", "EXITED", "exited")


def decisive(*procedures: Procedure) -> str:
    return what_now(catalogue(), procedures)[1].procedure


def test_the_most_blocking_procedure_speaks_for_the_dossier() -> None:
    by_weight = [HELD, TO_PAY, PAID, EXITED]
    for first, rest in enumerate(by_weight):
        for order in permutations(by_weight[first:]):
            assert decisive(*order) == rest.id


def test_statuses_are_ranked_from_blocked_to_done() -> None:
    assert [urgency(status) for status in URGENCY] == [0, 1, 2, 3]
    assert set(URGENCY) == set(Status)
    assert urgency(Status.BLOCKED) < urgency(Status.ACTION_REQUIRED) < urgency(Status.DONE)


@pytest.mark.parametrize(
    ("procedure", "status"),
    [
        (HELD, Status.BLOCKED),
        (TO_PAY, Status.ACTION_REQUIRED),
        (PAID, Status.WAITING_AGENCY),
        (EXITED, Status.DONE),
    ],
    ids=lambda value: str(getattr(value, "id", value)),
)
def test_a_dossier_has_the_status_of_its_worst_procedure(
    procedure: Procedure, status: Status
) -> None:
    assert what_now(catalogue(), [EXITED, procedure])[0] is status


def test_the_advice_says_what_to_do_who_holds_the_file_and_why() -> None:
    advice = what_now(catalogue(), [PAID, HELD])[1]
    assert (advice.code, advice.definition, advice.state) == ("ONSSA_IMPORT", 1, "HELD")
    assert (advice.action, advice.warning, advice.holder) == (
        "WAIT_AGENCY",
        "DO_NOT_SELL_OR_MOVE",
        "ONSSA",
    )
    assert (advice.since, advice.deadline) == (NOON, None)
    assert (advice.reasons, advice.place) == (HELD.reasons, HELD.place)


def test_of_two_that_block_alike_the_nearer_deadline_speaks() -> None:
    soon = standing("DUM_IMPORT", "LIQUIDATED", "soon", due=NOON + HOUR)
    later = standing("DUM_IMPORT", "LIQUIDATED", "later", due=NOON + 2 * HOUR)
    assert decisive(later, soon) == decisive(soon, later) == "soon"
    assert decisive(TO_PAY, later) == "later"


def test_of_two_without_a_deadline_the_latest_news_speak() -> None:
    old = standing("DUM_IMPORT", "PAID", "old", since=NOON - HOUR)
    new = standing("DUM_IMPORT", "PAID", "new")
    assert decisive(old, new) == decisive(new, old) == "new"


def test_two_that_are_alike_speak_in_a_fixed_order() -> None:
    one, two = standing("DUM_IMPORT", "PAID", "1"), standing("DUM_IMPORT", "PAID", "2")
    assert decisive(one, two) == decisive(two, one) == "1"
