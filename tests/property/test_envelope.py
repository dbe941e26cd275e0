"""Whatever people, the gateway and the clock try in whatever order: a submission stays in the graph, and is never sent
without what its content needs."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from portnet.domain import submission as envelope_of
from portnet.domain.access import Role
from portnet.domain.catalogue import CLOCK, OPERATOR, Definition
from portnet.domain.submission import ENVELOPE, Decided, NotDone, Person, Submission
from tests.support.clock import NOON
from tests.support.scenarios import catalogue

FOUND = catalogue().latest(ENVELOPE)
assert FOUND is not None
GRAPH: Definition = FOUND

PEOPLE = [
    Person(user="declarant", company="c", roles=frozenset({Role.DECLARANT})),
    Person(user="manager", company="c", roles=frozenset({Role.MANAGER})),
    Person(user="both", company="c", roles=frozenset({Role.MANAGER, Role.DECLARANT})),
    Person(user="finance", company="c", roles=frozenset({Role.FINANCE})),
]
ALONE = [Person(user="alone", company="c", roles=frozenset({Role.MANAGER}), alone=True)]

Step = Callable[[Submission, Person, int], Decided]


def said(source: str, event: str) -> Step:
    """What somebody else than a person brings."""

    def step(submission: Submission, _who: Person, _number: int) -> Decided:
        return envelope_of.said(GRAPH, submission, source, event, (), NOON + timedelta(hours=1))

    return step


STEPS: dict[str, Step] = {
    "edit": lambda s, who, n: envelope_of.edit(GRAPH, s, who, f'"{n}"', (), NOON),
    "validate": lambda s, who, n: envelope_of.validate(GRAPH, s, who, n % 2, NOON),
    "discard": lambda s, who, _: envelope_of.discard(GRAPH, s, who, NOON),
    "request_approval": lambda s, who, _: envelope_of.request_approval(GRAPH, s, who, NOON),
    "approve": lambda s, who, n: envelope_of.approve(
        GRAPH, s, who, s.content_hash if n else "another", NOON
    ),
    "return": lambda s, who, _: envelope_of.return_for_correction(GRAPH, s, who, "no", NOON),
    "withdraw": lambda s, who, _: envelope_of.withdraw(GRAPH, s, who, NOON),
    "revoke": lambda s, who, _: envelope_of.revoke(GRAPH, s, who, NOON),
    "submit": lambda s, who, n: envelope_of.submit(GRAPH, s, who, n % 2, n < 3, f"o{n}", NOON),
    "correct": lambda s, who, _: envelope_of.correct(GRAPH, s, who, NOON),
    "ack": said("PORTNET", "ack"),
    "nack": said("PORTNET", "nack"),
    "no_ack": said(CLOCK, "no_ack"),
    "resend": said(CLOCK, "resend"),
    "lapse": said(CLOCK, "lapse"),
}

wishes = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3), st.integers(0, 4)), max_size=40
)


def begun(person: Person) -> Submission:
    drafted = envelope_of.draft(GRAPH, person, "s", "DUM_IMPORT", "{}", (), NOON)
    assert isinstance(drafted, Submission)
    return drafted


def test_the_guards_speak_of_every_event_of_the_graph_and_of_no_other() -> None:
    assert set(STEPS) == GRAPH.events()


@given(wishes, st.booleans())
def test_no_content_leaves_without_the_approval_that_names_it(
    wished: list[tuple[str, int, int]], alone: bool
) -> None:
    people = ALONE * len(PEOPLE) if alone else PEOPLE
    submission = begun(people[0])
    for event, who, number in wished:
        person = people[who]
        outcome = STEPS[event](submission, person, number)
        if isinstance(outcome, NotDone):
            continue
        _holds(submission, outcome, event, person, number)
        submission = outcome


def _holds(before: Submission, after: Submission, event: str, person: Person, number: int) -> None:
    transition = GRAPH.transition(before.state, event)
    stays_a_draft = event == "edit" and before.state == GRAPH.start
    assert stays_a_draft or (transition is not None and transition.to == after.state)
    assert after.version == before.version + 1
    if transition is not None and OPERATOR in transition.by and not person.alone:
        assert Role.FINANCE not in person.roles
    if event == "edit":
        assert after.approval is None
    assert after.revision == before.revision + (event == "correct")
    if after.state == GRAPH.start:
        assert after.approval is None
    if event == "approve":
        assert after.approval is not None
        assert after.approval.content_hash == after.content_hash == before.content_hash
        assert after.approval.by != after.author or after.approval.self_approved == person.alone
    if event == "submit":
        assert number % 2 == 0
        asked = number < 3
        named = before.approval is not None and before.approval.content_hash == before.content_hash
        assert named or not asked
    if after.approval is not None:
        assert after.approval.content_hash == after.content_hash
