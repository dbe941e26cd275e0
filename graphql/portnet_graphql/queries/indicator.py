"""What the single window is measured by."""

from __future__ import annotations

from datetime import date

import strawberry

from portnet.domain.indicators.definition import Grouping
from portnet.domain.localised import Localised
from portnet.services.indicators.reading import Figure, Question
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.types.node import described

#: Behind the label of a figure that counts business hours.
BUSINESS_HOURS = Localised(fr="heures ouvrées", ar="ساعات العمل", en="business hours")


@strawberry.input
class IndicatorInput:
    codes: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="All of them, if left out."
    )
    from_: date = strawberry.field(name="from", description="Months count whole.")
    to: date
    group_by: str | None = strawberry.field(
        default=strawberry.UNSET, description="MONTH, OFFICE, CHANNEL, HS_CHAPTER or AGENCY."
    )
    public: bool = strawberry.field(
        default=False,
        description="All companies together, as published at /indicators; else the viewer's own and, of its clients',"
        " those that it works on.",
    )


@strawberry.type(description="A percentile is within two per cent of the exact one, a mean exact.")
class Indicator:
    code: str
    label: str
    group: str | None = strawberry.field(
        description="A month such as 2026-11, an office's, agency's or HS chapter's code, GREEN, ORANGE or RED."
    )
    unit: str = strawberry.field(description="SECONDS or PERCENT.")
    median: float | None
    p80: float | None = strawberry.field(name="p80")
    p90: float | None = strawberry.field(name="p90")
    p95: float | None = strawberry.field(name="p95")
    mean: float | None = strawberry.field(description="Of a share: the share.")
    sample: int
    reference: float | None = strawberry.field(description="A published figure or a goal.")
    reference_label: str | None

    @classmethod
    def of(cls, figure: Figure, context: Context) -> Indicator:
        indicator, locale = figure.indicator, context.locale
        label = indicator.label.in_(locale)
        reference = indicator.reference
        return cls(
            code=figure.code,
            label=f"{label} ({BUSINESS_HOURS.in_(locale)})" if figure.business else label,
            group=figure.group,
            unit=indicator.unit.value,
            median=figure.median,
            p80=figure.p80,
            p90=figure.p90,
            p95=figure.p95,
            mean=figure.mean,
            sample=figure.sample,
            reference=None if reference is None or figure.business else reference.value,
            reference_label=None if reference is None else reference.label.in_(locale),
        )


@strawberry.type
class IndicatorQueries:
    @described("Figures of whole months; those of small public groups are left out.")
    async def indicators(self, info: Info, input: IndicatorInput) -> list[Indicator]:
        context = info.context
        viewer = None if input.public else context.viewer
        question = Question(
            first=input.from_,
            last=input.to,
            codes=tuple(input.codes) if input.codes else None,
            grouping=_grouping(input.group_by or ""),
        )
        figures = await context.services.indicators.read(viewer, question)
        if isinstance(figures, str):
            raise ContractError(ErrorCode.BAD_REQUEST, figures)
        return [Indicator.of(figure, context) for figure in figures]


def _grouping(text: str) -> Grouping:
    if text not in set(Grouping):
        raise ContractError(ErrorCode.BAD_REQUEST, "Figures are not grouped by that.")
    return Grouping(text)
