"""Who may decide: by their role, or by a right that was lent, at the moment of the decision."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from portnet.domain.access import Role, User
from portnet.domain.approving.approval import Approval, Content, Matter
from portnet.domain.approving.authority import Authority, Delegation, authority
from portnet.domain.approving.changes import changes, values_of
from portnet.domain.approving.matrix import TITLE_LIMIT, Rule, default_matrix, faults
from portnet.domain.approving.money import Money
from portnet.domain.submission import NotDone, Person
from tests.support.clock import NOON
from tests.support.scenarios import catalogue

DAY = timedelta(days=1)


def user(id: str, *roles: Role) -> User:
    return User(id=id, company="c", login=id, name=id, roles=roles, locale="fr")


PEOPLE = [
    user("author", Role.DECLARANT, Role.MANAGER),
    user("boss", Role.MANAGER),
    *(user(name, Role.LOGISTICS) for name in ("first", "second", "third")),
]


def mad(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="MAD")


def asked(amount: Money | None = None) -> Approval:
    content = Content(
        id="x", matter=Matter.DECLARATION, subject="s", kind="DUM_IMPORT", code="DUM_IMPORT",
        body="{}", amount=amount,
    )  # fmt: skip
    return Approval(
        id="a", company="c", content=content, role=Role.MANAGER, author="author",
        requested_by="author", requested_at=NOON, deadline=NOON + DAY, updated_at=NOON,
    )  # fmt: skip


def lent(giver: str, holder: str, limit: Money | None = None) -> Delegation:
    return Delegation(
        id=f"{giver}-{holder}", company="c", giver=giver, holder=holder, starts_at=NOON,
        ends_at=NOON + DAY, created_at=NOON, limit=limit,
    )  # fmt: skip


def may(name: str, *delegations: Delegation, approval: Approval | None = None) -> object:
    roles = frozenset(next(u.roles for u in PEOPLE if u.id == name))
    person = Person(user=name, company="c", roles=roles)
    return authority(approval or asked(), person, PEOPLE, delegations, NOON)


def test_four_eyes_hold_for_whoever_made_it_whatever_their_role() -> None:
    assert may("boss") == Authority()
    assert may("author") is NotDone.OWN_WORK
    assert may("first") is NotDone.NOT_YOURS


def test_a_right_goes_through_two_hands_at_most() -> None:
    chain = [lent("boss", "first"), lent("first", "second"), lent("second", "third")]
    assert may("first", *chain) == Authority(on_behalf_of="boss")
    assert may("second", *chain) == Authority(on_behalf_of="boss")
    assert may("third", *chain) is NotDone.NOT_YOURS


def test_nobody_lends_the_right_to_approve_their_own_work() -> None:
    assert may("first", lent("author", "first")) is NotDone.NOT_YOURS


def test_rights_that_go_in_a_circle_come_to_an_end() -> None:
    assert may("first", lent("first", "second"), lent("second", "first")) is NotDone.NOT_YOURS


def test_a_right_ends_with_its_dates_its_kinds_and_when_it_is_taken_back() -> None:
    good = lent("boss", "first")
    for change in (
        {"ends_at": NOON},
        {"starts_at": NOON + timedelta(seconds=1)},
        {"kinds": ("IMP_TITLE",)},
        {"revoked_at": NOON},
    ):
        assert may("first", msgspec.structs.replace(good, **change)) is NotDone.NOT_YOURS


@pytest.mark.parametrize(
    ("amount", "covered"),
    [
        (mad(100), True),
        (mad(101), False),
        (None, False),
        (Money(amount=Decimal(1), currency="EUR"), False),
    ],
)
def test_a_limit_covers_only_what_is_surely_within_it(amount: Money | None, covered: bool) -> None:
    outcome = may("first", lent("boss", "first", mad(100)), approval=asked(amount))
    assert isinstance(outcome, Authority) is covered


def test_the_default_matrix_asks_for_what_the_rules_name() -> None:
    matrix = default_matrix(catalogue(), "c")
    assert matrix.asks("IMP_TITLE", TITLE_LIMIT) is None
    assert matrix.asks("IMP_TITLE", mad(200_001)) is Role.MANAGER
    assert matrix.asks("IMP_TITLE", None) is Role.MANAGER
    assert matrix.asks("DUM_EXPORT", mad(1)) is Role.MANAGER
    assert matrix.asks("ONSSA_IMPORT", mad(10**9)) is None
    acts = {rule.action for rule in matrix.rules}
    assert {"cancel", "amend", "change_bank", "accept", "settled", "start", "diverted"} <= acts


def test_rules_that_mean_nothing_are_named() -> None:
    rules = [
        Rule(action="NOTHING", role=Role.MANAGER),
        Rule(action="cancel", role=Role.MANAGER, above=mad(1)),
        Rule(action="DUM_IMPORT", role=Role.HELP_DESK),
        Rule(action="DUM_IMPORT", role=Role.MANAGER, above=mad(-1)),
    ]
    assert [(f.path, f.code) for f in faults(catalogue(), rules)] == [
        ("rules/0/action", "UNKNOWN"),
        ("rules/1/above", "UNKNOWN"),
        ("rules/2/role", "UNKNOWN"),
        ("rules/3/action", "TWICE"),
        ("rules/3/above", "UNKNOWN"),
    ]


def test_a_content_is_compared_path_by_path() -> None:
    before = values_of('{"a": {"b": "1", "c": [true]}, "d": "x"}')
    assert before == {"a/b": "1", "a/c/0": "true", "d": "x"}
    told = [(c.path, c.before, c.after) for c in changes(before, {"a/b": "2", "d": "x"})]
    assert told == [("a/b", "1", "2"), ("a/c/0", "true", None)]
