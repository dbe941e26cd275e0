"""Stories as people write them: the shipped one holds, a wrong one is told so."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.catalogue import load_catalogue
from portnet.domain.agency import Amount, Classifier, Place, Reason
from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.authoring.scenario import Outage, Step, Wait, parse_scenario, told
from portnet.domain.business_hours import CASABLANCA
from portnet.domain.catalogue import OPERATOR, PREVIOUS, Definition
from portnet.scenarios import shipped

ALERTS = frozenset(f"A{number:02}" for number in range(1, 46))
S0_IN_ORDER = [
    "DUM_IMPORT.registered",
    "DUM_IMPORT.channel_orange",
    "DUM_IMPORT.escalate_visit",
    "DUM_IMPORT.visit_set",
    "DUM_IMPORT.visit_done",
    "ONSSA_IMPORT.registered",
    "ONSSA_IMPORT.doc_ok",
    "ONSSA_IMPORT.id_ok",
    "ONSSA_IMPORT.physical_done",
    "ONSSA_IMPORT.sampled",
    "ONSSA_IMPORT.hold",
    "DUM_IMPORT.conform",
    "DUM_IMPORT.liquidated",
    "DUM_IMPORT.paid",
    "DUM_IMPORT.agency_hold",
    "ONSSA_IMPORT.lab_result",
    "ONSSA_IMPORT.admit",
    "DUM_IMPORT.hold_lifted",
    "DUM_IMPORT.released",
    "DUM_IMPORT.exit_authorised",
    "DUM_IMPORT.exited",
]
STORY = """
code = "MINE"
title = { fr = "Mon essai", ar = "تجربتي", en = "My trial" }
starts_at = "08:50"
parties = { OPERATOR = "company:importer", BROKER = "001561191000066" }
refs = { dum = "DUM", onssa = "ONSSA_FILE" }

[[steps]]
after = "40m"
source = "ONSSA"
event = "ONSSA_IMPORT.hold"
refs = ["onssa", "dum"]
reasons = [{ code = "LAB", text = "Analyse en attente", lang = "fr" }]
due_in = "4d"
classifier = "EST"
place = { unlocode = "MACAS" }
amounts = [{ kind = "TVA", value = "1250.00", currency = "MAD" }]

[[steps]]
wait_for = { by = "DECLARANT", act = "ANSWER_REQUEST", within = "4h", else = "ONSSA_IMPORT.refuse" }
"""


def steps_of_s0() -> list[Step]:
    return [step for step in shipped()["S0"].steps if isinstance(step, Step)]


def faults_of(text: str) -> list[str]:
    with pytest.raises(FaultyFile) as refused:
        parse_scenario(text)
    return str(refused.value).splitlines()


# ------------------------------------------------------------ the story that we ship


def test_s0_is_told_by_agencies_alone_in_its_order() -> None:
    assert [step.event for step in steps_of_s0()] == S0_IN_ORDER
    assert len(steps_of_s0()) == len(shipped()["S0"].steps) == 21


def test_s0_is_legal_step_by_step_and_ends_well() -> None:
    catalogue = load_catalogue(ALERTS)
    states: dict[str, str] = {}
    left: dict[str, str] = {}
    for step in steps_of_s0():
        code, event = step.event.split(".")
        definition = catalogue.latest(code)
        assert definition is not None
        assert definition.identity in {shipped()["S0"].refs[name] for name in step.refs}
        states[code], left[code] = advance(definition, states, left, event, step.source)
    assert states == {"DUM_IMPORT": "EXITED", "ONSSA_IMPORT": "ADMITTED"}


def advance(
    definition: Definition, states: dict[str, str], left: dict[str, str], event: str, source: str
) -> tuple[str, str]:
    state = states.get(definition.code, definition.start)
    transition = definition.transition(state, event)
    assert transition is not None, f"{event} from {state}"
    assert source in transition.by
    to = left[definition.code] if transition.to == PREVIOUS else transition.to
    return to, state


def test_s0_holds_the_goods_at_22_40() -> None:
    story = shipped()["S0"]
    assert story.starts_at is not None
    at = datetime.combine(date(2026, 3, 30), story.starts_at, CASABLANCA)  # a Monday
    times: dict[str, datetime] = {}
    for step in steps_of_s0():
        at += step.after
        times[step.event] = at
    assert times["ONSSA_IMPORT.hold"].time() == time(22, 40)
    assert max(times.values()).weekday() == 4


def test_s0_names_a_time_wherever_people_must_come_pay_or_wait() -> None:
    timed = {step.event for step in steps_of_s0() if step.due_in}
    assert timed >= {"DUM_IMPORT.visit_set", "ONSSA_IMPORT.id_ok", "ONSSA_IMPORT.sampled"}
    assert timed >= {"DUM_IMPORT.liquidated", "ONSSA_IMPORT.hold"}


def test_s0_gives_its_reason_wherever_it_blocks() -> None:
    reasoned = {step.event for step in steps_of_s0() if step.reasons}
    assert reasoned >= {"ONSSA_IMPORT.hold", "DUM_IMPORT.agency_hold"}


@pytest.mark.parametrize("acting", [True, False])
@pytest.mark.parametrize("code", sorted(shipped()))
def test_what_agencies_say_in_a_shipped_story_is_legal_whether_the_company_acts_or_not(
    code: str, acting: bool
) -> None:
    catalogue = load_catalogue(ALERTS)
    states: dict[str, str] = {}
    left: dict[str, str] = {}
    done: set[str] = set()
    for step in shipped()[code].steps:
        if isinstance(step, Outage) or not told(step, done):
            continue
        event, source = (
            (step.act, OPERATOR) if isinstance(step, Wait) else (step.event, step.source)
        )
        if isinstance(step, Wait) and not acting and step.within is None:
            return
        if isinstance(step, Wait) and not acting:
            if step.otherwise is None:
                continue
            event, source = step.otherwise, "BADR"
        elif isinstance(step, Wait):
            done.add(step.act)
        name, _, event = event.partition(".")
        definition = catalogue.latest(name)
        assert definition is not None
        if name not in states and isinstance(step, Step):
            assert event in definition.opened_by
            assert definition.identity in {shipped()[code].refs[ref] for ref in step.refs}
        states[name], left[name] = advance(definition, states, left, event, source)


def test_the_shipped_stories_show_every_fault_of_the_wire_but_retraction() -> None:
    steps = [step for scenario in shipped().values() for step in scenario.steps]
    messages = [step for step in steps if isinstance(step, Step)]
    assert any(step.twice for step in messages)
    assert any(step.early for step in messages)
    assert any(step.delay for step in messages)
    assert any(isinstance(step, Outage) for step in steps)


# ------------------------------------------------------------ the stories that users write


def test_a_step_says_all_that_a_message_needs() -> None:
    assert parse_scenario(STORY).steps[0] == Step(
        after=timedelta(minutes=40),
        source="ONSSA",
        event="ONSSA_IMPORT.hold",
        refs=("onssa", "dum"),
        reasons=(Reason(code="LAB", text="Analyse en attente", lang="fr"),),
        due_in=timedelta(days=4),
        classifier=Classifier.EST,
        place=Place(unlocode="MACAS"),
        amounts=(Amount(kind="TVA", value="1250.00", currency="MAD"),),
    )


def test_a_story_waits_for_a_person_and_knows_what_else() -> None:
    assert parse_scenario(STORY).steps[1] == Wait(
        by="DECLARANT",
        act="ANSWER_REQUEST",
        within=timedelta(hours=4),
        otherwise="ONSSA_IMPORT.refuse",
    )


def test_a_step_needs_only_who_what_and_about_which() -> None:
    short = STORY[: STORY.index("[[steps]]")] + (
        '[[steps]]\nsource = "BADR"\nevent = "DUM_IMPORT.registered"\nrefs = ["dum"]\n'
    )
    assert parse_scenario(short).steps == (
        Step(after=timedelta(0), source="BADR", event="DUM_IMPORT.registered", refs=("dum",)),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"40m"', '"40"', "steps[1].after: '40' is not a duration"),
        ('"40m"', '"4bh"', "steps[1].after: '4bh' counts business hours"),
        ('"40m"', "40", "steps[1].after: Expected `str`, got `int`"),
        ('after = "40m"', 'aftr = "40m"', "steps[1].aftr: unknown key"),
        ('source = "ONSSA"', "", "steps[1].source: is missing"),
        ('"ONSSA"\n', '"Onssa"\n', "steps[1].source: 'Onssa' is no source"),
        ('"ONSSA_IMPORT.hold"', '"hold"', "steps[1].event: 'hold' is no event"),
        ('["onssa", "dum"]', '["onsa", "dum"]', "steps[1].refs: 'onsa' is not among"),
        ('["onssa", "dum"]', "[]", "steps[1].refs: a message needs at least one reference"),
        ('code = "LAB", ', "", "steps[1].reasons[1].code: is missing"),
        ('"4d"', '"soon"', "steps[1].due_in: 'soon' is not a duration"),
        ('"EST"', '"MAYBE"', "steps[1].classifier: Invalid enum value 'MAYBE'"),
        ("{ unlocode", "{ town", "steps[1].place.town: unknown key"),
        ('"1250.00"', '"1 250"', "steps[1].amounts[1].value: '1 250' is no amount"),
        ('"1250.00"', '"NaN"', "steps[1].amounts[1].value: 'NaN' is no amount"),
        ('"1250.00"', "1250.0", "steps[1].amounts[1].value: Expected `str`, got `float`"),
        ('act = "ANSWER_REQUEST", ', "", "steps[2].wait_for.act: is missing"),
        ('"ONSSA_IMPORT.refuse"', '"refuse"', "steps[2].wait_for.else: 'refuse' is no event"),
        (', within = "4h"', "", "steps[2].wait_for.within: is missing"),
        ('"08:50"', '"8h50"', "starts_at: '8h50' is no time of day"),
        ('"company:importer"', '"the importer"', "parties.OPERATOR: 'the importer' is neither"),
        ('"001561191000066"', '"001561191000065"', "parties.BROKER: '001561191000065' is neither"),
        ("BROKER =", "FRIEND =", "parties.FRIEND: unknown role"),
        ("OPERATOR =", "AGENT =", "parties.OPERATOR: is missing"),
        ('"DUM", ', '"a dum", ', "refs.dum: 'a dum' is no scheme"),
        (', en = "My trial"', "", "title: Object missing required field `en`"),
        ('code = "MINE"', "", "code: is missing"),
        ('code = "MINE"', "code = MINE", "not TOML"),
    ],
)
def test_a_wrong_story_is_told_which_step_and_key(old: str, new: str, said: str) -> None:
    assert old in STORY
    assert any(fault.startswith(said) for fault in faults_of(STORY.replace(old, new, 1)))


def test_every_fault_of_a_story_is_named_at_once() -> None:
    wrong = STORY.replace('code = "MINE"', "").replace('"40m"', '"40"').replace('"4h"', '"4"')
    assert [fault.split(": ")[0] for fault in faults_of(wrong)] == [
        "code",
        "steps[1].after",
        "steps[2].wait_for.within",
    ]


def test_a_story_without_steps_is_refused() -> None:
    empty = STORY[: STORY.index("[[steps]]")] + "steps = []"
    assert faults_of(empty) == ["steps: nothing happens in this story"]


@pytest.mark.parametrize("steps", ["steps = 3", 'steps = ["hold"]', "steps = [{ wait_for = 1 }]"])
def test_steps_of_another_shape_are_refused(steps: str) -> None:
    assert faults_of(STORY[: STORY.index("[[steps]]")] + steps)[0].startswith("steps")


TIED = (
    STORY.replace('act = "ANSWER_REQUEST"', 'act = "ONSSA_IMPORT.answered"')
    + """
[[steps]]
source = "ONSSA"
event = "ONSSA_IMPORT.doc_ok"
refs = ["onssa"]
only_after = "ONSSA_IMPORT.answered"
name = "papers"
twice = true
delay = "2h"

[[steps]]
source = "ONSSA"
event = "ONSSA_IMPORT.doc_ok"
refs = ["onssa"]
unless = "ONSSA_IMPORT.answered"
early = true
retracts = "papers"

[[steps]]
after = "1h"
outage = { source = "ONSSA", lasts = "3h" }
"""
)


def test_a_step_may_depend_on_an_act_and_suffer_from_the_wire() -> None:
    _, _, late, early, outage = parse_scenario(TIED).steps
    assert isinstance(late, Step)
    assert isinstance(early, Step)
    assert (late.twice, late.delay, early.early) == (True, timedelta(hours=2), True)
    assert early.retracts == late.name == "papers"
    assert outage == Outage(after=timedelta(hours=1), source="ONSSA", lasts=timedelta(hours=3))
    act = {"ONSSA_IMPORT.answered"}
    assert [told(step, act) for step in (late, early, outage)] == [True, False, True]
    assert [told(step, ()) for step in (late, early, outage)] == [False, True, True]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('only_after = "ONSSA_IMPORT.answered"', 'only_after = "ONSSA_IMPORT.paid"', "only_after: no wait"),
        ('retracts = "papers"', 'retracts = "paper"', "retracts: no step before it has the name"),
        ('name = "papers"', 'name = "The papers"', "name: 'The papers' is no name"),
        ('name = "papers"', "early = true", "early: there is no message right before it"),
        ('delay = "2h"', 'delay = "late"', "delay: 'late' is not a duration"),
        ('lasts = "3h"', 'lasts = "3bh"', "outage.lasts: '3bh' counts business hours"),
        ('outage = { source = "ONSSA"', 'outage = { source = "onssa"', "outage.source: 'onssa' is no"),
    ],
)  # fmt: skip
def test_a_tie_that_does_not_hold_is_told(old: str, new: str, said: str) -> None:
    assert old in TIED
    assert any(said in fault for fault in faults_of(TIED.replace(old, new, 1)))


@given(st.text())
def test_any_text_is_a_story_or_a_list_of_faults(text: str) -> None:
    assert faults_of(text)
