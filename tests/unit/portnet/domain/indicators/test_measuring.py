"""Measures out of whole histories: what counts, what stops the clock, what a late message changes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from portnet.domain.agency import AgencyEvent, LineDecision, Place
from portnet.domain.catalogue import OPERATOR
from portnet.domain.dossier import Dossier
from portnet.domain.folding import new_entry, open_dossier, open_procedure
from portnet.domain.indicators.measuring import History, Measure, Measures, Rating, measure
from portnet.domain.procedure import Entry, Procedure, fold
from portnet.indicators import load_indicators
from tests.support.scenarios import IMPORTER, catalogue, said

INDICATORS = load_indicators()
#: A Monday, nine o'clock in Casablanca.
START = datetime(2026, 4, 13, 8, 0, tzinfo=UTC)
HOUR = 3_600_000
BOX = "CONTAINER:CSQU3054383"
DUM = "DUM:30901020260000001G"

Step = tuple[str, float]


def told(
    code: str, steps: Sequence[Step], *refs: str, procedure: str = "p1"
) -> tuple[Procedure, tuple[Entry, ...]]:
    """A procedure whose events came so many hours after `START`, and its entries."""
    definition = catalogue().latest(code)
    assert definition is not None
    messages = [_message(code, event, hours, n, refs) for n, (event, hours) in enumerate(steps)]
    opened = open_procedure(definition, procedure, "d1", "1", messages[0])
    entries = [new_entry(f"{procedure}-{n}", opened, m) for n, m in enumerate(messages)]
    outcome = fold(definition, opened.opened_at, entries)
    return msgspec.structs.replace(opened, state=outcome.standing.state), outcome.entries


def _message(code: str, event: str, hours: float, n: int, refs: Sequence[str]) -> AgencyEvent:
    definition = catalogue().latest(code)
    assert definition is not None
    senders = {t.by[0] for t in definition.transitions if t.event == event}
    source = min(senders - {OPERATOR}, default=OPERATOR)
    at = START + timedelta(hours=hours)
    message = said(source, f"{code}.{event}", *refs, at=at, receipt=f"{code}{n:03}")
    items = (LineDecision(line=1, hs="2309909000"),)
    return msgspec.structs.replace(message, place=Place(bureau="309"), items=items)


def measured(
    *files: tuple[Procedure, tuple[Entry, ...]], ratings: tuple[Rating, ...] = ()
) -> Measures:
    procedures = tuple(procedure for procedure, _ in files)
    history = History(
        dossier=_dossier(procedures[0]),
        procedures=procedures,
        entries=tuple(entry for _, entries in files for entry in entries),
        ratings=ratings,
    )
    return measure(catalogue(), INDICATORS, history)


def _dossier(procedure: Procedure) -> Dossier:
    return open_dossier(catalogue(), "d1", IMPORTER.company, procedure, START)


def of(measures: Measures, code: str) -> list[Measure]:
    return [made for made in measures.made if made.indicator == code]


GREEN: Sequence[Step] = (
    ("registered", 0),
    ("channel_green", 1),
    ("liquidated", 2),
    ("paid", 6),
    ("released", 6.25),
    ("exit_authorised", 7),
    ("exited", 9),
)


def test_each_stay_with_an_agency_is_a_step_and_those_with_us_are_not() -> None:
    steps = of(measured(told("DUM_IMPORT", GREEN, DUM)), "AGENCY_STEP")
    stays = [(s.step, s.value / HOUR, s.business) for s in steps]
    assert stays == [
        ("DUM_IMPORT:REGISTERED:ADII:309", 1.0, HOUR),
        ("DUM_IMPORT:CONFORM:ADII:309", 1.0, HOUR),
        ("DUM_IMPORT:PAID:ADII:309", 0.25, HOUR // 4),
    ]


def test_a_measure_says_where_when_by_whom_and_of_what() -> None:
    [step, *_] = of(measured(told("DUM_IMPORT", GREEN, DUM)), "AGENCY_STEP")
    assert (step.month, step.agency, step.office, step.circuit, step.chapter) == (
        202604, "ADII", "309", "GREEN", "23"
    )  # fmt: skip


def test_what_was_left_after_its_target_is_not_on_time() -> None:
    late = (("registered", 0), ("channel_green", 1), ("liquidated", 2.5))
    shares = [(m.agency, m.value) for m in of(measured(told("DUM_IMPORT", late)), "ON_TIME")]
    # Registered had half an hour, conform a whole one.
    assert shares == [("ADII", 0), ("ADII", 0)]
    soon = (("registered", 0), ("channel_green", 0.5), ("liquidated", 1.5))
    assert [m.value for m in of(measured(told("DUM_IMPORT", soon)), "ON_TIME")] == [1, 1]


def test_a_step_that_an_agency_still_has_is_open_until_its_target() -> None:
    [step] = measured(told("DUM_IMPORT", (("registered", 0),))).open
    assert (step.agency, step.month, step.due_at) == ("ADII", 202604, START + timedelta(minutes=30))
    assert measured(told("DUM_IMPORT", GREEN)).open == ()


def test_business_hours_leave_out_the_night_and_the_weekend() -> None:
    # From Monday 9:00 to Tuesday 9:30: 7 h 30 on Monday, one hour on Tuesday.
    steps = (("registered", 0), ("channel_orange", 24.5))
    [step] = of(measured(told("DUM_IMPORT", steps)), "AGENCY_STEP")
    assert (step.value, step.business) == (int(24.5 * HOUR), int(8.5 * HOUR))


ANSWERED: Sequence[Step] = (
    ("registered", 0),
    ("channel_orange", 1),
    ("info_requested", 2),
    ("answered", 5),
    ("conform", 6),
)


def test_the_operators_reaction_is_from_the_request_to_the_answer() -> None:
    measures = measured(told("DUM_IMPORT", ANSWERED))
    [reaction] = of(measures, "OPERATOR_REACTION")
    assert reaction.value == 3 * HOUR
    assert not [m for m in of(measures, "AGENCY_STEP") if "INFO_REQUESTED" in str(m.step)]


def test_an_information_request_spoils_the_first_pass() -> None:
    assert [m.value for m in of(measured(told("DUM_IMPORT", ANSWERED)), "FIRST_PASS")] == [0]
    assert [m.value for m in of(measured(told("DUM_IMPORT", GREEN)), "FIRST_PASS")] == [1]
    undecided = ANSWERED[:3]
    assert of(measured(told("DUM_IMPORT", undecided)), "FIRST_PASS") == []


def test_the_circuit_is_the_first_and_in_the_end_the_last() -> None:
    steps = (("registered", 0), ("channel_orange", 1), ("escalate_visit", 2), ("visit_set", 3))
    measures = measured(told("DUM_IMPORT", steps))
    assert [m.circuit for m in of(measures, "CHANNEL_MIX")] == ["ORANGE"]
    assert [m.circuit for m in of(measures, "CHANNEL_MIX_FINAL")] == ["RED"]


ADMITTED: Sequence[Step] = (("registered", 0), ("doc_ok", 1), ("id_ok", 2), ("physical_done", 4))


def test_onssas_decision_is_told_apart_by_sampling() -> None:
    plain = measured(told("ONSSA_IMPORT", (*ADMITTED, ("admit", 6))))
    assert [m.value for m in of(plain, "ONSSA_DECISION")] == [6 * HOUR]
    assert of(plain, "ONSSA_DECISION_SAMPLED") == []
    tested = (*ADMITTED, ("sampled", 5), ("lab_result", 53), ("admit", 54))
    sampled = measured(told("ONSSA_IMPORT", tested))
    assert of(sampled, "ONSSA_DECISION") == []
    assert [m.value for m in of(sampled, "ONSSA_DECISION_SAMPLED")] == [54 * HOUR]


def test_from_registration_to_exit_the_clock_never_stops() -> None:
    assert [m.value for m in of(measured(told("DUM_IMPORT", GREEN)), "CLEARANCE")] == [9 * HOUR]


def test_a_procedure_that_is_not_over_has_no_span() -> None:
    assert of(measured(told("DUM_IMPORT", GREEN[:-1])), "CLEARANCE") == []


def test_a_late_message_changes_the_measures_as_if_it_had_come_in_time() -> None:
    procedure, entries = told("DUM_IMPORT", GREEN)
    in_time = measured((procedure, entries))
    assert measured((procedure, entries[::-1])) == in_time


def test_ratings_of_four_and_five_are_satisfied() -> None:
    ratings = tuple(Rating(score=score, at=START) for score in (5, 4, 3))
    rated = measured(told("DUM_IMPORT", GREEN), ratings=ratings)
    assert [m.value for m in of(rated, "SATISFACTION")] == [1, 1, 0]
