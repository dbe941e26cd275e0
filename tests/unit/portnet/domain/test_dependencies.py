"""What one procedure waits for in another, and what is worth a look when it did not."""

import msgspec
import pytest

from portnet.domain.agency import AgencyEvent, LineDecision
from portnet.domain.catalogue import Outcome, Status
from portnet.domain.dependencies import cautions, waits_for
from portnet.domain.dossier import outcome
from portnet.domain.folding import new_entry, open_dossier, open_procedure, refresh
from portnet.domain.procedure import Caution, Procedure
from tests.support.clock import NOON
from tests.support.scenarios import IMPORTER, catalogue, said

CATALOGUE = catalogue()


def procedure(code: str, state: str, id: str = "p", dossier: str = "d") -> Procedure:
    definition = CATALOGUE.latest(code)
    assert definition is not None
    opened = open_procedure(definition, id, dossier, "1", said("BADR", f"{code}.registered"))
    return msgspec.structs.replace(opened, state=state)


def dum(state: str = "PAID") -> Procedure:
    return procedure("DUM_IMPORT", state)


def onssa(state: str, dossier: str = "d") -> Procedure:
    return procedure("ONSSA_IMPORT", state, "q", dossier)


@pytest.mark.parametrize(
    ("state", "waits"),
    [("DOC_CHECK", True), ("HELD", True), ("REFUSED", True), ("ADMITTED", False)],
)
def test_a_dum_waits_for_onssa_until_the_goods_are_admitted(state: str, waits: bool) -> None:
    assert bool(waits_for(CATALOGUE, dum(), [onssa(state)])) == waits


def test_only_what_is_in_the_dossier_is_waited_for_and_only_while_it_goes_on() -> None:
    assert waits_for(CATALOGUE, dum(), [dum(), onssa("HELD", "another")]) == ()
    assert waits_for(CATALOGUE, dum("EXITED"), [onssa("HELD")]) == ()
    assert waits_for(CATALOGUE, onssa("HELD"), [dum()]) == ()


def noted(message: AgencyEvent, *others: Procedure) -> tuple[Caution, ...]:
    return cautions(CATALOGUE, dum(), message, [], [dum(), *others])


RELEASED = said("BADR", "DUM_IMPORT.released")


def test_a_release_past_a_certificate_that_is_not_recognised_is_noted() -> None:
    assert noted(RELEASED, onssa("HELD")) == (Caution.CERTIFICATE_NOT_RECOGNISED,)
    assert noted(RELEASED, onssa("ADMITTED")) == noted(RELEASED) == ()
    assert noted(said("BADR", "DUM_IMPORT.paid"), onssa("HELD")) == ()


@pytest.mark.parametrize(
    ("hs", "controlled"),
    [("2309909000", True), ("4401110000", True), ("3105200000", True), ("8479890000", False)],
)
def test_goods_of_onssa_without_a_request_for_its_control_are_noted(
    hs: str, controlled: bool
) -> None:
    items = (LineDecision(line=1, hs=hs),)
    message = said("BADR", "DUM_IMPORT.registered", items=items)
    assert noted(message) == ((Caution.CONTROL_NOT_REQUESTED,) if controlled else ())
    assert noted(message, onssa("RECEIVED")) == ()


def test_a_loading_without_an_mrn_is_noted_unless_an_earlier_message_named_one() -> None:
    passage = msgspec.structs.replace(dum(), code="TM_PASSAGE")
    loaded = said("TMPCS", "TM_PASSAGE.loaded", "AMP:1")
    named = new_entry("e", passage, said("TMPCS", "TM_PASSAGE.docs_ok", "AMP:1", "MRN:26MA1"))
    assert cautions(CATALOGUE, passage, loaded, [], [passage]) == (Caution.MRN_UNKNOWN,)
    assert cautions(CATALOGUE, passage, loaded, [named], [passage]) == ()


def test_a_failure_speaks_for_a_dossier_that_is_over() -> None:
    dossier = open_dossier(CATALOGUE, "d", IMPORTER.company, dum(), NOON)
    for others in ([], [onssa("ADMITTED")]):
        failed = [*others, dum("REFUSED")]
        ended = refresh(CATALOGUE, dossier, failed, NOON)
        assert (ended.status, ended.what_now.action) == (Status.DONE, "CLOSE_FILE")
        assert outcome(CATALOGUE, ended) is Outcome.FAILURE
    assert outcome(CATALOGUE, refresh(CATALOGUE, dossier, [dum("EXITED")], NOON)) is Outcome.SUCCESS
    assert outcome(CATALOGUE, refresh(CATALOGUE, dossier, [dum()], NOON)) is None
