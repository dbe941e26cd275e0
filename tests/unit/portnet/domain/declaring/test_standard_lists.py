"""Lists that standards keep, in the three languages."""

from __future__ import annotations

from portnet.domain.declaring.form import Option
from tests.support.declaring.published import form


def options(path: str, kind: str = "DUM_IMPORT") -> dict[str, Option]:
    return {option.value: option for option in form(kind).fields[path].options or ()}


def test_countries_are_called_in_three_languages() -> None:
    countries = options("operation/party/country")
    spain = countries["ES"].label
    assert (spain.fr, spain.ar, spain.en) == ("Espagne", "إسبانيا", "Spain")
    assert len(countries) > 240
    assert "EH" not in countries


def test_currencies_have_their_code_and_name() -> None:
    currencies = options("operation/invoice/currency")
    assert currencies["MAD"].label.fr == "MAD – dirham marocain"
    assert "XAU" not in currencies


def test_incoterms_are_the_eleven_of_2020() -> None:
    assert list(options("operation/incoterm")) == (
        ["EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"]
    )


def test_places_and_offices_are_those_of_the_reference_tables() -> None:
    assert options("operation/transport/place")["MAVIL"].label.fr == "Dakhla"
    assert list(options("operation/bureau")) == ["309"]
    assert list(options("operation/regime")) == ["010"]
    assert list(options("operation/regime", "DUM_EXPORT")) == ["060"]
