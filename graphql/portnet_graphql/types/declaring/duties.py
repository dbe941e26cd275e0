"""Indicative duties as a declaration shows them: what is known, what is not and why, and that only customs decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import strawberry

from portnet.domain.declaring.duties import CURRENCY, Duty, DutyTables, Estimate, Unknown, estimate
from portnet.domain.declaring.pricing import priced
from portnet.domain.localised import Locale, Localised
from portnet_graphql.types.money import LabelledAmount, Money

#: What stands over every estimate.
INDICATIVE = Localised(
    fr="Estimation indicative, seule la liquidation douanière fait foi.",
    ar="تقدير على سبيل الإشارة، والعبرة بتصفية الجمارك وحدها.",
    en="Indicative estimate; only customs' assessment counts.",
)
UNVERIFIED = Localised(
    fr="Taux non vérifiés ; préférences, suspensions et frais de déchargement non pris en compte.",
    ar="نسب غير مؤكدة؛ دون احتساب الأفضليات والتوقيفات ومصاريف التفريغ.",
    en="Rates not verified; preferences, suspensions and unloading charges are left out.",
)
UNKNOWN: Mapping[Unknown, Localised] = {
    Unknown.INCOTERM: Localised(
        fr="Incoterm à renseigner.", ar="يجب إدخال شرط التسليم.", en="The incoterm is missing."
    ),
    Unknown.FREIGHT: Localised(
        fr="Fret à renseigner.", ar="يجب إدخال أجرة الشحن.", en="The freight is missing."
    ),
    Unknown.INSURANCE: Localised(
        fr="Assurance à renseigner.", ar="يجب إدخال التأمين.", en="The insurance is missing."
    ),
    Unknown.EXCHANGE_RATE: Localised(
        fr="Taux de change inconnu.", ar="سعر الصرف غير معروف.", en="Exchange rate unknown."
    ),
    Unknown.RATE: Localised(fr="Taux inconnu.", ar="النسبة غير معروفة.", en="Rate unknown."),
    Unknown.PRICE: Localised(
        fr="Valeur des articles à renseigner.",
        ar="يجب إدخال قيمة الأصناف.",
        en="The value of the lines is missing.",
    ),
    Unknown.QUANTITY: Localised(
        fr="Quantité à renseigner.", ar="يجب إدخال الكمية.", en="The quantity is missing."
    ),
}
LABELS: Mapping[Duty, Localised] = {
    Duty.VD: Localised(
        fr="Valeur en douane", ar="القيمة المصرح بها لدى الجمارك", en="Customs value"
    ),
    Duty.DI: Localised(fr="Droit d'importation", ar="رسم الاستيراد", en="Import duty"),
    Duty.TPI: Localised(fr="Taxe parafiscale", ar="الرسم شبه الضريبي", en="Parafiscal tax"),
    Duty.TIC: Localised(
        fr="Taxe intérieure de consommation", ar="الضريبة الداخلية على الاستهلاك", en="Excise duty"
    ),
    Duty.TVA: Localised(fr="TVA", ar="الضريبة على القيمة المضافة", en="VAT"),
}


@strawberry.type
class DutyEstimate:
    lines: list[LabelledAmount] = strawberry.field(
        description="What is known; one that is missing is not 0, the notice says why."
    )
    total: Money | None = strawberry.field(description="Null unless every duty is known.")
    notice: str
    verified: bool = strawberry.field(
        description="Whether somebody confirmed every rate behind it."
    )

    @classmethod
    def of(cls, found: Estimate, locale: Locale) -> DutyEstimate:
        said = [INDICATIVE, *(UNKNOWN[reason] for reason in found.unknown)]
        said += [] if found.verified else [UNVERIFIED]
        return cls(
            lines=[
                LabelledAmount(
                    kind=duty.value,
                    label=LABELS[duty].in_(locale),
                    money=Money(amount=found.amounts[duty], currency=CURRENCY),
                )
                for duty in Duty
                if duty in found.amounts
            ],
            total=None if found.total is None else Money(amount=found.total, currency=CURRENCY),
            notice=" ".join(sentence.in_(locale) for sentence in said),
            verified=found.verified,
        )


def duty_estimate(
    values: Mapping[str, str], today: date, tables: DutyTables, locale: Locale
) -> DutyEstimate | None:
    """What a declaration's ``values`` by path would cost; None while there is no line with a code.

    ``today`` in Casablanca; ``tables`` as `load_duties` has them.
    """
    goods = priced(values)
    return None if goods is None else DutyEstimate.of(estimate(goods, today, tables), locale)
