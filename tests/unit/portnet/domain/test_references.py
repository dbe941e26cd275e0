"""The reference tables in use: offices by place, places by what people type."""

import pytest

from portnet.domain.agency import Place
from portnet.domain.localised import Locale
from portnet.domain.reference.reference_table import ReferenceRow, Table
from portnet.domain.reference.references import references
from portnet.reference import load_shipped
from tests.support.scenarios import catalogue

SHIPPED = load_shipped(catalogue().agencies)
TABLES = references(SHIPPED)


@pytest.mark.parametrize(
    ("agency", "place", "office"),
    [
        ("ADII", Place(bureau="309", unlocode="MACAS"), "ADII-309"),
        ("ADII", Place(bureau="309"), "ADII-309"),
        ("ADII", Place(unlocode="MAPTM"), "ADII-PTM"),
        # Customs' number says nothing of another agency's office, but the place does.
        ("ONSSA", Place(bureau="309", unlocode="MACAS"), "ONSSA-CAS"),
        ("ONSSA", Place(unlocode="MANDR"), None),
        ("ADII", None, None),
        ("MIC", None, "MIC-RABAT"),
        ("BANK", Place(unlocode="MACAS"), None),
    ],
)
def test_whom_to_call(agency: str, place: Place | None, office: str | None) -> None:
    found = TABLES.office(agency, place)
    assert (found.code if found else None) == office


@pytest.mark.parametrize(
    ("text", "locale", "first"),
    [
        ("mavil", "fr", "MAVIL"),
        ("Dakhla", "fr", "MAVIL"),
        ("laayoune", "fr", "MAEUN"),
        ("الداخلة", "fr", "MAVIL"),
        ("داخلة", "ar", "MAVIL"),
        ("tangier", "ar", "MATNG"),
        ("xx-guer", "en", "XX-GUERGUERAT"),
    ],
)
def test_a_place_is_found_by_its_code_or_any_of_its_names(
    text: str, locale: Locale, first: str
) -> None:
    assert TABLES.search_places(text, locale, 5)[0].code == first


def test_guerguerat_is_not_guercif() -> None:
    assert TABLES.places["MAGUE"].label.fr == "Guercif"
    assert [p.code for p in TABLES.search_places("guerguerat", "fr", 5)] == ["XX-GUERGUERAT"]


def test_an_imported_row_stands_in_the_place_of_the_shipped_one() -> None:
    old = SHIPPED[Table.REGIMES][0]
    new = ReferenceRow(code=old.code, cells={**old.cells, "en": "Release for home use"})
    tables = references({**SHIPPED, Table.REGIMES: [*SHIPPED[Table.REGIMES], new]})
    assert tables.regimes[old.code].label.en == "Release for home use"
    assert len(tables.regimes) == len(TABLES.regimes)
