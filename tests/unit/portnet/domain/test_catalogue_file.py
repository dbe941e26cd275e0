"""What one file may take from another, and how states speak of time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.business_hours import parse_span
from portnet.domain.catalogue import Catalogue, Definition, Status
from portnet_notifications.catalogue import ALERTS
from tests.support.clock import NOON

WORDS = "label = { fr = 'É', ar = 'ح', en = 'S' }, short = { fr = 'É', ar = 'ح', en = 'S' }"
LABEL = "label = { fr = 'Essai', ar = 'اختبار', en = 'Trial' }"
FAMILY = f"""
code = "FAMILY"
version = 1
start = "OPEN"
opened_by = ["filed"]
identity = "CALL"
direction = "PORT_CALL"
phase = "PORT_CALL"
documents = ["INVOICE"]
before_arrival = "72h"
{LABEL}
transitions = [
    {{ from = "OPEN", event = "filed", to = "CHECKED", by = ["ANP"] }},
    {{ from = "CHECKED", event = "closed", to = "CLOSED", by = ["ANP"] }},
]
[states]
OPEN = {{ holder = "ANP", action = "WAIT_AGENCY", target = "4h", {WORDS} }}
CHECKED = {{ holder = "ANP", action = "WAIT_AGENCY", target = "4h", alarm = "8h", {WORDS} }}
CLOSED = {{ final = true, outcome = "SUCCESS", action = "NOTHING", {WORDS} }}
"""
KIND = f"""
code = "KIND"
version = 1
include = ["FAMILY"]
{LABEL}
"""


def loaded(*texts: str) -> Catalogue:
    return load_catalogue(frozenset(ALERTS), texts)


def kind(*more: str, family: str = FAMILY) -> Definition:
    return loaded("\n".join((KIND, *more)), family).definition("KIND", 1)


def faults_of(*texts: str) -> str:
    with pytest.raises(FaultyFile) as refused:
        loaded(*texts)
    return str(refused.value)


# ------------------------------------------------------------ what a kind takes from its family


def test_a_kind_is_its_family_where_it_says_nothing_else() -> None:
    family, own = loaded(FAMILY).definition("FAMILY", 1), kind()
    assert (own.code, own.states, own.transitions) == ("KIND", family.states, family.transitions)
    assert (own.start, own.opened_by, own.identity) == ("OPEN", ("filed",), "CALL")
    assert (own.documents, own.before_arrival) == (("INVOICE",), parse_span("72h"))


def test_a_kind_says_in_its_head_what_is_its_own() -> None:
    own = kind('identity = "DS"', "documents = []", "opened_by = []", 'before_arrival = "24h"')
    assert (own.identity, own.documents, own.opened_by) == ("DS", (), ())
    assert own.before_arrival == parse_span("24h")


def test_a_kind_s_transition_stands_in_the_place_of_its_family_s() -> None:
    own = kind(
        'transitions = [{ from = "CHECKED", event = "closed", to = "CLOSED", by = ["BADR"] }]'
    )
    assert [(t.event, t.by) for t in own.transitions] == [
        ("filed", ("ANP",)),
        ("closed", ("BADR",)),
    ]


def test_a_kind_s_state_changes_the_keys_that_it_writes() -> None:
    checked = kind("[states.CHECKED]", 'holder = "ADII"', 'target = "1h"').state("CHECKED")
    assert (checked.holder, checked.target, checked.alarm) == (
        "ADII",
        parse_span("1h"),
        parse_span("8h"),
    )
    assert (checked.label.fr, checked.action, checked.status) == (
        "É",
        "WAIT_AGENCY",
        Status.WAITING_AGENCY,
    )


def test_a_kind_may_add_a_state() -> None:
    own = kind(
        'transitions = [{ from = "OPEN", event = "lost", to = "LOST", by = ["ANP"] }]',
        f"[states]\nLOST = {{ final = true, outcome = 'FAILURE', action = 'NOTHING', {WORDS} }}",
    )
    assert set(own.states) == {"OPEN", "CHECKED", "CLOSED", "LOST"}


def test_a_kind_of_a_kind_knows_both() -> None:
    text = KIND.replace('"KIND"', '"GRANDCHILD"').replace('["FAMILY"]', '["KIND"]')
    assert loaded(text, KIND, FAMILY).definition("GRANDCHILD", 1).identity == "CALL"


def test_a_second_version_of_a_family_changes_no_kind_of_the_first() -> None:
    second = FAMILY.replace("version = 1", "version = 2").replace('"4h"', '"2h"')
    assert loaded(FAMILY, second, KIND).definition("KIND", 1).state("OPEN").target == parse_span(
        "4h"
    )
    follows = KIND.replace('["FAMILY"]', '["FAMILY.v2"]')
    assert loaded(FAMILY, second, follows).definition("KIND", 1).state("OPEN").target == parse_span(
        "2h"
    )


def test_a_kind_names_itself() -> None:
    assert "label.fr: is missing" in faults_of(KIND.replace(LABEL, ""), FAMILY)


def test_what_nobody_says_is_missing() -> None:
    said = faults_of(KIND.replace('include = ["FAMILY"]', ""))
    for key in ("start", "identity", "direction", "phase"):
        assert f"extra 1: {key}: is missing" in said


def test_definitions_that_include_each_other_are_told_so() -> None:
    other = KIND.replace('"KIND"', '"OTHER"').replace('["FAMILY"]', '["KIND"]')
    said = faults_of(KIND.replace('["FAMILY"]', '["OTHER"]'), other)
    assert "include: no fragment or definition OTHER.v1" in said


def test_a_definition_that_includes_itself_is_told_so() -> None:
    said = faults_of(KIND.replace('["FAMILY"]', '["KIND"]'))
    assert "include: no fragment or definition KIND.v1" in said


# ------------------------------------------------------------ deadlines and reminders


def with_state(more: str) -> str:
    return FAMILY.replace("OPEN = { ", f"OPEN = {{ {more}, ")


def test_reminders_count_back_from_the_deadline_one_for_each_length() -> None:
    text = with_state('due = "5d", reminders = [{ before = ["24h", "1h"], alert = "A05" }]')
    state = loaded(text).definition("FAMILY", 1).state("OPEN")
    assert [(r.before, r.alert) for r in state.reminders] == [
        (parse_span("24h"), "A05"),
        (parse_span("1h"), "A05"),
    ]


def test_one_reminder_needs_no_list() -> None:
    text = with_state('reminders = [{ before = "24h", alert = "A24" }]')
    state = loaded(text).definition("FAMILY", 1).state("OPEN")
    assert [(r.before, r.alert) for r in state.reminders] == [(parse_span("24h"), "A24")]


def test_the_deadline_that_a_message_said_goes_before_the_usual_one() -> None:
    usual = loaded(with_state('due = "5d"')).definition("FAMILY", 1).state("OPEN")
    said = NOON + timedelta(hours=3)
    assert usual.deadline(NOON, said) == said
    assert usual.deadline(NOON, None) == NOON + timedelta(days=5)
    assert loaded(FAMILY).definition("FAMILY", 1).state("OPEN").deadline(NOON, None) is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('reminders = [{ before = "1h", alert = "A99" }]', "states.OPEN.reminders: no alert A99"),
        ('reminders = [{ before = "1h" }]', "states.OPEN.reminders[1].alert: is missing"),
        ('reminders = [{ before = "soon", alert = "A05" }]', "reminders[1].before: 'soon' is not"),
        ('reminders = [{ before = 1, alert = "A05" }]', "reminders[1].before: Expected"),
        ('due = "slot"', "states.OPEN.due: a deadline is a length of time"),
    ],
)
def test_a_wrong_deadline_or_reminder_is_told(more: str, said: str) -> None:
    assert said in faults_of(with_state(more))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["INVOICE"]', '["INVOICE", "PASSPORT"]', "documents: no document PASSPORT"),
        ('"72h"', '"three days"', "before_arrival: 'three days' is not a duration"),
        ('"72h"', '"slot"', "before_arrival: a deadline is a length of time"),
    ],
)
def test_a_wrong_head_is_told(old: str, new: str, said: str) -> None:
    assert said in faults_of(FAMILY.replace(old, new))


# ------------------------------------------------------------ what the published ones remind of


@pytest.mark.parametrize(
    ("code", "state", "alert", "before"),
    [
        ("DUM_IMPORT", "EXIT_AUTHORISED", "A24", ["24h"]),
        ("TM_PASSAGE", "PORT_CLEARED", "A24", ["24h"]),
        ("DUM_EXPORT", "EXPORTED", "A19", ["30d"]),
        ("IMP_TITLE", "AT_CUSTOMS", "A19", ["30d", "7d", "1d"]),
        ("SUBSCRIPTION", "RENEWAL", "A28", ["7d", "1d"]),
    ],
)
def test_people_are_reminded_before_it_costs_them(
    code: str, state: str, alert: str, before: list[str]
) -> None:
    reminders = loaded().definition(code, 1).state(state).reminders
    assert [(r.alert, r.before) for r in reminders] == [(alert, parse_span(b)) for b in before]


def test_every_request_for_information_counts_down() -> None:
    spans = [parse_span(text) for text in ("24h", "12h", "4h", "1h")]
    asked = {
        (d.code, state.code): [r.before for r in state.reminders if r.alert == "A05"]
        for d in loaded().definitions.values()
        for state in d.states.values()
        if state.action == "ANSWER_REQUEST"
    }
    assert len(asked) > len(spans)
    assert {place for place, before in asked.items() if before != spans} == set()


def test_port_formalities_say_how_long_before_the_ship_they_are_filed() -> None:
    hours = {
        d.code: d.before_arrival.seconds // 3600
        for d in loaded().definitions.values()
        if d.before_arrival
    }
    assert hours == {
        "ARRIVAL_NOTICE": 72, "BERTH_REQUEST": 48, "MANIFEST": 24, "DANGEROUS_GOODS": 48,
        "HEAVY_PACKAGES": 48, "WASTE": 24,
    }  # fmt: skip
