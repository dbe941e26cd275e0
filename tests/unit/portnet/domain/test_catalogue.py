"""The published catalogue as operators rely on it, and what a wrong file is told."""

from __future__ import annotations

import string

import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.authoring.catalogue_check import Known, check
from portnet.domain.authoring.catalogue_file import Fragment, parse_definition
from portnet.domain.business_hours import parse_span
from portnet.domain.catalogue import (
    OPERATOR,
    PREVIOUS,
    Catalogue,
    Definition,
    Outcome,
    State,
    Status,
    Timeout,
)
from portnet.domain.localised import Localised

ALERTS = frozenset(f"A{number:02}" for number in range(1, 46))
SHORT = "label = { fr = 'É', ar = 'ح', en = 'S' }, short = { fr = 'É', ar = 'ح', en = 'S' }"
HEAD = """
version = 1
start = "OPEN"
opened_by = ["registered"]
identity = "LOT"
direction = "IMPORT"
phase = "CLEARANCE"
label = { fr = "Essai", ar = "اختبار", en = "Trial" }
"""
SOUND = f"""
code = "TRIAL"
{HEAD}
transitions = [{{ from = "OPEN", event = "registered", to = "CLOSED", by = ["BADR"] }}]
[states]
OPEN = {{ holder = "ADII", action = "WAIT_AGENCY", {SHORT} }}
CLOSED = {{ final = true, outcome = "SUCCESS", action = "NOTHING", {SHORT} }}
"""
LAPSING = 'timeout = { after = "72h", event = "registered" }'
NEVER = 'timeout = { after = "slot", event = "registered" }'


@pytest.fixture(scope="module", name="catalogue")
def published_catalogue() -> Catalogue:
    return load_catalogue(ALERTS)


def latest(catalogue: Catalogue, code: str) -> Definition:
    definition = catalogue.latest(code)
    assert definition is not None
    return definition


def faults_of(text: str) -> str:
    with pytest.raises(FaultyFile) as refused:
        load_catalogue(ALERTS, [text])
    return str(refused.value)


def edited(old: str, new: str) -> str:
    assert old in SOUND
    return SOUND.replace(old, new)


# ------------------------------------------------------------ what is published


@pytest.mark.parametrize(
    ("code", "going_on", "transitions", "ends"),
    [
        ("DUM_IMPORT", 16, 41, {"REFUSED", "CANCELLED", "SEIZED", "EXITED"}),
        (
            "ONSSA_IMPORT",
            12,
            35,
            {"REFUSED_FILE", "CANCELLED", "ADMITTED", "RE_EXPORTED", "DESTROYED"},
        ),
    ],
)
def test_a_procedure_has_its_states_and_transitions(
    catalogue: Catalogue, code: str, going_on: int, transitions: int, ends: set[str]
) -> None:
    definition = latest(catalogue, code)
    final = {state.code for state in definition.states.values() if state.final}
    assert final == ends
    assert len(definition.states) - len(final) == going_on
    assert len(definition.transitions) == transitions


def test_a_company_act_is_never_an_agencys(catalogue: Catalogue) -> None:
    for definition in catalogue.definitions.values():
        acts = {t.event for t in definition.transitions if OPERATOR in t.by}
        assert {t.by for t in definition.transitions if t.event in acts} <= {(OPERATOR,)}


@pytest.mark.parametrize(("code", "source"), [("DUM_IMPORT", "BADR"), ("ONSSA_IMPORT", "ONSSA")])
def test_each_agency_speaks_for_its_own_procedure_only(
    catalogue: Catalogue, code: str, source: str
) -> None:
    speakers = {source for t in latest(catalogue, code).transitions for source in t.by}
    assert speakers == {source, OPERATOR}


@pytest.mark.parametrize(
    ("code", "alerts"),
    [
        (
            "DUM_IMPORT",
            {
                "rejected": "A44", "channel_green": "A01", "channel_orange": "A02",
                "channel_red": "A03", "escalate_visit": "A03", "visit_set": "A04",
                "info_requested": "A05", "redress": "A06", "dispute": "A43", "seized": "A43",
                "sampled": "A13", "liquidated": "A07", "paid": "A08", "agency_hold": "A12",
                "hold_lifted": "A29", "agency_refused": "A44", "released": "A10",
                "release_withdrawn": "A27", "exit_authorised": "A34", "exited": "A11",
            },
        ),
        (
            "ONSSA_IMPORT",
            {
                "rejected": "A44", "info_requested": "A05", "id_ok": "A04", "sampled": "A13",
                "hold": "A14", "hold_lifted": "A29", "consigned_out": "A39", "admit": "A15",
                "refuse": "A16", "destroy": "A44",
            },
        ),
    ],
)  # fmt: skip
def test_alerts_hang_on_these_events_and_no_others(
    catalogue: Catalogue, code: str, alerts: dict[str, str]
) -> None:
    assert {t.event: t.alert for t in latest(catalogue, code).transitions if t.alert} == alerts


def test_a_lifted_hold_returns_to_where_it_came_from(catalogue: Catalogue) -> None:
    lifted = latest(catalogue, "DUM_IMPORT").transition("AGENCY_HOLD", "hold_lifted")
    assert lifted is not None
    assert lifted.to == PREVIOUS


@pytest.mark.parametrize(
    ("code", "state", "status", "action", "warning"),
    [
        ("ONSSA_IMPORT", "HELD", Status.BLOCKED, "WAIT_AGENCY", "DO_NOT_SELL_OR_MOVE"),
        ("ONSSA_IMPORT", "CONSIGNED_OUT", Status.BLOCKED, "COLLECT", "DO_NOT_SELL"),
        ("ONSSA_IMPORT", "REFUSED", Status.BLOCKED, "DECIDE", "DO_NOT_SELL_OR_MOVE"),
        ("ONSSA_IMPORT", "ADMITTED", Status.DONE, "NOTHING", None),
        ("DUM_IMPORT", "AGENCY_HOLD", Status.BLOCKED, "PREPARE_PAPERS", "DO_NOT_SELL_OR_MOVE"),
        ("DUM_IMPORT", "DISPUTE", Status.BLOCKED, "DECIDE", "DO_NOT_SELL_OR_MOVE"),
        ("DUM_IMPORT", "LIQUIDATED", Status.ACTION_REQUIRED, "PAY", None),
        ("DUM_IMPORT", "VISIT_SET", Status.ACTION_REQUIRED, "ATTEND_INSPECTION", None),
        ("DUM_IMPORT", "RELEASED", Status.WAITING_AGENCY, "WAIT_AGENCY", None),
        ("DUM_IMPORT", "EXIT_AUTHORISED", Status.ACTION_REQUIRED, "COLLECT", None),
    ],
)
def test_a_state_says_how_urgent_it_is_and_what_to_do(
    catalogue: Catalogue, code: str, state: str, status: Status, action: str, warning: str | None
) -> None:
    found = latest(catalogue, code).state(state)
    assert (found.status, found.action, found.warning) == (status, action, warning)


def test_target_and_alarm_count_clock_or_business_hours(catalogue: Catalogue) -> None:
    conform = latest(catalogue, "DUM_IMPORT").state("CONFORM")
    assert (conform.target, conform.alarm) == (parse_span("1h"), parse_span("4bh"))


def test_an_appointment_is_no_length_of_time(catalogue: Catalogue) -> None:
    visit = latest(catalogue, "DUM_IMPORT").state("VISIT_SET")
    assert (visit.target, visit.alarm) == (None, None)


def test_a_source_names_its_agency(catalogue: Catalogue) -> None:
    customs = catalogue.agency_of_source("BADR")
    assert customs is not None
    assert customs.code == "ADII"
    assert catalogue.agency_of_source("NOBODY") is None


def test_a_procedure_is_its_agencys_file(catalogue: Catalogue) -> None:
    owner = catalogue.agency_of(latest(catalogue, "ONSSA_IMPORT"))
    assert owner is not None
    assert owner.code == "ONSSA"


def test_every_holder_has_a_name(catalogue: Catalogue) -> None:
    for definition in catalogue.definitions.values():
        for state in definition.states.values():
            assert state.final or catalogue.holder_label(state.holder or "").ar


def test_arabic_words_are_arabic(catalogue: Catalogue) -> None:
    states = [state for d in catalogue.definitions.values() for state in d.states.values()]
    words = [
        *(text.ar for state in states for text in (state.label, state.short)),
        *(action.label.ar for action in catalogue.actions.values()),
        *(
            text.ar
            for agency in catalogue.agencies.values()
            for text in (agency.label, agency.short)
        ),
        *(label.ar for label in catalogue.holders.values()),
    ]
    assert [text for text in words if set(text) & set(string.ascii_letters)] == []


def test_an_unknown_code_has_no_latest_version(catalogue: Catalogue) -> None:
    assert catalogue.latest("NOTHING_SUCH") is None


# ------------------------------------------------------------ what may be added


def test_a_new_procedure_needs_only_its_file() -> None:
    trial = latest(load_catalogue(ALERTS, [SOUND]), "TRIAL")
    assert trial.events() == {"registered"}
    assert trial.state("OPEN").status is Status.WAITING_AGENCY
    assert trial.state("CLOSED").outcome is Outcome.SUCCESS


def test_instances_keep_the_version_they_started_with() -> None:
    second = edited("version = 1", "version = 2").replace("registered", "filed")
    catalogue = load_catalogue(ALERTS, [SOUND, second])
    assert latest(catalogue, "TRIAL").version == 2
    assert catalogue.definition("TRIAL", 1).events() == {"registered"}
    assert catalogue.definition("TRIAL", 2).events() == {"filed"}


@pytest.mark.parametrize("counted", ["", ", from_due = true"])
def test_a_state_may_time_out(counted: str) -> None:
    timeout = f'timeout = {{ after = "72h", event = "registered"{counted} }}'
    text = edited('["BADR"]', '["CLOCK", "BADR"]').replace('"WAIT_AGENCY"', f'"PAY", {timeout}')
    state = latest(load_catalogue(ALERTS, [text]), "TRIAL").state("OPEN")
    after = parse_span("72h")
    assert state.timeout == Timeout(after=after, event="registered", from_due=bool(counted))


def test_an_include_without_a_version_means_the_first() -> None:
    fragment = f"""
    code = "EXTRA"
    version = 1
    fragment = true
    [states]
    LATE = {{ holder = "ADII", action = "WAIT_AGENCY", {SHORT} }}
    """
    second = fragment.replace("version = 1", "version = 2").replace("LATE", "LATER")
    joined = edited(HEAD, HEAD + 'include = ["EXTRA"]\n').replace(
        "transitions = [",
        'transitions = [{ from = "OPEN", event = "x", to = "LATE", by = ["BADR"] }, '
        '{ from = "LATE", event = "y", to = "CLOSED", by = ["BADR"] }, ',
    )
    assert "LATE" in latest(load_catalogue(ALERTS, [joined, fragment, second]), "TRIAL").states


def test_a_published_version_cannot_be_published_again() -> None:
    assert "extra 2: version: TRIAL version 1 is published already" in faults_of_two(SOUND, SOUND)


def faults_of_two(one: str, two: str) -> str:
    with pytest.raises(FaultyFile) as refused:
        load_catalogue(ALERTS, [one, two])
    return str(refused.value)


# ------------------------------------------------------------ what a wrong file is told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('to = "CLOSED"', 'to = "OPEN"', "states.CLOSED: cannot be reached from the start"),
        ('to = "CLOSED"', 'to = "OPEN"', "states.OPEN: can never come to an end"),
        ('to = "CLOSED"', 'to = "SHUT"', "OPEN.registered: leads to SHUT, which is no state"),
        ('from = "OPEN"', 'from = "AJAR"', "AJAR.registered: leaves AJAR, which is no state"),
        ('from = "OPEN"', 'from = "CLOSED"', "CLOSED.registered: leaves CLOSED, which is final"),
        (', by = ["BADR"]', "", "OPEN.registered: says not by whom: nobody has the authority"),
        ('["BADR"]', '["CUSTOMS"]', "OPEN.registered: no source CUSTOMS"),
        ('["BADR"]', '["BADR", "OPERATOR"]', "is the company's own act: no agency may send it"),
        ('["BADR"]', '["BADR"], approval = true', "asks an agency for an approval"),
        ('["BADR"]', '["BADR"], alert = "A99"', "OPEN.registered: no alert A99"),
        ('"ADII"', '"NOBODY"', "states.OPEN.holder: NOBODY is neither a role nor an agency"),
        ('holder = "ADII", ', "", "states.OPEN.holder: is missing"),
        ('"WAIT_AGENCY"', '"HURRY"', "states.OPEN.action: no action HURRY"),
        ('"WAIT_AGENCY"', '"DO_NOT_SELL"', "states.OPEN.action: DO_NOT_SELL is a prohibition"),
        ('"WAIT_AGENCY"', '"PAY", warning = "PAY"', "states.OPEN.warning: PAY is no prohibition"),
        ('action = "NOTHING", ', "", "states.CLOSED.action: is missing"),
        ('"WAIT_AGENCY"', '"PAY", target = "soon"', "states.OPEN.target: 'soon' is not a duration"),
        ('"WAIT_AGENCY"', '"PAY", colour = "red"', "states.OPEN.colour: unknown key"),
        (', outcome = "SUCCESS"', "", "states.CLOSED: is final without an outcome"),
        ('"SUCCESS"', '"GLORY"', "states.CLOSED.outcome: Invalid enum value 'GLORY'"),
        ("final = true, ", "", "states.CLOSED.outcome: only a final state has one"),
        ('"اختبار"', '""', "label.ar: is missing"),
        (', en = "Trial"', "", "label.en: is missing"),
        ('"Trial"', '"Trial", de = "Versuch"', "label.de: unknown key"),
        ("short = { fr = 'É'", "short = { fr = 'Étude documentaire'", "18 characters, 14 are"),
        ('["registered"]', '["filed"]', "opened_by: filed is not legal from OPEN"),
        ('["BADR"]', '["OPERATOR"]', "opened_by: registered is the company's own act"),
        ('start = "OPEN"', 'start = "AJAR"', "start: no state AJAR"),
        (
            "version = 1",
            'version = 1\ninclude = ["NOWHERE"]',
            "include: no fragment or definition NOWHERE.v1",
        ),
        ("version = 1", 'version = 1\ninclude = ["CUSTOMS_CONTROL.v9"]', "CUSTOMS_CONTROL.v9"),
        ("version = 1", "version = 0", "version: counts from 1"),
        ("version = 1", 'version = 1\nauthor = "me"', "author: unknown key"),
        ('direction = "IMPORT"', 'direction = "UP"', "direction: Invalid enum value 'UP'"),
        ('identity = "LOT"', "", "identity: is missing"),
        ('to = "CLOSED"', 'to = "@previous"', "OPEN.registered: nothing comes before the start"),
        (
            '["BADR"]',
            '["BADR", "CLOCK"]',
            "OPEN.registered: CLOCK brings only what a timeout names",
        ),
        ('"WAIT_AGENCY"', f'"PAY", {LAPSING}', "timeout: CLOCK may not bring registered from here"),
        ('"WAIT_AGENCY"', '"PAY", timeout = "1h"', "states.OPEN.timeout: a table was expected"),
        ('"WAIT_AGENCY"', f'"PAY", {NEVER}', "states.OPEN.timeout.after: 'slot' is not a duration"),
        ('code = "TRIAL"', 'code = "TRIAL', "not TOML"),
    ],
)
def test_a_wrong_file_is_told_what_and_where(old: str, new: str, said: str) -> None:
    assert said in faults_of(edited(old, new))


def test_the_same_event_twice_from_one_state_is_refused() -> None:
    row = '{ from = "OPEN", event = "registered", to = "CLOSED", by = ["BADR"] }'
    assert "OPEN.registered: is written 2 times" in faults_of(edited(row, f"{row}, {row}"))


def test_one_event_has_one_alert_in_every_state() -> None:
    first = '{ from = "OPEN", event = "registered", to = "CLOSED", by = ["BADR"] }'
    more = (
        '{ from = "OPEN", event = "go", to = "NEXT", by = ["BADR"] }, '
        '{ from = "NEXT", event = "registered", to = "CLOSED", by = ["BADR"], alert = "A01" }'
    )
    text = edited(first, f"{first}, {more}").replace(
        "OPEN = {", f'NEXT = {{ holder = "ADII", action = "PAY", {SHORT} }}\nOPEN = {{'
    )
    assert "registered: one event, several alerts: A01, none" in faults_of(text)


def test_a_return_to_a_state_that_itself_returns_is_refused() -> None:
    row = '{ from = "OPEN", event = "registered", to = "CLOSED", by = ["BADR"] }'
    more = ", ".join(
        f'{{ from = "{origin}", event = "{event}", to = "{to}", by = ["BADR"] }}'
        for origin, event, to in (
            ("OPEN", "stop", "HELD"),
            ("HELD", "stop", "HELD_TWICE"),
            ("HELD", "go", PREVIOUS),
            ("HELD_TWICE", "go", PREVIOUS),
        )
    )
    states = "".join(
        f'{code} = {{ holder = "ADII", action = "PAY", {SHORT} }}\n'
        for code in ("HELD", "HELD_TWICE")
    )
    text = edited(row, f"{row}, {more}").replace("OPEN = {", f"{states}OPEN = {{")
    said = faults_of(text)
    assert "HELD_TWICE.go: HELD leads here and itself returns" in said
    assert "HELD.go" not in said


def test_a_state_that_a_fragment_brings_is_not_written_again() -> None:
    text = edited("version = 1", 'version = 1\ninclude = ["CUSTOMS_CONTROL"]').replace(
        "CLOSED", "SEIZED"
    )
    assert "states.SEIZED: CUSTOMS_CONTROL brings this state already" in faults_of(text)


def test_every_fault_of_every_file_is_named_at_once() -> None:
    one = edited('"WAIT_AGENCY"', '"HURRY"').replace('"Trial"', '""')
    two = edited("TRIAL", "OTHER").replace('["BADR"]', '["CUSTOMS"]')
    assert faults_of_two(one, two).splitlines() == [
        "extra 1: label.en: is missing",
        "extra 1: states.OPEN.action: no action HURRY",
        "extra 2: OPEN.registered: no source CUSTOMS",
    ]


def test_the_catalogue_names_no_alert_that_does_not_exist() -> None:
    with pytest.raises(FaultyFile) as refused:
        load_catalogue(ALERTS - {"A14"})
    assert {fault.sentence for fault in refused.value.faults} == {"no alert A14"}
    assert {fault.file for fault in refused.value.faults} == {
        f"food/{name}_{kind}.v1.toml"
        for name, kind in (
            ("onssa", "import"),
            ("phyto", "export"),
            ("sanit", "export"),
            ("foodex", "export"),
        )
    }


def test_a_definition_reads_without_any_file() -> None:
    assert parse_definition(SOUND, {}).code == "TRIAL"


def test_a_definition_of_another_shape_is_refused() -> None:
    with pytest.raises(FaultyFile, match="identity: is missing"):
        parse_definition(edited('identity = "LOT"', ""), {})


def test_a_definition_built_in_memory_is_checked_alike() -> None:
    words = Localised(fr="É", ar="ح", en="S")
    fragment = Fragment(
        code="LOOSE",
        version=1,
        states={
            "LOOSE": State(
                code="LOOSE",
                label=words,
                short=words,
                holder="ADII",
                status=Status.WAITING_AGENCY,
                action="WAIT_AGENCY",
            )
        },
        transitions=(),
    )
    text = edited("version = 1", 'version = 1\ninclude = ["LOOSE"]')
    definition = parse_definition(text, {"LOOSE.v1": fragment})
    empty = frozenset[str]()
    nothing = Known(sources=empty, holders=empty, actions={}, alerts=empty, documents=empty)
    places = {fault.place for fault in check(definition, nothing)}
    assert places >= {"states.LOOSE", "states.LOOSE.holder", "OPEN.registered"}
