"""Indicative duties: what the rates that we know of would give. Only customs' assessment counts; this says so.

Pure arithmetic in decimals over dated, sourced rates. What is not known is said to be unknown, and is never 0.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import msgspec

CENT = Decimal("0.01")
CURRENCY = "MAD"
#: The parafiscal tax on imports: a quarter of a per cent.
TPI = Decimal("0.0025")
#: Digits that no declared amount needs all of.
_PRECISION = 50

#: What the seller's price leaves out of the value at the port, by incoterm (2020).
_WITHOUT_FREIGHT = frozenset({"EXW", "FCA", "FAS", "FOB"})
_WITHOUT_INSURANCE = _WITHOUT_FREIGHT | {"CFR", "CPT"}
_COMPLETE = frozenset({"CIF", "CIP", "DAP", "DPU", "DDP"})


class Unknown(enum.StrEnum):
    """Why a duty cannot be estimated."""

    INCOTERM = "INCOTERM"
    FREIGHT = "FREIGHT"
    INSURANCE = "INSURANCE"
    EXCHANGE_RATE = "EXCHANGE_RATE"
    RATE = "RATE"
    PRICE = "PRICE"
    QUANTITY = "QUANTITY"


class Duty(enum.StrEnum):
    """VD is the value that the others are counted on; the others are paid."""

    VD = "VD"
    DI = "DI"
    TPI = "TPI"
    TIC = "TIC"
    TVA = "TVA"


#: What is paid, in the order in which it is counted.
PAID = (Duty.DI, Duty.TPI, Duty.TIC, Duty.TVA)


class DutyRate(msgspec.Struct, frozen=True, kw_only=True):
    """Rates of tariff codes that begin with ``prefix``, from a day on; ``tic`` is MAD for each unit, None: not known.

    ``di`` and ``tva`` are shares (0.025 is 2.5 %).
    """

    prefix: str
    valid_from: date
    di: Decimal | None
    tic: Decimal | None
    tva: Decimal | None
    source: str
    verified: bool


class ExchangeRate(msgspec.Struct, frozen=True, kw_only=True):
    """MAD for one unit of ``currency``, from a day on."""

    currency: str
    valid_from: date
    mad: Decimal
    source: str
    verified: bool


class DutyTables(msgspec.Struct, frozen=True, kw_only=True):
    rates: tuple[DutyRate, ...]
    exchange: tuple[ExchangeRate, ...]


class GoodsLine(msgspec.Struct, frozen=True, kw_only=True):
    """``price`` in the declaration's currency; ``quantity`` counts where a specific duty does; None: not entered."""

    hs: str
    price: Decimal | None
    quantity: Decimal | None = None


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    amount: Decimal
    currency: str


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """What a declaration says of its value, the lines in ``currency``; None: not entered."""

    lines: tuple[GoodsLine, ...]
    currency: str
    incoterm: str
    freight: Cost | None = None
    insurance: Cost | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts in MAD, rounded to a cent; one that is missing is not known, and ``unknown`` says why.

    ``total`` is None unless every duty is known; ``verified`` when somebody confirmed every rate behind it.
    """

    amounts: Mapping[Duty, Decimal]
    total: Decimal | None
    unknown: tuple[Unknown, ...]
    verified: bool


def estimate(goods: Priced, today: date, tables: DutyTables) -> Estimate:
    """The duties of all lines together, by the rates in force on ``today``."""
    with localcontext() as context:
        context.prec = _PRECISION
        return _estimate(goods, today, tables)


def rate_of(hs: str, today: date, rates: Sequence[DutyRate]) -> DutyRate | None:
    """The rates in force of a tariff code: the longest prefix, then the latest day; None when there are none."""
    known = [r for r in rates if hs.startswith(r.prefix) and r.valid_from <= today]
    return max(known, key=lambda r: (len(r.prefix), r.valid_from), default=None)


def _estimate(goods: Priced, today: date, tables: DutyTables) -> Estimate:
    unknown: list[Unknown] = []
    exchange = _exchange(goods.currency, today, tables.exchange)
    if exchange is None:
        unknown.append(Unknown.EXCHANGE_RATE)
    extras = _extras(goods, today, tables.exchange, unknown)
    prices = [line.price for line in goods.lines if line.price is not None]
    whole_price = sum(prices, Decimal(0))
    if len(prices) < len(goods.lines) or whole_price <= 0 or min(prices) < 0:
        unknown.append(Unknown.PRICE)
    if exchange is None or extras is None or Unknown.PRICE in unknown:
        return _nothing(unknown)
    counted: list[Mapping[Duty, Decimal]] = []
    sure = exchange.verified and all(rate.verified for _, rate in extras)
    added = sum((cost * rate.mad for cost, rate in extras), Decimal(0))
    for line, price in zip(goods.lines, prices, strict=True):
        rate = rate_of(line.hs, today, tables.rates)
        sure = sure and rate is not None and rate.verified
        # Freight and insurance by the line's share of the price.
        value = price * exchange.mad + added * price / whole_price
        counted.append(_duties(value, line, rate, unknown))
    # A duty that is not known of one line is not known of all.
    amounts = {
        duty: _rounded(sum((each[duty] for each in counted), Decimal(0)))
        for duty in Duty
        if all(duty in each for each in counted)
    }
    whole = len(amounts) == len(Duty)
    return Estimate(
        amounts=amounts,
        total=sum((amounts[duty] for duty in PAID), Decimal(0)) if whole else None,
        unknown=tuple(dict.fromkeys(unknown)),
        verified=sure and whole,
    )


def _duties(
    value: Decimal, line: GoodsLine, rate: DutyRate | None, unknown: list[Unknown]
) -> dict[Duty, Decimal]:
    """The duties of one line that can be counted. VAT is on all the others: without one of them it is not known."""
    found = {Duty.VD: value, Duty.TPI: value * TPI}
    if rate is None or rate.di is None:
        unknown.append(Unknown.RATE)
    else:
        found[Duty.DI] = value * rate.di
    if rate is not None and rate.tic is not None:
        if rate.tic == 0:
            found[Duty.TIC] = Decimal(0)
        elif line.quantity is None:
            unknown.append(Unknown.QUANTITY)
        else:
            found[Duty.TIC] = rate.tic * line.quantity
    else:
        unknown.append(Unknown.RATE)
    if rate is not None and rate.tva is not None and {Duty.DI, Duty.TIC} <= found.keys():
        base = value + found[Duty.DI] + found[Duty.TPI] + found[Duty.TIC]
        found[Duty.TVA] = base * rate.tva
    elif rate is None or rate.tva is None:
        unknown.append(Unknown.RATE)
    return found


def _extras(
    goods: Priced, today: date, rates: Sequence[ExchangeRate], unknown: list[Unknown]
) -> list[tuple[Decimal, ExchangeRate]] | None:
    """What is to be added to the price, and how it is exchanged; None when something of it is not known."""
    incoterm = goods.incoterm.upper()
    if incoterm not in _WITHOUT_INSURANCE | _COMPLETE:
        unknown.append(Unknown.INCOTERM)
        return None
    found: list[tuple[Decimal, ExchangeRate]] = []
    missing: list[Unknown] = []
    for left_out, cost, reason in (
        (_WITHOUT_FREIGHT, goods.freight, Unknown.FREIGHT),
        (_WITHOUT_INSURANCE, goods.insurance, Unknown.INSURANCE),
    ):
        if incoterm not in left_out:
            continue
        rate = None if cost is None else _exchange(cost.currency, today, rates)
        if cost is None or cost.amount < 0:
            missing.append(reason)
        elif rate is None:
            missing.append(Unknown.EXCHANGE_RATE)
        else:
            found.append((cost.amount, rate))
    unknown += missing
    return None if missing else found


def _exchange(currency: str, today: date, rates: Sequence[ExchangeRate]) -> ExchangeRate | None:
    if currency == CURRENCY:
        return ExchangeRate(
            currency=CURRENCY, valid_from=today, mad=Decimal(1), source="itself", verified=True
        )
    known = [r for r in rates if r.currency == currency and r.valid_from <= today]
    return max(known, key=lambda r: r.valid_from, default=None)


def _nothing(unknown: Sequence[Unknown]) -> Estimate:
    return Estimate(amounts={}, total=None, unknown=tuple(unknown), verified=False)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
