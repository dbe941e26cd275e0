"""Which acts there are, whom they go to, and who may do them."""

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.domain.act import acts_of, decide
from portnet.domain.identity.proof import Need
from portnet.domain.outgoing import OutgoingKind
from portnet.domain.procedure import Procedure, Requested
from portnet.domain.submission import NotDone, Person
from tests.support.clock import NOON
from tests.support.scenarios import catalogue


def standing(code: str, state: str) -> Procedure:
    return Procedure(
        id="p", dossier="d", code=code, definition=1, identity="X", state=state,
        entered_at=NOON, opened_at=NOON, updated_at=NOON,
    )  # fmt: skip


def person(*roles: Role, alone: bool = False) -> Person:
    return Person(user="u", company="c", roles=frozenset(roles), alone=alone)


def test_an_act_goes_to_whoever_holds_the_file_then_else_to_whose_procedure_it_is() -> None:
    [answer] = acts_of(catalogue(), standing("ONSSA_IMPORT", "INFO_REQUESTED"))
    assert (answer.event, answer.source, answer.kind) == ("answered", "ONSSA", OutgoingKind.ANSWER)
    [cancel] = acts_of(catalogue(), standing("DUM_IMPORT", "REGISTERED"))
    assert (cancel.source, cancel.kind) == ("BADR", OutgoingKind.CANCELLATION)
    assert cancel.needs == (Need.APPROVAL, Need.SECOND_FACTOR)


def test_nothing_is_offered_while_something_is_under_way_or_when_it_is_over() -> None:
    asked = Requested(event="answered", outgoing="o", by="u", at=NOON)
    waiting = msgspec.structs.replace(standing("ONSSA_IMPORT", "INFO_REQUESTED"), requested=asked)
    assert acts_of(catalogue(), waiting) == ()
    assert decide(catalogue(), waiting, "answered", person(Role.MANAGER)) is NotDone.UNDER_WAY
    assert acts_of(catalogue(), standing("ONSSA_IMPORT", "ADMITTED")) == ()


@pytest.mark.parametrize(
    ("code", "state", "event", "roles"),
    [
        ("ONSSA_IMPORT", "INFO_REQUESTED", "answered", {Role.DECLARANT, Role.MANAGER}),
        ("DUM_IMPORT", "REDRESSED", "accept", {Role.MANAGER}),
        ("DUM_IMPORT", "REGISTERED", "cancel", {Role.DECLARANT, Role.MANAGER}),
    ],
)
def test_the_holders_role_acts_and_a_manager_always(
    code: str, state: str, event: str, roles: set[Role]
) -> None:
    procedure = standing(code, state)
    able = {
        r for r in Role if decide(catalogue(), procedure, event, person(r)) is not NotDone.NOT_YOURS
    }
    assert able == roles
    alone = decide(catalogue(), procedure, event, person(Role.FINANCE, alone=True))
    assert not isinstance(alone, NotDone)
