"""An estimate on the screen: a total only where all is known, and always that only customs' assessment counts."""

from datetime import date

from portnet.reference.duties import load_duties
from portnet_graphql.types.declaring.duties import INDICATIVE, UNKNOWN, UNVERIFIED, duty_estimate

VALUES = {
    "goods/lines/A/hs": "2309909000",
    "goods/lines/A/value": "1000",
    "operation/incoterm": "CIF",
    "operation/invoice/currency": "MAD",
}


def test_an_estimate_names_its_amounts_in_the_readers_language() -> None:
    known = duty_estimate(VALUES, date(2026, 11, 23), load_duties(), "en")
    assert known is not None
    assert [(line.label, str(line.money.amount)) for line in known.lines] == [
        ("Customs value", "1000.00"),
        ("Import duty", "25.00"),
        ("Parafiscal tax", "2.50"),
        ("Excise duty", "0.00"),
        ("VAT", "102.75"),
    ]
    assert known.total is not None
    assert (str(known.total.amount), known.total.currency, known.verified) == (
        "130.25",
        "MAD",
        False,
    )
    assert known.notice == f"{INDICATIVE.en} {UNVERIFIED.en}"


def test_what_is_missing_is_said_and_there_is_no_total() -> None:
    known = duty_estimate(
        {**VALUES, "operation/incoterm": ""}, date(2026, 11, 23), load_duties(), "fr"
    )
    assert known is not None
    assert (known.lines, known.total) == ([], None)
    assert next(iter(UNKNOWN.values())).fr in known.notice
    assert duty_estimate({}, date(2026, 11, 23), load_duties(), "fr") is None
