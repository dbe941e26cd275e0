"""The pure fold: whatever the order of arrival, the same history makes the same procedure."""

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from portnet.domain.agency import AgencyEvent, Classifier
from portnet.domain.catalogue import OPERATOR, Definition
from portnet.domain.folding import fold_in, new_entry, open_procedure
from portnet.domain.procedure import Entry, EntryKind, Procedure, fold
from tests.support.clock import NOON
from tests.support.scenarios import catalogue, said
from tests.support.volume import volume

DEFINITIONS = tuple(catalogue().definitions.values())
MANY = settings(max_examples=volume(150, 5_000))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Definition, list[AgencyEvent]]:
    """A definition and messages about one of its procedures, in the order in which they arrive.

    Mostly what its own agency may say; instants collide and sources number some of their messages, so that every rule
    of the order is met.
    """
    definition = draw(st.sampled_from(DEFINITIONS))
    senders = sorted({s for t in definition.transitions for s in t.by} - {OPERATOR})
    messages: list[AgencyEvent] = []
    count = draw(st.integers(1, 14))
    for number in range(count):
        event = draw(st.sampled_from(sorted(definition.events())))
        messages.append(
            said(
                draw(st.sampled_from([*senders, *senders, "BANK"])),
                f"{definition.code}.{event}",
                at=NOON + timedelta(minutes=draw(st.integers(0, 8))),
                received_at=NOON + timedelta(days=1, minutes=number // 2),
                receipt=f"r{number:03}",
                classifier=draw(st.sampled_from([Classifier.ACT] * 4 + [Classifier.EST])),
                seq=draw(st.none() | st.integers(0, 5)),
            )
        )
    return definition, messages


def opened(definition: Definition) -> Procedure:
    return open_procedure(definition, "p", "d", "1", said("BADR", f"{definition.code}.registered"))


def taken_in(
    definition: Definition, messages: list[AgencyEvent]
) -> tuple[Procedure, dict[str, Entry], list[str]]:
    """The procedure, its entries by receipt, and the receipts of the steps told of, after one arrival at a time."""
    procedure, entries, told = opened(definition), dict[str, Entry](), list[str]()
    for message in messages:
        arrived = new_entry(message.receipt, procedure, message)
        folded = fold_in(definition, procedure, tuple(entries.values()), arrived, NOON)
        procedure = folded.procedure
        for gone in folded.vanished:
            del entries[gone.id]
        entries |= {entry.id: entry for entry in folded.changed}
        if folded.deserving is not None:
            told.append(folded.deserving.id)
    return procedure, entries, told


def shown(entries: dict[str, Entry]) -> dict[str, tuple[object, ...]]:
    """What does not depend on who was told when."""
    return {
        key: (e.kind, e.from_state, e.to_state, e.refusal, e.alert) for key, e in entries.items()
    }


@MANY
@given(histories(), st.randoms(use_true_random=False))
def test_arrival_does_not_matter_only_what_happened(
    history: tuple[Definition, list[AgencyEvent]], random: Random
) -> None:
    """Their receipts fixed, messages may be folded in any order, one by one or all at once."""
    definition, messages = history
    shuffled = list(messages)
    random.shuffle(shuffled)
    one, entries, _ = taken_in(definition, messages)
    other, other_entries, _ = taken_in(definition, shuffled)
    at_once = fold(definition, NOON, [new_entry(m.receipt, one, m) for m in messages])
    assert (one.state, one.entered_at, one.due_at) == (other.state, other.entered_at, other.due_at)
    assert one.state == at_once.standing.state
    assert shown(entries) == shown(other_entries) == shown({e.id: e for e in at_once.entries})


@MANY
@given(histories())
def test_no_step_is_told_of_twice(history: tuple[Definition, list[AgencyEvent]]) -> None:
    _, entries, told = taken_in(*history)
    assert len(set(told)) == len(told)
    assert {key for key, entry in entries.items() if entry.alerted} == set(told)


@MANY
@given(histories())
def test_a_timeline_leads_from_the_start_to_the_present_state(
    history: tuple[Definition, list[AgencyEvent]],
) -> None:
    definition, messages = history
    procedure, _, _ = taken_in(definition, messages)
    outcome = fold(definition, NOON, [new_entry(m.receipt, procedure, m) for m in messages])
    state = definition.start
    for entry in outcome.entries:
        if entry.moved:
            assert entry.from_state == state
            assert entry.to_state in definition.states
            state = str(entry.to_state)
        else:
            assert (entry.from_state, entry.to_state, entry.alert) == (None, None, None)
            assert (entry.refusal is None) == (entry.kind is EntryKind.ESTIMATE)
    assert state == procedure.state
