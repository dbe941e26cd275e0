"""What a declaration's fields say of its value, as duties are counted on it. What is not entered stays unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from portnet.domain.declaring.duties import Cost, GoodsLine, Priced

_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,6})?", re.ASCII)
_LINE = re.compile(r"goods/lines/([^/]+)/(hs|value|quantity)")


def priced(values: Mapping[str, str]) -> Priced | None:
    """The goods of a declaration's ``values`` by path; None while there is no line with a code."""
    lines: dict[str, dict[str, str]] = {}
    for path, value in sorted(values.items()):
        if found := _LINE.fullmatch(path):
            lines.setdefault(found[1], {})[found[2]] = value
    goods = tuple(
        GoodsLine(
            hs=line["hs"], price=_amount(line.get("value")), quantity=_amount(line.get("quantity"))
        )
        for line in lines.values()
        if line.get("hs")
    )
    if not goods:
        return None
    currency = values.get("operation/invoice/currency", "")
    return Priced(
        lines=goods,
        currency=currency,
        incoterm=values.get("operation/incoterm", ""),
        freight=_cost(values, "operation/freight", currency),
        insurance=_cost(values, "operation/insurance", currency),
    )


def _cost(values: Mapping[str, str], path: str, currency: str) -> Cost | None:
    amount = _amount(values.get(f"{path}/amount"))
    return (
        None
        if amount is None
        else Cost(amount=amount, currency=values.get(f"{path}/currency") or currency)
    )


def _amount(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None and _AMOUNT.fullmatch(text) else None
