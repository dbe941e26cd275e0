"""Small mappings from what is stored to what an app shows."""

import pytest

from portnet.domain.agency import Place as StatedPlace
from portnet.domain.identifiers import opaque_id
from portnet.domain.reference.references import references
from portnet.reference import load_shipped
from portnet.services.identity.device import DeviceFault
from portnet_graphql.types.delivery import masked
from portnet_graphql.types.node import Kind, key_of, node_id
from portnet_graphql.types.problem import InvalidInput
from portnet_graphql.types.reference import Place
from tests.support.scenarios import catalogue

REFERENCES = references(load_shipped(catalogue().agencies))
ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize(
    ("address", "shown"),
    [("+212661123456", "•••56"), ("amina@example.ma", "am•••@example.ma"), ("7", "•••7"), ("", "•••")],
)  # fmt: skip
def test_an_address_is_recognised_by_its_owner_only(address: str, shown: str) -> None:
    assert masked(address) == shown


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (StatedPlace(), None),
        (None, None),
        (StatedPlace(bureau="309"), ("309", "Customs, Casablanca port office (309)", "BUREAU")),
        (StatedPlace(bureau="999"), ("999", "999", "BUREAU")),
        (StatedPlace(bureau="309", unlocode="MACAS"), ("MACAS", "Casablanca", "PORT")),
        (StatedPlace(unlocode="XXXXX"), ("XXXXX", "XXXXX", "UNLOCODE")),
        (StatedPlace(unlocode="MACAS", facility="Zone 2"), ("MACAS", "Zone 2", "FACILITY")),
        (StatedPlace(facility="Zone 2"), ("Zone 2", "Zone 2", "FACILITY")),
    ],
)
def test_a_place_is_as_precise_as_the_message(
    stated: StatedPlace | None, shown: tuple[str, str, str] | None
) -> None:
    place = Place.of(stated, REFERENCES, "en")
    assert (place and (place.code, place.label, place.kind)) == shown


def test_an_id_is_read_for_its_own_kind_only() -> None:
    assert key_of(Kind.DOSSIER, node_id(Kind.DOSSIER, ULID)) == ULID
    assert key_of(Kind.PROCEDURE, node_id(Kind.DOSSIER, ULID)) is None
    assert key_of(Kind.DOSSIER, opaque_id("Dossier", "short")) is None
    assert key_of(Kind.AGENCY, node_id(Kind.AGENCY, "ONSSA")) == "ONSSA"
    assert key_of(Kind.DOSSIER, "garbage") is None


@pytest.mark.parametrize(
    "code",
    ["EMPTY", "TOO_LONG", "UNKNOWN", "FIXED", "TAKEN", "TOO_EARLY", "TOO_SHORT", "TOO_COMMON"],
)
def test_every_fault_has_a_sentence_in_each_language(code: str) -> None:
    fault = DeviceFault(path="label", code=code)
    said = {InvalidInput.of([fault], locale).issues[0].message for locale in ("fr", "ar", "en")}
    assert len(said) == 3
    assert not any("{" in sentence for sentence in said)
