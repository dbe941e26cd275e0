"""Every alert that a procedure names exists, and is said in three languages."""

from __future__ import annotations

import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.catalogue import Definition
from portnet.domain.localised import Locale
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.texts import LOCALES, TEXTS

CATALOGUE = load_catalogue(frozenset(ALERTS))
#: Told of users, mandates, approvals and delays: no transition of an agency's procedure names them.
ELSEWHERE = {
    "A20", "A23", "A25", "A30", "A31", "A32", "A37", "A38",
}  # fmt: skip
#: The alert of each event, whatever the procedure, that a phone must be able to rely on.
RULES = {
    "info_requested": "A05",
    "hold": "A14",
    "hold_lifted": "A29",
    "sampled": "A13",
    "admit": "A15",
    "paid": "A08",
    "issued": "A21",
    "granted": "A21",
    "withdrawn": "A35",
    "loaded": "A42",
    "not_loaded": "A36",
    "departed": "A11",
}


def alerts_of(definition: Definition) -> set[str]:
    hung = {t.alert for t in definition.transitions if t.alert is not None}
    reminded = {r.alert for state in definition.states.values() for r in state.reminders}
    return hung | reminded


NAMED = set[str]().union(*(alerts_of(d) for d in CATALOGUE.definitions.values()))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_alert_of_the_catalogue_has_its_text(locale: Locale) -> None:
    assert {code for code in NAMED if not TEXTS[locale].alerts[code].text} == set()
    assert set(ALERTS) >= NAMED


def test_no_alert_is_forgotten() -> None:
    assert set(ALERTS) - NAMED <= ELSEWHERE


@pytest.mark.parametrize("event", RULES)
def test_an_event_means_the_same_alert_in_every_procedure(event: str) -> None:
    # Whom the creditor's own file tells that it is paid, the payment need not tell again.
    found = {
        t.alert
        for d in CATALOGUE.definitions.values()
        for t in d.transitions
        if t.event == event and (d.code, event) != ("PAYMENT", "paid")
    }
    assert found == {RULES[event]}


def test_a_release_is_another_piece_of_news_for_imports_and_for_exports() -> None:
    alerts = {
        code: {t.alert for t in CATALOGUE.definition(code, 1).transitions if t.event == "released"}
        for code in ("DUM_IMPORT", "DUM_EXPORT")
    }
    assert alerts == {"DUM_IMPORT": {"A10"}, "DUM_EXPORT": {"A41"}}


def test_a_bad_end_that_an_agency_brings_is_told() -> None:
    silent = [
        (definition.code, t.from_, t.event)
        for definition in CATALOGUE.definitions.values()
        for t in definition.transitions
        if t.to in definition.states
        and definition.state(t.to).outcome == "FAILURE"
        and t.alert is None
    ]
    # Re-export and destruction are what the company had been told to do.
    assert silent == [
        ("ONSSA_IMPORT", "REFUSED", "re_exported"),
        ("ONSSA_IMPORT", "TO_DESTROY", "destroyed"),
    ]


def test_a_certificate_that_lapsed_is_not_said_to_be_withdrawn() -> None:
    lapsed = {
        definition.code: t.alert
        for definition in CATALOGUE.definitions.values()
        for t in definition.transitions
        if t.event == "lapsed" and definition.identity in {"CERT", "LOT"}
    }
    assert lapsed.keys() >= {"CONFORMITY_CERTIFICATE", "FOODEX_EXPORT"}
    assert set(lapsed.values()) == {"A45"}
    assert ALERTS["A45"].levels.keys() == ALERTS["A35"].levels.keys()
    for texts in TEXTS.values():
        assert texts.alerts["A45"] != texts.alerts["A35"]
