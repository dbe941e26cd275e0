"""Read the indicators: a company's own, or what is published about all companies together.

A published group that is too small to hide a company is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.indicators.definition import (
    BUSINESS,
    Circuits,
    Grouping,
    Indicator,
    OnTime,
    Unit,
)
from portnet.domain.indicators.histogram import Tally, merged
from portnet.domain.indicators.months import month_name, month_number, months_between
from portnet.ports.clock import Clock
from portnet.ports.indicators import IndicatorReader

#: A published group has at least as many items.
SMALLEST_GROUP = 5
#: The longest period that is read at once.
MOST_MONTHS = 36
_MILLISECONDS = 1_000.0


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The months of ``first`` and ``last`` are asked for whole; no ``codes`` means every indicator."""

    first: date
    last: date
    codes: tuple[str, ...] | None = None
    grouping: Grouping = Grouping.NONE


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line: an indicator, of a group where one was asked for. Seconds or per cent.

    A share has a mean and no percentiles.
    """

    code: str
    indicator: Indicator
    business: bool
    group: str | None
    sample: int
    mean: float | None
    median: float | None = None
    p80: float | None = None
    p90: float | None = None
    p95: float | None = None


class Indicators:
    """Reads figures; whoever has no viewer reads what is published."""

    def __init__(
        self, reader: IndicatorReader, clock: Clock, indicators: Sequence[Indicator]
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._indicators = indicators

    async def read(self, viewer: Viewer | None, question: Question) -> list[Figure] | str:
        """The figures in the order of the definitions, then of the groups; or why there are none, in English."""
        if fault := self._fault(question):
            return fault
        figures: list[Figure] = []
        wanted = [
            i for i in self._indicators if question.codes is None or {*i.codes} & {*question.codes}
        ]
        for grouping, some in _by_grouping(wanted, question.grouping).items():
            figures += await self._figures(viewer, question, grouping, some)
        place = {code: n for n, i in enumerate(self._indicators) for code in i.codes}
        if viewer is None:
            figures = [figure for figure in figures if figure.sample >= SMALLEST_GROUP]
        return sorted(figures, key=lambda f: (place[f.code], f.business, f.group or ""))

    def _fault(self, question: Question) -> str | None:
        known = {code for indicator in self._indicators for code in indicator.codes}
        unknown = sorted(set(question.codes or ()) - known)
        if unknown:
            return f"No such indicator: {', '.join(unknown)}."
        if question.grouping is Grouping.STEP:
            return "Steps are not a group."
        months = months_between(month_number(question.first), month_number(question.last))
        if not 1 <= months <= MOST_MONTHS:
            return f"The period is from 1 to {MOST_MONTHS} months."
        return None

    async def _figures(
        self,
        viewer: Viewer | None,
        question: Question,
        grouping: Grouping,
        indicators: Sequence[Indicator],
    ) -> list[Figure]:
        now = self._clock.now()
        months = month_number(question.first), month_number(question.last)
        asked = question.codes or tuple(c for i in indicators for c in i.codes)
        codes = [code for i in indicators for code in i.codes if code in asked]
        found = list(await self._reader.tallies(viewer, now, grouping, months, codes))
        timely = [i.code for i in indicators if isinstance(i.measure, OnTime)]
        if timely:
            late = await self._reader.late(viewer, now, grouping, months)
            found += [msgspec.structs.replace(f, indicator=code) for code in timely for f in late]
        grouped: dict[tuple[str, str], list[Tally]] = defaultdict(list)
        for figures in found:
            group = month_name(figures.month) if grouping is Grouping.MONTH else figures.group
            grouped[figures.indicator, group].append(figures.tally)
        tallies = {key: merged(own) for key, own in grouped.items()}
        by_code = {code: indicator for indicator in indicators for code in indicator.codes}
        totals = _totals(tallies)
        return [
            _figure(by_code[code], code, group, tally, totals[code])
            for (code, group), tally in tallies.items()
            if tally.count
        ]


def _by_grouping(
    indicators: Sequence[Indicator], grouping: Grouping
) -> Mapping[Grouping, list[Indicator]]:
    """A mix of circuits is only ever told apart by circuit."""
    of: dict[Grouping, list[Indicator]] = defaultdict(list)
    for indicator in indicators:
        own = Grouping.CHANNEL if isinstance(indicator.measure, Circuits) else grouping
        of[own].append(indicator)
    return of


def _totals(tallies: Mapping[tuple[str, str], Tally]) -> Mapping[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for (code, _), tally in tallies.items():
        totals[code] += tally.count
    return totals


def _figure(indicator: Indicator, code: str, group: str, tally: Tally, total: int) -> Figure:
    if indicator.unit is Unit.PERCENT:
        hits, of = (
            (tally.count, total)
            if isinstance(indicator.measure, Circuits)
            else (tally.total, tally.count)
        )
        return Figure(
            code=code,
            indicator=indicator,
            business=False,
            group=group or None,
            sample=tally.count,
            mean=100 * hits / of,
        )
    return Figure(
        code=code,
        indicator=indicator,
        business=code.endswith(BUSINESS),
        group=group or None,
        sample=tally.count,
        mean=_seconds(tally.mean()),
        median=_seconds(tally.percentile(0.5)),
        p80=_seconds(tally.percentile(0.8)),
        p90=_seconds(tally.percentile(0.9)),
        p95=_seconds(tally.percentile(0.95)),
    )


def _seconds(value: float | None) -> float | None:
    return None if value is None else value / _MILLISECONDS
