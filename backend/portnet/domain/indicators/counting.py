"""From measures to tallies: who may read a measure, under which groups it is counted, and what a recount changes."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from portnet.domain.indicators.definition import BUSINESS, Grouping, Indicator, Unit
from portnet.domain.indicators.histogram import Tally, share_of, tally_of
from portnet.domain.indicators.measuring import Measure

#: Reads, and owns, what is published about all companies together.
EVERYBODY = "*"


class UncountedKind(enum.StrEnum):
    """What changed: a dossier's history, or a delivery that its gateway took."""

    DOSSIER = "DOSSIER"
    DELIVERY = "DELIVERY"


class Uncounted(msgspec.Struct, frozen=True, kw_only=True):
    """A note, written with the change itself, that the indicators have yet to see it; ``subject`` is its row."""

    id: str
    kind: UncountedKind
    subject: str
    at: datetime


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """What was counted of one dossier, and for whom: what a recount takes out again."""

    company: str
    broker: str | None
    measures: tuple[Measure, ...]


class TallyKey(msgspec.Struct, frozen=True, order=True):
    """Whose tally of what. A broker's are kept for each ``owner`` that it works for: a mandate may end."""

    reader: str
    grouping: Grouping
    month: int
    indicator: str
    group: str
    owner: str


def readers(company: str, broker: str | None) -> tuple[tuple[str, str], ...]:
    """(reader, owner): everybody, the company, and the broker of the file."""
    own = ((EVERYBODY, EVERYBODY), (company, company))
    return own if broker is None else (*own, (broker, company))


def difference(
    indicators: Mapping[str, Indicator], before: Sequence[Counted], after: Sequence[Counted]
) -> dict[TallyKey, Tally]:
    """What to add to the tallies so that they hold ``after`` where they held ``before``."""
    changes: dict[TallyKey, Counter[int]] = {}
    for counted_all, times in ((before, -1), (after, 1)):
        for counted in counted_all:
            for key, value in _keyed(counted):
                changes.setdefault(key, Counter())[value] += times
    tallies = {
        key: _tally(indicators, key, {v: n for v, n in values.items() if n})
        for key, values in changes.items()
    }
    return {key: tally for key, tally in tallies.items() if tally != _NOTHING}


_NOTHING = Tally()


def _tally(indicators: Mapping[str, Indicator], key: TallyKey, values: Mapping[int, int]) -> Tally:
    known = indicators.get(key.indicator.removesuffix(BUSINESS))
    if known is not None and known.unit is Unit.PERCENT:
        return share_of((bool(value), times) for value, times in values.items())
    return tally_of(values.items())


def _keyed(counted: Counted) -> Iterator[tuple[TallyKey, int]]:
    for measure in counted.measures:
        values = [(measure.indicator, measure.value)]
        if measure.business is not None:
            values.append((measure.indicator + BUSINESS, measure.business))
        for reader, owner in readers(counted.company, counted.broker):
            for grouping, group in _groups(measure):
                for code, value in values:
                    yield TallyKey(reader, grouping, measure.month, code, group, owner), value
        if measure.step is not None:
            step = TallyKey(
                EVERYBODY, Grouping.STEP, measure.month, measure.indicator, measure.step, EVERYBODY
            )
            yield step, measure.value


def _groups(measure: Measure) -> Iterator[tuple[Grouping, str]]:
    yield Grouping.NONE, ""
    named = (
        (Grouping.AGENCY, measure.agency),
        (Grouping.OFFICE, measure.office),
        (Grouping.CHANNEL, measure.circuit),
        (Grouping.HS_CHAPTER, measure.chapter),
    )
    for grouping, group in named:
        if group is not None:
            yield grouping, group
