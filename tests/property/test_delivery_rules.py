"""The ten rules of delivery, each as a property of any history; `test_delivery_rules_stored.py` asks the storage."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portnet.domain.agency import AgencyEvent, Classifier, Reference
from portnet.domain.catalogue import OPERATOR, PREVIOUS, Definition, Status, Transition
from portnet.domain.desk.anomaly import CLOCK_SKEW, AnomalyReason
from portnet.domain.filing import Files, Opens, Unfiled, file
from portnet.domain.folding import GAP_WAIT, waits_until
from portnet.domain.procedure import Entry, EntryKind, Moved, Standing, decide, evolve, fold
from tests.property.history import History, received
from tests.support.clock import NOON
from tests.support.scenarios import BROKER, IMPORTER, UNKNOWN_ICE, catalogue, said
from tests.support.volume import volume

DEFINITIONS = tuple(catalogue().definitions.values())
MANY = settings(max_examples=volume(150, 5_000))
SECOND = timedelta(seconds=1)


@st.composite
def histories(draw: st.DrawFn, amending: bool = False) -> tuple[Definition, list[AgencyEvent]]:
    """A definition and messages about one of its procedures, in the order in which they arrive.

    A walk through the graph, some of it dropped, some of it strange, in any order of arrival; instants collide.
    """
    definition = draw(st.sampled_from(DEFINITIONS))
    steps = [*_walk(draw, definition), *_strange(draw, definition)]
    steps = [step for step in steps if draw(st.integers(0, 5))]
    order = draw(st.permutations(range(len(steps))))
    numbered = draw(st.booleans())
    messages = [
        said(
            source,
            f"{definition.code}.{event}",
            at=NOON + timedelta(minutes=minute),
            received_at=received(order[number] // 2),
            receipt=f"r{order[number]:03}",
            seq=number if numbered else None,
            classifier=draw(st.sampled_from([Classifier.ACT] * 5 + [Classifier.EST])),
        )
        for number, (source, event, minute) in enumerate(steps)
    ]
    if amending:
        messages += _amendments(draw, messages)
    return definition, sorted(messages, key=lambda m: m.receipt)


def _walk(draw: st.DrawFn, definition: Definition) -> Iterator[tuple[str, str, int]]:
    standing = Standing(state=definition.start, entered_at=NOON)
    for minute in range(draw(st.integers(1, 10))):
        ways = [t for t in definition.transitions if t.from_ == standing.state]
        ways = [t for t in ways if t.by != (OPERATOR,)]
        if not ways:
            return
        way = draw(st.sampled_from(ways))
        source = draw(st.sampled_from(way.by))
        yield source, way.event, minute
        decision = decide(definition, standing, said(source, f"{definition.code}.{way.event}"))
        if isinstance(decision, Moved):
            standing = evolve(standing, decision)


def _strange(draw: st.DrawFn, definition: Definition) -> Iterator[tuple[str, str, int]]:
    senders = sorted({s for t in definition.transitions for s in t.by} - {OPERATOR})
    for _ in range(draw(st.integers(0, 3))):
        source = draw(st.sampled_from([*senders, "BANK"]))
        event = draw(st.sampled_from(sorted(definition.events())))
        yield source, event, draw(st.integers(0, 10))


def _amendments(draw: st.DrawFn, messages: list[AgencyEvent]) -> list[AgencyEvent]:
    """Some take others back or correct them, or try to with another source's; amendments are amended, too."""
    made: list[AgencyEvent] = []
    for number in range(draw(st.integers(0, 4))):
        known = [*messages, *made]
        if not known:
            break
        target = draw(st.sampled_from(known))
        corrects = draw(st.booleans())
        made.append(
            msgspec.structs.replace(
                draw(st.sampled_from(messages)) if corrects else target,
                source=draw(st.sampled_from([target.source] * 4 + ["BANK"])),
                receipt=f"a{number:03}" if draw(st.booleans()) else f"z{number:03}",
                event_id=f"amends-{number}",
                received_at=received(draw(st.integers(0, 20))),
                retracts=None if corrects else target.event_id,
                corrects=target.event_id if corrects else None,
            )
        )
    return made


def folded(definition: Definition, messages: list[AgencyEvent]) -> dict[str, Entry]:
    """The entries by id, all messages folded at once."""
    procedure = History(definition).procedure
    entries = [Entry(
        id=m.receipt, procedure=procedure.id, dossier=procedure.dossier, message=m,
        kind=EntryKind.NOT_APPLIED,
    ) for m in messages]  # fmt: skip
    return {entry.id: entry for entry in fold(definition, NOON, entries).entries}


def state_of(definition: Definition, messages: list[AgencyEvent]) -> Standing:
    return fold(
        definition,
        NOON,
        [
            Entry(id=m.receipt, procedure="p", dossier="d", message=m, kind=EntryKind.NOT_APPLIED)
            for m in messages
        ],
    ).standing


@MANY
@given(histories(amending=True), st.randoms(use_true_random=False))
def test_rule_2_the_order_of_arrival_does_not_matter(
    history: tuple[Definition, list[AgencyEvent]], random: Random
) -> None:
    definition, messages = history
    shuffled = list(messages)
    random.shuffle(shuffled)
    one, other = (History(definition).take_all(said) for said in (messages, shuffled))
    at_once = folded(definition, messages)
    assert one.procedure.state == other.procedure.state == state_of(definition, messages).state
    assert one.shown() == other.shown()
    assert set(one.entries) == set(at_once)


@MANY
@given(histories())
def test_rule_2_what_was_not_applied_is_tried_again_after_each_message(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    file = History(definition)
    for number, message in enumerate(messages, start=1):
        file.take(message)
        fresh = folded(definition, messages[:number])
        assert {k: e.kind for k, e in file.entries.items()} == {k: e.kind for k, e in fresh.items()}


@given(st.lists(st.integers(0, 9), max_size=5), st.integers(0, 12))
def test_rule_2_only_a_gap_waits_and_at_most_two_seconds(known: list[int], number: int) -> None:
    history = History(catalogue().definition("DUM_IMPORT", 1))
    for place, seq in enumerate(known):
        history.take(said("BADR", "DUM_IMPORT.conform", receipt=f"r{place}", seq=seq))
    message = said("BADR", "DUM_IMPORT.released", seq=number, receipt="next")
    until = waits_until(list(history.entries.values()), message)
    gap = bool(known) and number > max(known) + 1
    assert until == (message.received_at + GAP_WAIT if gap else None)
    assert timedelta(seconds=2) == GAP_WAIT
    other = msgspec.structs.replace(message, source="ONSSA")
    assert waits_until(list(history.entries.values()), other) is None


@MANY
@given(histories())
def test_rule_3_a_late_message_that_leaves_the_state_alone_alerts_nobody(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    file = History(definition)
    for message in messages:
        before = file.procedure.state
        result = file.take(message)
        late = file.entries[message.receipt].kind is EntryKind.LATE
        if late and file.procedure.state == before:
            assert result.deserving is None


def _ways(
    definition: Definition, state: str, goals: set[str], been: frozenset[str]
) -> Iterator[list[Transition]]:
    """Every path without a return, by trying all: slow, and surely right."""
    for transition in definition.transitions:
        if transition.from_ != state or transition.to == PREVIOUS or transition.to in been:
            continue
        if transition.to in goals:
            yield [transition]
            continue
        for rest in _ways(definition, transition.to, goals, been | {transition.to}):
            yield [transition, *rest]


@MANY
@given(histories(amending=True))
def test_rule_4_a_step_is_inferred_only_where_its_source_had_one_way(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    entries = list(folded(definition, messages).values())
    path: list[Entry] = []
    for entry in (e for e in entries if e.moved):
        if entry.kind is EntryKind.INFERRED:
            path.append(entry)
            continue
        if path:
            _check_inferred(definition, path, entry)
        path = []
    assert not path, "an inferred step leads to a message"


def _check_inferred(definition: Definition, path: list[Entry], witness: Entry) -> None:
    source, event = witness.message.source, witness.message.event
    start = str(path[0].from_state)
    goals = {t.from_ for t in definition.transitions if t.event == event and source in t.by}
    ways = list(_ways(definition, start, goals, frozenset({start})))
    assert [[t.event for t in way] for way in ways] == [[e.message.event for e in path]]
    for inferred, step in zip(path, ways[0], strict=True):
        assert step.by == (source,)
        assert (step.approval, step.second_factor) == (False, False)
        assert step.event not in {"paid", "guaranteed", "exempt"}
        assert definition.state(step.from_).action not in {"PAY", "DO_NOT_PAY_AGAIN", "APPROVE"}
        assert definition.state(step.from_).status is not Status.BLOCKED
        assert (inferred.alert, inferred.alerted) == (None, False)
        assert inferred.message.occurred_at < witness.message.occurred_at


@MANY
@given(histories())
def test_rule_4_an_inferred_step_vanishes_when_the_real_message_comes_late(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    # By time alone, and no two at once: the real one has no number, and happened just before.
    unnumbered = [
        msgspec.structs.replace(m, seq=None, occurred_at=m.occurred_at + number * SECOND)
        for number, m in enumerate(messages)
    ]
    ended = History(definition).take_all(unnumbered)
    for step in [e for e in ended.entries.values() if e.kind is EntryKind.INFERRED]:
        file = History(definition).take_all(unnumbered)
        late = msgspec.structs.replace(step.message, receipt="late", event_id="late")
        result = file.take(late)
        assert step.id in {gone.id for gone in result.vanished}
        assert file.entries["late"].moved
        assert file.told == ended.told


@MANY
@given(histories(), st.data())
def test_rule_5_a_retracted_message_is_as_if_it_had_never_come(
    history: tuple[Definition, list[AgencyEvent]], data: st.DataObject
) -> None:
    definition, messages = history
    assume(messages)
    target = data.draw(st.sampled_from(messages))
    retraction = msgspec.structs.replace(
        target, receipt="z", event_id="z", received_at=received(50), retracts=target.event_id
    )
    file = History(definition).take_all([*messages, retraction])
    without = [m for m in messages if m is not target]
    assert file.procedure.state == state_of(definition, without).state
    assert file.entries[target.receipt].kind is EntryKind.RETRACTED, "it is kept, and marked"
    rest = {k: v for k, v in file.shown().items() if k not in {target.receipt, "z"}}
    assert rest == History(definition).take_all(without).shown()
    back = msgspec.structs.replace(
        retraction, receipt="zz", event_id="zz", received_at=received(51), retracts="z"
    )
    file.take(back)
    assert file.procedure.state == state_of(definition, messages).state


@MANY
@given(histories(), st.data())
def test_rule_5_a_correction_stands_where_the_message_stood(
    history: tuple[Definition, list[AgencyEvent]], data: st.DataObject
) -> None:
    definition, messages = history
    assume(messages)
    target = data.draw(st.sampled_from(messages))
    event = data.draw(st.sampled_from(sorted(definition.events())))
    correction = msgspec.structs.replace(
        target, event=event, receipt="z", event_id="z", received_at=received(50),
        seq=data.draw(st.none() | st.just(99)), corrects=target.event_id,
    )  # fmt: skip
    file = History(definition).take_all([*messages, correction])
    instead = [msgspec.structs.replace(m, event=event) if m is target else m for m in messages]
    assert file.procedure.state == state_of(definition, instead).state
    assert file.entries[target.receipt].kind is EntryKind.CORRECTED


@MANY
@given(histories(), st.data())
def test_rule_5_nobody_takes_back_what_another_source_said(
    history: tuple[Definition, list[AgencyEvent]], data: st.DataObject
) -> None:
    definition, messages = history
    assume(messages)
    target = data.draw(st.sampled_from(messages))
    foreign = msgspec.structs.replace(
        target, source="CARRIER", receipt="z", event_id="z", retracts=target.event_id
    )
    file = History(definition).take_all([*messages, foreign])
    assert file.procedure.state == state_of(definition, messages).state
    assert file.entries[target.receipt].kind is not EntryKind.RETRACTED


@MANY
@given(histories(amending=True))
def test_rule_5_a_correction_is_told_once_and_only_where_people_see_another_state(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    file = History(definition)
    for message in messages:
        before, alerted = file.procedure.state, {e.id for e in file.entries.values() if e.alerted}
        result = file.take(message)
        if result.correction is not None:
            assert file.procedure.state != before
            assert {entry.id for entry in result.undone} <= alerted
            assert result.undone
    assert len(set(file.corrected)) == len(file.corrected)


@MANY
@given(histories(amending=True))
def test_rule_6_a_state_moves_only_by_a_source_that_the_step_names(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    for entry in folded(definition, messages).values():
        if entry.moved:
            step = definition.transition(str(entry.from_state), entry.message.event)
            assert step is not None
            assert entry.message.source in step.by


REFERENCES = st.lists(
    st.builds(Reference, scheme=st.sampled_from(["DUM", "BL", "CONTAINER"]), value=st.text("12")),
    min_size=1,
    max_size=3,
).map(tuple)
EVENTS = st.sampled_from([(d, e) for d in DEFINITIONS for e in sorted(d.events())])


@st.composite
def unheard_of(draw: st.DrawFn) -> AgencyEvent:
    """A message about nothing that we know, from a source that may send it."""
    definition, event = draw(EVENTS)
    senders = {s for t in definition.transitions if t.event == event for s in t.by} - {OPERATOR}
    assume(senders)
    return said(
        draw(st.sampled_from(sorted(senders))),
        f"{definition.code}.{event}",
        *(f"{r.scheme}:{r.value or '1'}" for r in draw(REFERENCES)),
        operator=draw(st.sampled_from([None, UNKNOWN_ICE, IMPORTER.ice])),
        classifier=draw(st.sampled_from(Classifier)),
    )


@MANY
@given(unheard_of())
def test_rule_7_what_has_no_place_is_parked_and_never_guessed(message: AgencyEvent) -> None:
    filing = file(catalogue(), Files(companies=(IMPORTER.company,)), message, NOON)
    if not isinstance(filing, Opens):
        assert isinstance(filing, Unfiled)
        assert filing.parked
        assert filing.reason in {AnomalyReason.UNMATCHED, AnomalyReason.COMPANY_UNKNOWN}


@MANY
@given(unheard_of())
def test_rule_8_only_an_opening_event_of_a_subscribed_company_opens_a_file(
    message: AgencyEvent,
) -> None:
    definition = catalogue().latest(message.code)
    assert definition is not None
    files = Files(companies=(IMPORTER.company, BROKER.company))
    filing = file(catalogue(), files, message, NOON)
    expected = (
        message.event in definition.opened_by
        and message.classifier is Classifier.ACT
        and message.reference(definition.identity) is not None
        and message.party("OPERATOR") == IMPORTER.ice
    )
    assert isinstance(filing, Opens) == expected


@MANY
@given(histories())
def test_rule_9_what_is_only_expected_never_changes_a_state(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    acts = [m for m in messages if m.classifier is Classifier.ACT]
    assert state_of(definition, messages) == state_of(definition, acts)


@given(st.sampled_from(Classifier), st.integers(-60, 60))
def test_rule_9_only_what_happened_cannot_lie_ahead(classifier: Classifier, seconds: int) -> None:
    at = NOON + CLOCK_SKEW + seconds * SECOND
    message = said("BADR", "DUM_IMPORT.registered", "DUM:1", at=at, classifier=classifier)
    filing = file(catalogue(), Files(companies=(IMPORTER.company,)), message, NOON)
    ahead = isinstance(filing, Unfiled) and filing.reason is AnomalyReason.FROM_THE_FUTURE
    assert ahead == (classifier is Classifier.ACT and seconds > 0)


@MANY
@given(histories(amending=True))
def test_rule_10_no_step_is_told_of_twice(history: tuple[Definition, list[AgencyEvent]]) -> None:
    definition, messages = history
    file = History(definition).take_all(messages)
    assert len(set(file.told)) == len(file.told)
    alerted = {key for key, entry in file.entries.items() if entry.alerted}
    assert alerted == {*file.told, *file.corrected}
