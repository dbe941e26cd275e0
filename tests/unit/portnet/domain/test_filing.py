"""Where a message belongs: nothing is guessed, nothing leaks to another company."""

from datetime import timedelta

import msgspec
import pytest

from portnet.domain.access import Company, Mandate
from portnet.domain.agency import AgencyEvent, Classifier, Reference
from portnet.domain.catalogue import Status
from portnet.domain.desk.anomaly import CLOCK_SKEW, AnomalyReason
from portnet.domain.dossier import Dossier
from portnet.domain.filing import Files, Filing, Link, OnFile, Opens, Unfiled, file, hearers
from portnet.domain.folding import open_dossier, open_procedure
from portnet.domain.procedure import Procedure
from tests.support.clock import NOON
from tests.support.scenarios import (
    BROKER,
    IMPORTER,
    MANDATE,
    STRANGER,
    UNKNOWN_ICE,
    catalogue,
    said,
)

DAY = timedelta(days=1)
BOX = "CONTAINER:CSQU3054383"
COMPANIES = (IMPORTER.company, STRANGER.company, BROKER.company)
NOTHING_KNOWN = Files(companies=COMPANIES)


def a_procedure(name: str, identity: str, code: str = "DUM_IMPORT") -> Procedure:
    message = said("BADR", f"{code}.registered", f"DUM:{identity}")
    definition = catalogue().definition(code, 1)
    return open_procedure(definition, f"p-{name}", f"d-{name}", identity, message)


def a_dossier(name: str, company: Company, procedure: Procedure) -> Dossier:
    return open_dossier(catalogue(), f"d-{name}", company, procedure, NOON)


def links(procedure: Procedure, *keys: str) -> tuple[Link, ...]:
    pairs = [key.split(":", 1) for key in keys]
    return tuple(
        Link(
            dossier=procedure.dossier,
            procedure=procedure.id,
            ref=Reference(scheme=scheme, value=value),
        )
        for scheme, value in pairs
    )


def known(
    name: str = "one",
    identity: str = "1",
    company: Company = IMPORTER.company,
    status: Status = Status.WAITING_AGENCY,
    code: str = "DUM_IMPORT",
    refs: tuple[str, ...] = ("DUM:1", BOX),
) -> Files:
    procedure = a_procedure(name, identity, code)
    dossier = msgspec.structs.replace(a_dossier(name, company, procedure), status=status)
    return Files(
        links=links(procedure, *refs),
        dossiers={dossier.id: dossier},
        procedures=(procedure,),
        companies=COMPANIES,
    )


def together(*files: Files) -> Files:
    return Files(
        links=tuple(link for each in files for link in each.links),
        dossiers={k: v for each in files for k, v in each.dossiers.items()},
        procedures=tuple(p for each in files for p in each.procedures),
        companies=COMPANIES,
    )


def filed(files: Files, message: AgencyEvent) -> Filing:
    return file(catalogue(), files, message, NOON)


def opened_by(message: AgencyEvent, files: Files = NOTHING_KNOWN) -> Opens:
    filing = filed(files, message)
    assert isinstance(filing, Opens)
    return filing


def unfiled(message: AgencyEvent, files: Files = NOTHING_KNOWN) -> tuple[AnomalyReason, bool]:
    filing = filed(files, message)
    assert isinstance(filing, Unfiled)
    return filing.reason, filing.parked


def on_file(message: AgencyEvent, files: Files) -> list[str]:
    filing = filed(files, message)
    assert isinstance(filing, OnFile)
    return [p.id for p in filing.procedures]


REGISTERED = said("BADR", "DUM_IMPORT.registered", "DUM:1", BOX)


def test_a_message_that_names_a_known_procedure_belongs_to_it() -> None:
    assert on_file(said("BADR", "DUM_IMPORT.channel_green", "DUM:1"), known()) == ["p-one"]


def test_a_message_without_the_procedures_own_reference_is_filed_by_any_other() -> None:
    assert on_file(said("BADR", "DUM_IMPORT.channel_green", BOX), known()) == ["p-one"]


def test_the_procedures_own_reference_wins_over_a_shared_container() -> None:
    both = together(known("one", "1"), known("two", "2", refs=("DUM:2", BOX)))
    assert on_file(said("BADR", "DUM_IMPORT.conform", "DUM:2", BOX), both) == ["p-two"]


def test_one_message_may_belong_to_many_procedures() -> None:
    both = together(known("one", "1"), known("two", "2", refs=("DUM:2", BOX)))
    assert on_file(said("BADR", "DUM_IMPORT.agency_hold", BOX), both) == ["p-one", "p-two"]


def test_a_message_of_another_procedure_is_not_filed_on_this_one() -> None:
    assert unfiled(said("ONSSA", "ONSSA_IMPORT.hold", "DUM:1"), known()) == (
        AnomalyReason.UNMATCHED,
        True,
    )


def test_a_file_that_began_elsewhere_is_opened() -> None:
    opens = opened_by(REGISTERED)
    assert (opens.company, opens.identity, opens.dossier) == (IMPORTER.company, "1", None)


def test_a_new_procedure_joins_the_dossier_that_shares_a_reference() -> None:
    message = said("ONSSA", "ONSSA_IMPORT.registered", "ONSSA_FILE:7", "DUM:1")
    opens = opened_by(message, known())
    assert opens.dossier is not None
    assert (opens.dossier.id, opens.identity) == ("d-one", "7")


def test_of_two_dossiers_that_share_a_reference_the_older_is_joined() -> None:
    older = known("two", "2", refs=("DUM:2",))
    dossier = older.dossiers["d-two"]
    both = together(known("one", "1"), older)
    aged = {**both.dossiers, "d-two": msgspec.structs.replace(dossier, opened_at=NOON - DAY)}
    message = said("ONSSA", "ONSSA_IMPORT.registered", "ONSSA_FILE:7", "DUM:1", "DUM:2")
    opens = opened_by(message, msgspec.structs.replace(both, dossiers=aged))
    assert opens.dossier is not None
    assert opens.dossier.id == "d-two"


def test_a_container_joins_while_its_dossier_is_not_done() -> None:
    message = said("BADR", "DUM_IMPORT.registered", "DUM:9", BOX)
    joined = opened_by(message, known()).dossier
    assert joined is not None
    assert joined.id == "d-one"


def test_a_container_that_travels_again_opens_a_new_dossier() -> None:
    message = said("BADR", "DUM_IMPORT.registered", "DUM:9", BOX)
    assert opened_by(message, known(status=Status.DONE)).dossier is None


def test_a_container_of_a_dossier_that_is_done_files_nothing() -> None:
    message = said("BADR", "DUM_IMPORT.agency_hold", BOX)
    assert unfiled(message, known(status=Status.DONE)) == (AnomalyReason.UNMATCHED, True)


def test_a_dum_ties_even_to_a_dossier_that_is_done() -> None:
    message = said("ONSSA", "ONSSA_IMPORT.registered", "ONSSA_FILE:7", "DUM:1")
    assert opened_by(message, known(status=Status.DONE)).dossier is not None


def test_another_companys_dossier_is_not_joined() -> None:
    message = said("BADR", "DUM_IMPORT.registered", "DUM:9", BOX, operator=STRANGER.ice)
    opens = opened_by(message, known())
    assert (opens.company, opens.dossier) == (STRANGER.company, None)


def test_another_companys_reference_is_refused() -> None:
    message = said("BADR", "DUM_IMPORT.channel_green", "DUM:1", operator=STRANGER.ice)
    assert unfiled(message, known()) == (AnomalyReason.OTHER_COMPANY, False)


def test_a_box_that_companies_share_brings_the_message_to_the_one_that_it_names() -> None:
    shared = together(known(), known("two", "2", STRANGER.company, refs=("DUM:2", BOX)))
    message = said("BADR", "DUM_IMPORT.channel_green", BOX)
    assert on_file(message, shared) == ["p-one"]


def test_a_company_that_never_subscribed_cannot_name_our_references() -> None:
    message = said("BADR", "DUM_IMPORT.channel_green", "DUM:1", operator=UNKNOWN_ICE)
    assert unfiled(message, known()) == (AnomalyReason.OTHER_COMPANY, False)


def test_a_message_that_names_no_operator_is_filed_by_its_references() -> None:
    message = said("BADR", "DUM_IMPORT.channel_green", "DUM:1", operator=None)
    assert on_file(message, known()) == ["p-one"]


def test_an_event_that_opens_nothing_waits_for_its_file() -> None:
    message = said("BADR", "DUM_IMPORT.channel_green", "DUM:1")
    assert unfiled(message) == (AnomalyReason.UNMATCHED, True)


def test_an_opening_without_its_own_reference_waits() -> None:
    assert unfiled(said("BADR", "DUM_IMPORT.registered", BOX)) == (AnomalyReason.UNMATCHED, True)


def test_an_opening_that_names_no_company_waits() -> None:
    message = said("BADR", "DUM_IMPORT.registered", "DUM:1", operator=None)
    assert unfiled(message) == (AnomalyReason.UNMATCHED, True)


def test_an_opening_for_a_company_unknown_to_us_waits() -> None:
    message = said("BADR", "DUM_IMPORT.registered", "DUM:1", operator=UNKNOWN_ICE)
    assert unfiled(message) == (AnomalyReason.COMPANY_UNKNOWN, True)


def test_what_is_only_planned_opens_nothing() -> None:
    message = said("BADR", "DUM_IMPORT.registered", "DUM:1", classifier=Classifier.PLN)
    assert unfiled(message) == (AnomalyReason.UNMATCHED, True)


def test_a_sandbox_key_opens_nothing_for_a_company_in_earnest() -> None:
    earnest = msgspec.structs.replace(IMPORTER.company, sandbox=False)
    files = Files(companies=(earnest,))
    assert unfiled(REGISTERED, files) == (AnomalyReason.SANDBOX_MISMATCH, False)


@pytest.mark.parametrize("sandbox", [True, False])
def test_a_key_and_a_file_are_both_of_the_sandbox_or_neither(sandbox: bool) -> None:
    files = known(company=msgspec.structs.replace(IMPORTER.company, sandbox=not sandbox))
    message = said("BADR", "DUM_IMPORT.channel_green", "DUM:1", sandbox=sandbox)
    assert unfiled(message, files) == (AnomalyReason.SANDBOX_MISMATCH, False)


def test_a_procedure_that_nobody_published_is_not_guessed() -> None:
    message = said("BADR", "TELEPORT.registered", "DUM:1")
    assert unfiled(message) == (AnomalyReason.UNKNOWN_PROCEDURE, False)


def test_an_event_that_nobody_published_is_not_parked() -> None:
    message = said("BADR", "DUM_IMPORT.teleported", "DUM:1")
    assert unfiled(message) == (AnomalyReason.UNKNOWN_EVENT, False)


def test_a_bank_that_releases_is_set_aside_even_where_the_file_is_known() -> None:
    message = said("BANK", "DUM_IMPORT.released", "DUM:1")
    assert unfiled(message, known()) == (AnomalyReason.NOT_THAT_SOURCE, False)
    assert unfiled(message) == (AnomalyReason.NOT_THAT_SOURCE, False)


def test_a_source_opens_only_its_own_procedures() -> None:
    message = said("ONSSA", "DUM_IMPORT.registered", "DUM:1")
    assert unfiled(message) == (AnomalyReason.NOT_THAT_SOURCE, False)


def test_the_future_is_not_believed() -> None:
    message = said(
        "BADR", "DUM_IMPORT.registered", "DUM:1", at=NOON + CLOCK_SKEW + timedelta(seconds=1)
    )
    assert unfiled(message) == (AnomalyReason.FROM_THE_FUTURE, False)
    assert unfiled(message, known()) == (AnomalyReason.FROM_THE_FUTURE, False)


def test_a_clock_that_is_a_little_fast_is_forgiven() -> None:
    message = said("BADR", "DUM_IMPORT.registered", "DUM:1", at=NOON + CLOCK_SKEW)
    assert isinstance(filed(NOTHING_KNOWN, message), Opens)


def brokered(mandate: Mandate | None = MANDATE) -> tuple[str, ...]:
    dossier = next(iter(known().dossiers.values()))
    with_broker = msgspec.structs.replace(dossier, broker=BROKER.id)
    return hearers(with_broker, [] if mandate is None else [mandate], NOON)


def test_a_mandated_broker_hears_of_the_dossier() -> None:
    assert brokered() == (IMPORTER.id, BROKER.id)


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": NOON + DAY},
        {"ends_at": NOON},
        {"revoked_at": NOON},
        {"company": STRANGER.id},
        {"broker": STRANGER.id},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_broker_out_of_mandate_hears_nothing(change: dict[str, object]) -> None:
    assert brokered(msgspec.structs.replace(MANDATE, **change)) == (IMPORTER.id,)
    assert brokered(None) == (IMPORTER.id,)


def test_a_mandate_alone_does_not_show_a_file_that_does_not_name_the_broker() -> None:
    dossier = next(iter(known().dossiers.values()))
    assert hearers(dossier, [MANDATE], NOON) == (IMPORTER.id,)
