"""Indicative duties: counted to the cent where every rate is known, and said to be unknown where one is not."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from portnet.domain.declaring.duties import (
    Cost,
    Duty,
    DutyRate,
    DutyTables,
    Estimate,
    ExchangeRate,
    GoodsLine,
    Priced,
    Unknown,
    estimate,
    rate_of,
)
from portnet.domain.declaring.pricing import priced
from portnet.reference.duties import load_duties

TODAY = date(2026, 11, 23)
D = Decimal


def rate(prefix: str, **changes: Any) -> DutyRate:
    known = DutyRate(
        prefix=prefix,
        valid_from=date(2026, 1, 1),
        di=D("0.025"),
        tic=D(0),
        tva=D("0.20"),
        source="test",
        verified=True,
    )
    return msgspec.structs.replace(known, **changes)


EUR = ExchangeRate(
    currency="EUR", valid_from=date(2026, 1, 1), mad=D("10.80"), source="test", verified=True
)
TABLES = DutyTables(
    rates=(
        rate("84"),
        rate("2203", di=D("0.40"), tic=D("12.5")),
        rate("2204", tic=None),
        rate("1001", di=None, tva=None),
    ),
    exchange=(EUR,),
)


def goods(**changes: Any) -> Priced:
    known = Priced(
        lines=(GoodsLine(hs="8479899000", price=D(1000)),),
        currency="EUR",
        incoterm="FOB",
        freight=Cost(amount=D(100), currency="EUR"),
        insurance=Cost(amount=D("108"), currency="MAD"),
    )
    return msgspec.structs.replace(known, **changes)


def found(**changes: Any) -> Estimate:
    return estimate(goods(**changes), TODAY, TABLES)


def test_every_duty_is_counted_on_the_value_at_the_port() -> None:
    known = found()
    # (1000 + 100) x 10.80 + 108
    assert known.amounts == {
        Duty.VD: D("11988.00"),
        Duty.DI: D("299.70"),
        Duty.TPI: D("29.97"),
        Duty.TIC: D("0.00"),
        Duty.TVA: D("2463.53"),
    }
    assert known.total == D("2793.20")
    assert (known.unknown, known.verified) == ((), True)


def test_a_half_cent_is_rounded_up() -> None:
    known = found(lines=(GoodsLine(hs="84", price=D("0.2")),), currency="MAD", incoterm="CIF")
    assert (known.amounts[Duty.DI], known.amounts[Duty.TPI]) == (D("0.01"), D("0.00"))
    known = found(lines=(GoodsLine(hs="84", price=D("2")),), currency="MAD", incoterm="CIF")
    assert known.amounts[Duty.TPI] == D("0.01")


@pytest.mark.parametrize(
    ("incoterm", "value"),
    [("EXW", "11988.00"), ("CFR", "10908.00"), ("CPT", "10908.00"), ("CIF", "10800.00"), ("DAP", "10800.00")],
)  # fmt: skip
def test_freight_and_insurance_count_where_the_price_leaves_them_out(
    incoterm: str, value: str
) -> None:
    assert found(incoterm=incoterm).amounts[Duty.VD] == D(value)


def test_a_specific_duty_goes_by_quantity_and_bears_vat() -> None:
    line = GoodsLine(hs="2203001000", price=D(1000), quantity=D(10))
    known = found(lines=(line,), currency="MAD", incoterm="CIF")
    assert known.amounts[Duty.TIC] == D("125.00")
    assert known.amounts[Duty.TVA] == D("305.50")
    without = found(lines=(msgspec.structs.replace(line, quantity=None),))
    assert (without.total, without.unknown) == (None, (Unknown.QUANTITY,))
    assert Duty.TIC not in without.amounts
    assert Duty.TVA not in without.amounts


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"incoterm": ""}, Unknown.INCOTERM),
        ({"incoterm": "DDU"}, Unknown.INCOTERM),
        ({"freight": None}, Unknown.FREIGHT),
        ({"freight": Cost(amount=D(-1), currency="EUR")}, Unknown.FREIGHT),
        ({"freight": Cost(amount=D(1), currency="ZZZ")}, Unknown.EXCHANGE_RATE),
        ({"insurance": None}, Unknown.INSURANCE),
        ({"currency": "ZZZ"}, Unknown.EXCHANGE_RATE),
        ({"lines": ()}, Unknown.PRICE),
        ({"lines": (GoodsLine(hs="84", price=None),)}, Unknown.PRICE),
        ({"lines": (GoodsLine(hs="84", price=D(0)),)}, Unknown.PRICE),
    ],
)
def test_without_a_value_nothing_is_known(changes: dict[str, Any], unknown: Unknown) -> None:
    known = found(**changes)
    assert (known.amounts, known.total, known.verified) == ({}, None, False)
    assert unknown in known.unknown


@pytest.mark.parametrize("hs", ["1001990019", "9999999999", "2204101000"])
def test_a_rate_that_nobody_knows_is_not_zero(hs: str) -> None:
    known = found(lines=(GoodsLine(hs="8479", price=D(1)), GoodsLine(hs=hs, price=D(1))))
    assert (known.total, known.unknown) == (None, (Unknown.RATE,))
    assert known.amounts.keys() >= {Duty.VD, Duty.TPI}
    assert Duty.TVA not in known.amounts


def test_the_longest_prefix_holds_then_the_latest_day_that_has_come() -> None:
    rates = (
        rate("84", source="chapter"),
        rate("8479", source="old"),
        rate("8479", source="new", valid_from=date(2026, 6, 1)),
        rate("8479", source="to come", valid_from=date(2027, 1, 1)),
    )
    assert [
        known.source if (known := rate_of(hs, TODAY, rates)) else None
        for hs in ("8479899000", "8422400000", "0702")
    ] == ["new", "chapter", None]


def test_one_rate_that_nobody_confirmed_makes_the_estimate_unverified() -> None:
    unsure = msgspec.structs.replace(
        TABLES, exchange=(msgspec.structs.replace(EUR, verified=False),)
    )
    known = estimate(goods(), TODAY, unsure)
    assert known.total is not None
    assert not known.verified


def test_the_shipped_rates_know_the_demo_and_say_what_they_do_not() -> None:
    shipped = load_duties()
    known = estimate(goods(lines=(GoodsLine(hs="2309909000", price=D(1000)),)), TODAY, shipped)
    assert known.total is not None
    assert not known.verified
    wheat = estimate(goods(lines=(GoodsLine(hs="1001990019", price=D(1000)),)), TODAY, shipped)
    assert (wheat.total, wheat.unknown) == (None, (Unknown.RATE,))


def test_a_declaration_is_read_by_its_paths() -> None:
    values = {
        "goods/lines/A/hs": "8479899000",
        "goods/lines/A/value": "1000",
        "goods/lines/B/value": "5",
        "operation/incoterm": "FOB",
        "operation/invoice/currency": "EUR",
        "operation/freight/amount": "100",
        "operation/insurance/amount": "108",
        "operation/insurance/currency": "MAD",
    }
    assert priced(values) == goods()
    assert priced({}) is None
    for broken in ("NaN", "1e9", "-1", "١٠٠", "", "9" * 30):
        read = priced({**values, "goods/lines/A/value": broken})
        assert read is not None
        assert read.lines[0].price is None
