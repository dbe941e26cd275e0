"""The stories of the trade, step by step through the published procedures, and one that is added."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.business_hours import parse_span
from portnet.domain.catalogue import CLOCK, OPERATOR, Catalogue, Definition, Status
from portnet.domain.procedure import (
    Entry,
    EntryKind,
    Fold,
    Moved,
    Standing,
    decide,
    evolve,
    fold,
)
from portnet_notifications.catalogue import ALERTS
from tests.support.catalogue import CODE, added_procedure
from tests.support.clock import NOON
from tests.support.scenarios import catalogue, said

PROCEDURES = {
    "P0": "ENVELOPE",
    "P1": "IMP_TITLE",
    "P2": "DUM_IMPORT",
    "P3": "DUM_EXPORT",
    "P4": "ONSSA_IMPORT",
    "P5": "PHYTO_EXPORT",
    "P6": "FOODEX_EXPORT",
    "P7": "TM_PASSAGE",
    "P8": "MANIFEST",
    "P11": "PAYMENT",
    "P13": "CONFORMITY_CERTIFICATE",
}
#: Which certificate, which kind, where a story means another than the table says.
KINDS = {"S2": {"P5": "SANIT_EXPORT"}}
STORIES = {
    "S0": "P2.registered P2.channel_orange P2.escalate_visit P2.visit_set P2.visit_done P4.registered"
    " P4.doc_ok P4.id_ok P4.physical_done P4.sampled P4.hold P2.conform P2.liquidated P2.paid"
    " P2.agency_hold P4.lab_result P4.admit P2.hold_lifted P2.released P2.exit_authorised P2.exited",
    "S1": "P0.validate P0.request_approval P0.approve P0.submit P0.ack P6.scheduled P6.non_conform"
    " P6.reconditioned P6.conform P6.issued P5.accepted P5.inspected_ok P5.issued P5.transmitted"
    " P3.registered P3.channel_green P3.released P7.docs_ok P7.paid P7.gate_in P7.control_selected"
    " P7.control_ok P7.port_cleared P7.loaded P7.departed P3.loading_authorised P3.loaded"
    " P3.departed P6.used P5.accepted_dest",
    "S2": "P0.validate P0.submit P0.ack P6.scheduled P6.conform P6.issued P5.info_requested P5.answered"
    " P5.accepted P5.inspected_ok P5.issued P5.transmitted P5.hub_failed P5.transmitted"
    " P5.accepted_dest P3.registered P3.channel_orange P3.info_requested P3.answered P3.conform"
    " P3.sealed P3.released P3.loading_authorised P3.not_loaded P3.loading_authorised P3.loaded"
    " P3.departed P6.used",
    "S3": "P0.validate P0.request_approval P0.return P0.validate P0.request_approval P0.approve"
    " P0.submit P0.ack P1.route_ei P1.bank_took P1.info_requested P1.answered P1.domiciled"
    " P1.transmitted P2.registered P2.channel_orange P2.info_requested P2.answered P2.redress"
    " P2.accept P2.liquidated P11.start P11.no_answer P11.confirmed P11.receipted P2.paid"
    " P2.released P2.exit_authorised P2.exited P1.imputed_full P1.cleared",
    "S4": "P0.validate P0.request_approval P0.approve P0.submit P0.ack P8.accepted P8.confirmed"
    " P8.executed P1.route_visa P1.visa_granted P1.bank_took P1.domiciled P1.transmitted"
    " P4.registered P4.doc_ok P4.id_ok P4.physical_done P4.sampled P4.hold P2.registered"
    " P2.channel_red P2.visit_set P2.visit_done P2.conform P2.liquidated P1.imputed_part P2.paid"
    " P2.agency_hold P4.lab_result P4.counter_analysis P4.lab_result P4.admit P2.hold_lifted"
    " P2.released P2.exit_authorised P2.exited_part P2.exited P1.imputed_full P1.cleared",
    "S5": "P0.validate P0.submit P0.ack P6.scheduled P6.conform P6.issued P6.used P5.accepted"
    " P5.inspected_ok P5.issued P5.transmitted P5.hold P5.info_requested P5.answered P5.accepted"
    " P5.inspected_ok P5.issued P5.transmitted P5.accepted_dest",
    "S6": "P0.validate P0.submit P0.ack P5.accepted P5.inspected_ok P5.issued P5.transmitted"
    " P5.accepted_dest P3.registered P3.channel_green P3.sealed P3.released P3.loading_authorised"
    " P3.loaded P3.departed",
    "S7": "P13.receipted P13.granted P13.lapsed P2.registered P2.channel_green P2.liquidated P11.start"
    " P11.confirmed P11.receipted P2.paid P2.released P2.exit_authorised P2.exited",
}
ENDS = {
    "ENVELOPE": "RECEIVED",
    "IMP_TITLE": "CLEARED",
    "DUM_IMPORT": "EXITED",
    "DUM_EXPORT": "EXPORTED",
    "ONSSA_IMPORT": "ADMITTED",
    "PHYTO_EXPORT": "CLOSED",
    "SANIT_EXPORT": "CLOSED",
    "FOODEX_EXPORT": "USED",
    "TM_PASSAGE": "DEPARTED",
    "MANIFEST": "DONE",
    "PAYMENT": "RECEIPTED",
    "CONFORMITY_CERTIFICATE": "EXPIRED",
}


def steps(story: str) -> list[tuple[Definition, str]]:
    """The definition and the event of each step.

    Those of our own envelope are left out where the catalogue has none: the others do not need it.
    """
    codes = PROCEDURES | KINDS.get(story, {})
    told = (step.split(".") for step in STORIES[story].split())
    found = [(catalogue().latest(codes[number]), event) for number, event in told]
    assert {number for number, code in codes.items() if not catalogue().latest(code)} <= {"P0"}
    return [(definition, event) for definition, event in found if definition is not None]


def sender(definition: Definition, state: str, event: str) -> str:
    transition = definition.transition(state, event)
    assert transition is not None, f"{definition.code}.{event} is not legal from {state}"
    return transition.by[0]


@pytest.mark.parametrize("story", STORIES)
def test_a_story_is_legal_step_by_step_and_every_procedure_ends(story: str) -> None:
    standings: dict[str, Standing] = {}
    for number, (definition, event) in enumerate(steps(story)):
        at = NOON + timedelta(hours=number)
        code = definition.code
        standing = standings.get(code) or Standing(state=definition.start, entered_at=at)
        source = sender(definition, standing.state, event)
        moved = decide(definition, standing, said(source, f"{code}.{event}", at=at))
        assert isinstance(moved, Moved), f"{code}.{event} from {standing.state}: {moved}"
        standings[code] = evolve(standing, moved)
    told = {definition.code for definition, _ in steps(story)}
    assert {code: standing.state for code, standing in standings.items()} == {
        code: ENDS[code] for code in told
    }


@pytest.mark.parametrize("story", STORIES)
def test_what_an_agency_says_first_opens_the_file_that_nobody_declared(story: str) -> None:
    opened: set[str] = set()
    for definition, event in steps(story):
        if definition.code in opened:
            continue
        opened.add(definition.code)
        by_us = sender(definition, definition.start, event) == OPERATOR
        assert event in definition.opened_by or by_us


def test_nobody_pays_again_while_a_payment_is_in_doubt() -> None:
    payment = catalogue().latest("PAYMENT")
    assert payment is not None
    doubt = Standing(state="IN_DOUBT", entered_at=NOON)
    for source in (OPERATOR, "PSP", "PORTNET", "BADR"):
        assert not isinstance(decide(payment, doubt, said(source, "PAYMENT.start")), Moved)
    answered = decide(payment, doubt, said("PSP", "PAYMENT.confirmed"))
    assert isinstance(answered, Moved)


def test_a_bank_releases_nothing() -> None:
    declaration = catalogue().latest("DUM_IMPORT")
    assert declaration is not None
    paid = Standing(state="PAID", entered_at=NOON)
    assert not isinstance(decide(declaration, paid, said("BANK", "DUM_IMPORT.released")), Moved)


def test_a_manifest_is_validated_by_customs_and_other_formalities_by_the_port() -> None:
    by = {
        code: sender(definition, "ACCEPTED", "confirmed")
        for (code, _), definition in catalogue().definitions.items()
        if "revised" in definition.events()
    }
    assert by.pop("MANIFEST") == "BADR"
    assert len(by) == 6
    assert set(by.values()) == {"ANP"}


# ------------------------------------------------------------ a procedure that is added


def folded(catalogue: Catalogue, version: int, *events: tuple[str, str]) -> Fold:
    entries = [
        Entry(
            id=f"e{number}",
            procedure="p",
            dossier="d",
            message=said(source, f"{CODE}.{event}", at=NOON + timedelta(hours=number)),
            kind=EntryKind.NOT_APPLIED,
        )
        for number, (source, event) in enumerate(events)
    ]
    return fold(catalogue.definition(CODE, version), NOON, entries)


def test_a_new_procedure_needs_a_file_and_nothing_else() -> None:
    added = load_catalogue(frozenset(ALERTS), [added_procedure(1)])
    going = folded(added, 1, ("ONSSA", "registered"))
    state = added.definition(CODE, 1).state(going.standing.state)
    assert (state.code, state.status) == ("VISIT_SET", Status.ACTION_REQUIRED)
    assert [reminder.alert for reminder in state.reminders] == ["A19", "A19"]
    assert state.deadline(NOON, None) == NOON + timedelta(days=5)
    over = folded(added, 1, ("ONSSA", "registered"), ("BADR", "granted"), ("ONSSA", "granted"))
    assert over.standing.state == "GRANTED"
    assert [entry.kind for entry in over.entries] == ["APPLIED", "NOT_APPLIED", "APPLIED"]


def test_a_new_version_changes_the_files_to_come_and_none_that_is_under_way() -> None:
    both = load_catalogue(frozenset(ALERTS), [added_procedure(2), added_procedure(1)])
    latest = both.latest(CODE)
    assert latest is not None
    assert latest.version == 2
    told = [("ONSSA", "registered"), ("ONSSA", "scheduled"), ("ONSSA", "granted")]
    assert folded(both, 2, *told).standing.state == "GRANTED"
    assert folded(both, 2, told[0]).standing.state == "DOC_CHECK"
    assert folded(both, 1, told[0], told[2]).standing.state == "GRANTED"


def test_only_our_clock_lets_a_state_lapse() -> None:
    added = load_catalogue(frozenset(ALERTS), [added_procedure(1)])
    timeout = added.definition(CODE, 1).state("VISIT_SET").timeout
    assert timeout is not None
    assert timeout.after == parse_span("30d")
    for source, state in ((CLOCK, "LAPSED"), ("ONSSA", "VISIT_SET")):
        lapsed = folded(added, 1, ("ONSSA", "registered"), (source, timeout.event))
        assert lapsed.standing.state == state
