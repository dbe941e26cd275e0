"""Amounts of money and what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import strawberry

from portnet.domain.agency import Amount
from portnet.domain.approving.money import Money as KnownMoney
from portnet.domain.localised import Locale, Localised

#: What amounts are called; one of another kind goes by its code.
AMOUNTS: Mapping[str, Localised] = {
    "DI": Localised(fr="Droit d'importation", ar="رسم الاستيراد", en="Import duty"),
    "TPI": Localised(fr="Taxe parafiscale", ar="الرسم شبه الضريبي", en="Parafiscal tax"),
    "TIC": Localised(
        fr="Taxe intérieure de consommation", ar="الضريبة الداخلية على الاستهلاك", en="Excise duty"
    ),
    "TVA": Localised(fr="TVA", ar="الضريبة على القيمة المضافة", en="VAT"),
    "TOTAL": Localised(fr="Total", ar="المجموع", en="Total"),
}


@strawberry.type
class Money:
    amount: Decimal
    currency: str

    @classmethod
    def of(cls, money: KnownMoney | None) -> Money | None:
        return None if money is None else cls(amount=money.amount, currency=money.currency)


@strawberry.input
class MoneyInput:
    amount: Decimal
    currency: str

    def known(self) -> KnownMoney:
        return KnownMoney(amount=self.amount, currency=self.currency)


@strawberry.type
class LabelledAmount:
    kind: str
    label: str
    money: Money

    @classmethod
    def of(cls, amount: Amount, locale: Locale) -> LabelledAmount:
        label = AMOUNTS.get(amount.kind)
        return cls(
            kind=amount.kind,
            label=amount.kind if label is None else label.in_(locale),
            money=Money(amount=Decimal(amount.value), currency=amount.currency),
        )
