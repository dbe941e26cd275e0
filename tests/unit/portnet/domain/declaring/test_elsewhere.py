"""What another file has is told from what is the same shipment's."""

from datetime import UTC, datetime

import msgspec

from portnet.domain.declaring.elsewhere import KnownElsewhere, taken
from portnet.domain.submission import Submission

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DECLARATION = Submission(
    id="declaration",
    company="importer",
    author="declarant",
    target="DUM_IMPORT",
    content="{}",
    content_hash="",
    refs=(),
    envelope=1,
    state="DRAFT",
    entered_at=NOON,
    created_at=NOON,
    updated_at=NOON,
)
OTHER = {"procedure": "other", "dossier": "another", "code": "DUM_IMPORT"}
CONTAINER = KnownElsewhere(scheme="CONTAINER", value="CSQU3054383", **OTHER)
LOT = KnownElsewhere(scheme="LOT", value="DS1/7", **OTHER)
BILL = KnownElsewhere(scheme="BL", value="BL1", **OTHER)


def test_a_container_of_another_shipment_is_busy_and_a_lot_of_another_declaration_taken() -> None:
    found = taken(DECLARATION, [CONTAINER, LOT])
    assert (set(found.containers), set(found.lots)) == ({"CSQU3054383"}, {"DS1/7"})


def test_the_containers_of_a_file_of_the_same_shipment_are_its_own() -> None:
    found = taken(DECLARATION, [CONTAINER, LOT, BILL])
    assert (set(found.containers), set(found.lots)) == (set(), {"DS1/7"})


def test_what_the_declaration_itself_has_opened_is_not_another() -> None:
    opened = msgspec.structs.replace(DECLARATION, procedure="other")
    found = taken(opened, [CONTAINER, LOT])
    assert (found.containers, found.lots) == (frozenset(), frozenset())


def test_a_lot_in_a_procedure_of_another_kind_is_not_declared_by_it() -> None:
    found = taken(DECLARATION, [msgspec.structs.replace(LOT, code="TM_PASSAGE")])
    assert found.lots == frozenset()
