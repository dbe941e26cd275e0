"""The rates that we ship, as CSV beside this file: dated, sourced, none of them confirmed yet."""

from __future__ import annotations

import csv
import importlib.resources
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache

from portnet.domain.declaring.duties import DutyRate, DutyTables, ExchangeRate


@cache
def load_duties() -> DutyTables:
    """Every shipped rate.

    Raises:
        ValueError: a shipped file is wrong.
    """
    return DutyTables(
        rates=tuple(map(_rate, _rows("duties.csv"))),
        exchange=tuple(map(_exchange, _rows("exchange.csv"))),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = importlib.resources.files("portnet.reference").joinpath(name).read_text("utf-8")
    return csv.DictReader(text.splitlines(), strict=True)


def _rate(row: dict[str, str]) -> DutyRate:
    return DutyRate(
        prefix=row["prefix"],
        valid_from=date.fromisoformat(row["valid_from"]),
        di=_decimal(row["di"]),
        tic=_decimal(row["tic"]),
        tva=_decimal(row["tva"]),
        source=row["source"],
        verified=row["verified"] == "true",
    )


def _exchange(row: dict[str, str]) -> ExchangeRate:
    return ExchangeRate(
        currency=row["currency"],
        valid_from=date.fromisoformat(row["valid_from"]),
        mad=Decimal(row["mad"]),
        source=row["source"],
        verified=row["verified"] == "true",
    )


def _decimal(text: str) -> Decimal | None:
    """A cell; None where nobody knows."""
    return Decimal(text) if text else None
