"""The published forms, and answers that nothing is wrong with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache

from portnet.catalogue import load_catalogue
from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.form import Form, Forms
from portnet.domain.declaring.issue import Facts
from portnet.domain.identifiers import new_ulid
from portnet.domain.reference.references import References, references
from portnet.forms import load_forms
from portnet.forms.lists import currency_decimals
from portnet.reference import load_shipped
from portnet_notifications.catalogue import ALERTS

TODAY = date(2026, 11, 22)
ICE = "001561191000066"
OTHER_ICE = "002136093000040"
CONTAINER = "CSQU3054383"
DS = "309 01 2026 0000123"


@cache
def catalogue() -> Catalogue:
    return load_catalogue(frozenset(ALERTS))


@cache
def tables() -> References:
    return references(load_shipped(catalogue().agencies))


def loaded(*extra: str) -> Forms:
    kinds = frozenset(code for code, _ in catalogue().definitions)
    return load_forms(tables(), kinds, catalogue().documents, extra)


@cache
def published() -> Forms:
    return loaded()


def form(kind: str = "DUM_IMPORT") -> Form:
    found = published().form(kind)
    assert found is not None
    return found


def facts() -> Facts:
    return Facts(
        today=TODAY,
        decimals=currency_decimals(),
        headings=frozenset({"230990", "100199"}),
        company_ice=ICE,
    )


def line(number: int) -> str:
    """The id of a line; lines begun later have higher numbers."""
    return new_ulid(datetime(2026, 11, 1, tzinfo=UTC), number.to_bytes(10, "big"))


def goods(number: int, **changes: str) -> dict[str, str]:
    """A line of a DUM, worth 100."""
    answers = {
        "hs": "2309909000",
        "description": "Aliments composés pour volailles",
        "origin": "ES",
        "quantity": "10",
        "unit": "KGM",
        "gross": "12.5",
        "net": "10",
        "packages": "1",
        "package_kind": "BG",
        "value": "100.00",
    }
    return {f"goods/lines/{line(number)}/{name}": t for name, t in (answers | changes).items()}


def declaration(lines: int = 2, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """An import declaration without an issue, FOB by sea; ``changes`` by path."""
    return {
        "operation/operator_ice": ICE,
        "operation/bureau": "309",
        "operation/regime": "010",
        "operation/party/name": "Piensos del Sur SA",
        "operation/party/country": "ES",
        "operation/payment": "WITH",
        "operation/title/kind": "EI",
        "operation/title/number": "EI-26-000123",
        "operation/invoice/number": "F-2026-118",
        "operation/invoice/date": "2026-11-02",
        "operation/invoice/currency": "EUR",
        "operation/invoice/amount": f"{100 * lines}.00",
        "operation/incoterm": "FOB",
        "operation/incoterm_place": "Valencia",
        "operation/freight/amount": "50",
        "operation/freight/currency": "EUR",
        "operation/insurance/amount": "5.5",
        "operation/insurance/currency": "EUR",
        "operation/transport/mode": "SEA",
        "operation/transport/bill_of_lading": "VLC0012345",
        f"operation/transport/containers/{line(900)}": CONTAINER,
        "operation/transport/place": "MACAS",
        "operation/transport/date": "2026-11-25",
        "operation/manifest/ds": DS,
        f"operation/manifest/lots/{line(901)}": "7",
        **{path: text for n in range(lines) for path, text in goods(n).items()},
        "documents/invoice": "01J0000000000000000000000A",
        "documents/packing_list": "01J0000000000000000000000B",
        "documents/transport": "01J0000000000000000000000C",
        **(changes or {}),
    }
