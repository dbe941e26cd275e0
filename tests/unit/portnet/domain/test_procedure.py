"""A procedure is the fold over its messages, in the order in which they happened."""

from datetime import datetime, timedelta

import msgspec
import pytest

from portnet.domain.agency import AgencyEvent, Classifier, Reason
from portnet.domain.procedure import (
    Entry,
    EntryKind,
    Estimated,
    Fold,
    Moved,
    Refusal,
    Standing,
    decide,
    evolve,
    fold,
    in_order,
    may_send,
)
from tests.support.clock import NOON
from tests.support.scenarios import catalogue, said

DUM = catalogue().definition("DUM_IMPORT", 1)
ONSSA = catalogue().definition("ONSSA_IMPORT", 1)
MINUTE = timedelta(minutes=1)
WHY = (Reason(code="LAB", text="Analyse en attente"),)


def badr(event: str, minute: int = 0, *, received: int | None = None) -> Entry:
    at = NOON + minute * MINUTE
    received_at = NOON + (minute if received is None else received) * MINUTE
    message = said(
        "BADR",
        f"DUM_IMPORT.{event}",
        "DUM:1",
        at=at,
        received_at=received_at,
        receipt=f"{received_at:%d%H%M}-{event}",
    )
    return entry(message)


def entry(message: AgencyEvent) -> Entry:
    return Entry(
        id=message.receipt,
        procedure="p",
        dossier="d",
        message=message,
        kind=EntryKind.NOT_APPLIED,
    )


def folded(*entries: Entry) -> Fold:
    return fold(DUM, NOON, entries)


def events(entries: tuple[Entry, ...] | list[Entry]) -> list[str]:
    return [e.message.event for e in entries]


def standing(state: str, previous: str | None = None, at: datetime = NOON) -> Standing:
    return Standing(state=state, previous=previous, entered_at=at)


STEPS = ("registered", "channel_orange", "conform", "liquidated", "paid")


def test_a_procedure_stands_where_its_last_message_brought_it() -> None:
    outcome = folded(*(badr(event, n) for n, event in enumerate(STEPS)))
    assert outcome.standing.state == "PAID"
    assert outcome.standing.entered_at == NOON + 4 * MINUTE
    assert {e.kind for e in outcome.entries} == {EntryKind.APPLIED}


def test_messages_are_folded_in_the_order_in_which_they_happened() -> None:
    backwards = [badr(event, n, received=60 - n) for n, event in enumerate(STEPS)][::-1]
    outcome = folded(*backwards)
    assert events(outcome.entries) == list(STEPS)
    assert outcome.standing.state == "PAID"


def test_of_two_at_the_same_instant_the_one_received_first_comes_first() -> None:
    late = badr("channel_orange", 0, received=2)
    early = badr("registered", 0, received=1)
    assert events(in_order([late, early])) == ["registered", "channel_orange"]


def test_of_two_received_at_the_same_instant_the_lower_receipt_comes_first() -> None:
    second = entry(said("BADR", "DUM_IMPORT.channel_orange", receipt="r2"))
    first = entry(said("BADR", "DUM_IMPORT.registered", receipt="r1"))
    assert events(in_order([second, first])) == ["registered", "channel_orange"]


def test_a_source_that_numbers_its_messages_is_believed_over_its_clock() -> None:
    first = entry(said("BADR", "DUM_IMPORT.registered", at=NOON + MINUTE, receipt="a", seq=1))
    second = entry(said("BADR", "DUM_IMPORT.channel_green", at=NOON, receipt="b", seq=2))
    assert events(in_order([first, second])) == ["registered", "channel_green"]


def test_numbers_order_one_source_only_within_its_own_places() -> None:
    badr_2 = entry(said("BADR", "DUM_IMPORT.channel_green", at=NOON, receipt="a", seq=2))
    onssa = entry(said("ONSSA", "DUM_IMPORT.hold", at=NOON + MINUTE, receipt="b", seq=1))
    badr_1 = entry(said("BADR", "DUM_IMPORT.registered", at=NOON + 2 * MINUTE, receipt="c", seq=1))
    ordered = in_order([badr_1, onssa, badr_2])
    assert events(ordered) == ["registered", "hold", "channel_green"]


def test_a_message_without_a_number_keeps_its_place_by_time() -> None:
    numbered = entry(said("BADR", "DUM_IMPORT.conform", at=NOON + MINUTE, receipt="a", seq=1))
    plain = entry(said("BADR", "DUM_IMPORT.registered", at=NOON, receipt="b"))
    assert events(in_order([numbered, plain])) == ["registered", "conform"]


@pytest.mark.parametrize("held_from", ["CONFORM", "LIQUIDATED", "PAID"])
def test_a_lifted_hold_returns_to_where_the_hold_came_from(held_from: str) -> None:
    steps = STEPS[: {"CONFORM": 3, "LIQUIDATED": 4, "PAID": 5}[held_from]]
    outcome = folded(
        *(badr(event, n) for n, event in enumerate([*steps, "agency_hold", "hold_lifted"]))
    )
    assert outcome.standing.state == held_from
    assert outcome.entries[-1].to_state == held_from


def test_the_deadline_of_the_state_that_a_hold_interrupted_holds_again() -> None:
    due_at = NOON + timedelta(days=1)
    steps = [badr(event, n) for n, event in enumerate((*STEPS[:4], "agency_hold", "hold_lifted"))]
    assessed = msgspec.structs.replace(steps[3].message, due_at=due_at)
    steps[3] = msgspec.structs.replace(steps[3], message=assessed)
    assert folded(*steps[:5]).standing.due_at is None
    assert folded(*steps).standing.due_at == due_at


def test_a_second_hold_returns_to_where_the_second_came_from() -> None:
    path = [
        "registered",
        "channel_green",
        "agency_hold",
        "hold_lifted",
        "liquidated",
        "agency_hold",
        "hold_lifted",
    ]
    outcome = folded(*(badr(event, n) for n, event in enumerate(path)))
    assert outcome.standing.state == "LIQUIDATED"


def test_nothing_returns_to_a_state_that_was_never_left() -> None:
    message = said("BADR", "DUM_IMPORT.hold_lifted")
    assert decide(DUM, standing("AGENCY_HOLD"), message) is Refusal.ILLEGAL_TRANSITION


def test_a_late_message_takes_its_place_and_is_marked() -> None:
    on_time = [badr("registered", 0), badr("channel_orange", 2), badr("conform", 4)]
    assert events(folded(*on_time).entries) == ["registered", "channel_orange", "conform"]
    outcome = folded(
        badr("registered", 0), badr("conform", 4), badr("channel_orange", 2, received=5)
    )
    assert [e.kind for e in outcome.entries] == [
        EntryKind.APPLIED,
        EntryKind.LATE,
        EntryKind.APPLIED,
    ]


def test_a_message_that_a_late_one_makes_legal_becomes_applied() -> None:
    before = folded(badr("registered", 0), badr("conform", 4))
    assert [(e.kind, e.refusal) for e in before.entries] == [
        (EntryKind.APPLIED, None),
        (EntryKind.NOT_APPLIED, Refusal.ILLEGAL_TRANSITION),
    ]
    after = folded(*before.entries, badr("channel_orange", 2, received=5))
    assert [(e.kind, e.refusal) for e in after.entries][-1] == (EntryKind.APPLIED, None)
    assert after.standing.state == "CONFORM"


def test_a_message_that_a_late_one_makes_illegal_becomes_not_applied() -> None:
    before = folded(badr("registered", 0), badr("channel_green", 4))
    assert before.standing.state == "CONFORM"
    after = folded(*before.entries, badr("channel_orange", 2, received=5))
    assert after.standing.state == "DOC_REVIEW"
    flipped = after.entries[-1]
    assert (flipped.kind, flipped.refusal) == (
        EntryKind.NOT_APPLIED,
        Refusal.ILLEGAL_TRANSITION,
    )
    assert (flipped.from_state, flipped.to_state, flipped.alert) == (None, None, None)


def test_a_refused_message_is_not_late() -> None:
    outcome = folded(badr("registered", 0), badr("paid", 1, received=9), badr("channel_green", 2))
    assert [e.kind for e in outcome.entries] == [
        EntryKind.APPLIED,
        EntryKind.NOT_APPLIED,
        EntryKind.APPLIED,
    ]


def test_an_event_that_the_procedure_does_not_know_is_refused() -> None:
    message = said("BADR", "DUM_IMPORT.teleported")
    assert decide(DUM, standing("RECEIVED"), message) is Refusal.UNKNOWN_EVENT


def test_an_event_of_another_state_is_refused() -> None:
    message = said("BADR", "DUM_IMPORT.released")
    assert decide(DUM, standing("REGISTERED"), message) is Refusal.ILLEGAL_TRANSITION


def test_nothing_moves_what_is_final() -> None:
    message = said("BADR", "DUM_IMPORT.released")
    assert decide(DUM, standing("EXITED"), message) is Refusal.ALREADY_FINAL


def test_a_bank_that_says_released_is_not_believed() -> None:
    message = said("BANK", "DUM_IMPORT.released")
    assert not may_send(DUM, "BANK", "released")
    assert decide(DUM, standing("PAID"), message) is Refusal.NOT_THAT_SOURCE


def test_no_agency_speaks_for_the_company() -> None:
    message = said("BADR", "DUM_IMPORT.answered")
    assert decide(DUM, standing("INFO_REQUESTED"), message) is Refusal.NOT_THAT_SOURCE


def test_who_may_send_an_event_somewhere_may_not_send_it_everywhere() -> None:
    """Authority is the transition's, not the event's: both definitions say ``registered``, each for its own."""
    assert may_send(ONSSA, "ONSSA", "registered")
    assert not may_send(ONSSA, "BADR", "registered")
    assert not may_send(DUM, "ONSSA", "registered")


@pytest.mark.parametrize("classifier", [Classifier.EST, Classifier.PLN, Classifier.REQ])
def test_an_estimate_never_moves(classifier: Classifier) -> None:
    message = said("BADR", "DUM_IMPORT.channel_green", classifier=classifier)
    assert decide(DUM, standing("REGISTERED"), message) == Estimated(message=message)
    outcome = folded(badr("registered"), entry(message))
    assert outcome.standing.state == "REGISTERED"
    assert outcome.entries[-1].kind is EntryKind.ESTIMATE
    assert outcome.entries[-1].alert is None


def test_an_estimate_after_the_end_is_no_fault() -> None:
    message = said("BADR", "DUM_IMPORT.exited", classifier=Classifier.EST)
    assert decide(DUM, standing("EXITED"), message) == Estimated(message=message)


def test_a_step_carries_what_its_message_said() -> None:
    due = NOON + timedelta(days=3)
    message = said("ONSSA", "ONSSA_IMPORT.hold", due_at=due, reasons=WHY)
    decision = decide(ONSSA, standing("SAMPLED"), message)
    assert isinstance(decision, Moved)
    assert (decision.from_state, decision.to_state) == ("SAMPLED", "HELD")
    assert decision.alert == "A14"
    moved = evolve(standing("SAMPLED", at=NOON - MINUTE), decision)
    assert moved == Standing(
        state="HELD", previous="SAMPLED", entered_at=NOON, due_at=due, reasons=WHY
    )


def test_a_step_forgets_the_deadline_and_reasons_of_the_state_that_it_leaves() -> None:
    held = Standing(state="HELD", entered_at=NOON, due_at=NOON, reasons=WHY, previous="SAMPLED")
    decision = decide(ONSSA, held, said("ONSSA", "ONSSA_IMPORT.lab_result", at=NOON + MINUTE))
    assert isinstance(decision, Moved)
    after = evolve(held, decision)
    assert (after.due_at, after.reasons, after.previous) == (None, (), "HELD")


def test_a_step_that_stays_does_not_restart_the_clock() -> None:
    due = NOON + timedelta(hours=5)
    set_ = Standing(state="PHYSICAL_SET", entered_at=NOON, due_at=due, previous="IDENTITY_CHECK")
    later = due + timedelta(days=1)
    message = said("ONSSA", "ONSSA_IMPORT.postponed", at=NOON + MINUTE, due_at=later)
    decision = decide(ONSSA, set_, message)
    assert isinstance(decision, Moved)
    after = evolve(set_, decision)
    assert (after.entered_at, after.due_at, after.previous) == (NOON, later, "IDENTITY_CHECK")
