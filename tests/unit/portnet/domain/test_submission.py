"""Who may do what with a submission, beyond what the graph says."""

import pytest

from portnet.domain import submission as envelope_of
from portnet.domain.access import Role
from portnet.domain.catalogue import CLOCK
from portnet.domain.submission import ENVELOPE, NotDone, Person, Submission
from tests.support.clock import NOON
from tests.support.scenarios import catalogue

FOUND = catalogue().latest(ENVELOPE)
assert FOUND is not None
GRAPH = FOUND
DECLARANT = Person(user="declarant", company="c", roles=frozenset({Role.DECLARANT}))
MANAGER = Person(user="manager", company="c", roles=frozenset({Role.MANAGER}))
FINANCE = Person(user="finance", company="c", roles=frozenset({Role.FINANCE}))
ALONE = Person(user="alone", company="c", roles=frozenset({Role.FINANCE}), alone=True)


def taken(outcome: Submission | NotDone) -> Submission:
    assert isinstance(outcome, Submission), outcome
    return outcome


def drafted(person: Person = DECLARANT, target: str = "DUM_IMPORT") -> Submission:
    return taken(envelope_of.draft(GRAPH, person, "s", target, "{}", (), NOON))


def pending(person: Person = DECLARANT) -> Submission:
    validated = taken(envelope_of.validate(GRAPH, drafted(person), person, 0, NOON))
    return taken(envelope_of.request_approval(GRAPH, validated, person, NOON))


def approved() -> Submission:
    asked = pending()
    return taken(envelope_of.approve(GRAPH, asked, MANAGER, asked.content_hash, NOON))


def test_nobody_approves_their_own_work() -> None:
    asked = pending(MANAGER)
    assert envelope_of.approve(GRAPH, asked, MANAGER, asked.content_hash, NOON) is NotDone.OWN_WORK


def test_who_is_alone_approves_and_the_approval_says_so() -> None:
    asked = pending(ALONE)
    approval = taken(envelope_of.approve(GRAPH, asked, ALONE, asked.content_hash, NOON)).approval
    assert approval is not None
    assert approval.self_approved


def test_a_declarant_approves_nothing() -> None:
    asked = pending(MANAGER)
    outcome = envelope_of.approve(GRAPH, asked, DECLARANT, asked.content_hash, NOON)
    assert outcome is NotDone.NOT_YOURS


def test_an_approval_is_of_the_content_that_was_shown() -> None:
    assert envelope_of.approve(GRAPH, pending(), MANAGER, "older", NOON) is NotDone.OTHER_CONTENT


def test_an_edit_voids_the_approval_and_the_editor_is_the_author() -> None:
    edited = taken(envelope_of.edit(GRAPH, approved(), MANAGER, '{"a": 1}', (), NOON))
    assert (edited.approval, edited.author, edited.state) == (None, "manager", "DRAFT")


def test_nothing_is_sent_without_the_approval_that_the_policy_asks() -> None:
    validated = taken(envelope_of.validate(GRAPH, drafted(), DECLARANT, 0, NOON))
    outcome = envelope_of.submit(GRAPH, validated, DECLARANT, 0, True, "o", NOON)
    assert outcome is NotDone.APPROVAL_MISSING
    sent = taken(envelope_of.submit(GRAPH, validated, DECLARANT, 0, False, "o", NOON))
    assert (sent.state, sent.outgoing) == ("SUBMITTED", "o")


def test_a_blocking_fault_stops_what_was_approved() -> None:
    outcome = envelope_of.submit(GRAPH, approved(), DECLARANT, 1, True, "o", NOON)
    assert outcome is NotDone.BLOCKED
    assert envelope_of.validate(GRAPH, drafted(), DECLARANT, 1, NOON) is NotDone.BLOCKED


def test_the_manager_takes_an_approval_back() -> None:
    revoked = taken(envelope_of.revoke(GRAPH, approved(), MANAGER, NOON))
    assert (revoked.state, revoked.approval) == ("DRAFT", None)
    assert envelope_of.revoke(GRAPH, approved(), DECLARANT, NOON) is NotDone.NOT_YOURS


@pytest.mark.parametrize("person", [FINANCE])
def test_who_declares_nothing_begins_nothing(person: Person) -> None:
    outcome = envelope_of.draft(GRAPH, person, "s", "DUM_IMPORT", "{}", (), NOON)
    assert outcome is NotDone.NOT_YOURS


def test_only_the_clock_lets_an_approval_lapse() -> None:
    assert envelope_of.said(GRAPH, pending(), "PORTNET", "lapse", (), NOON) is NotDone.NOT_NOW
    assert taken(envelope_of.said(GRAPH, pending(), CLOCK, "lapse", (), NOON)).state == "DRAFT"


def test_the_default_policy_covers_titles_declarations_and_payments() -> None:
    asked = {
        target: envelope_of.asks_approval(drafted(target=target))
        for target in ("IMP_TITLE", "DUM_IMPORT", "DUM_EXPORT", "PAYMENT", "FOODEX_EXPORT")
    }
    assert [target for target, needs in asked.items() if not needs] == ["FOODEX_EXPORT"]


@pytest.mark.parametrize("content", ["", "{", "goods", "[" * 100_000])
def test_a_content_that_is_no_json_is_no_content(content: str) -> None:
    begun = envelope_of.draft(GRAPH, DECLARANT, "s", "DUM_IMPORT", content, (), NOON)
    assert begun is NotDone.BLOCKED
    assert envelope_of.edit(GRAPH, drafted(), DECLARANT, content, (), NOON) is NotDone.BLOCKED
