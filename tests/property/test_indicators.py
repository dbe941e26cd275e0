"""Counting: whatever is counted, taken out and counted again, tallies hold exactly what is there in the end."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from portnet.domain.agency import AgencyEvent
from portnet.domain.catalogue import Definition
from portnet.domain.folding import fold_in, new_entry, open_dossier
from portnet.domain.indicators.counting import Counted, TallyKey, difference
from portnet.domain.indicators.definition import BUSINESS, Grouping, Unit
from portnet.domain.indicators.histogram import (
    LARGEST,
    RELATIVE_ERROR,
    Tally,
    merged,
    rank,
    tally_of,
)
from portnet.domain.indicators.measuring import History, Measure, measure
from portnet.domain.procedure import Entry
from portnet.indicators import load_indicators
from tests.property.test_fold import histories, opened
from tests.support.clock import NOON
from tests.support.scenarios import IMPORTER, catalogue
from tests.support.volume import volume

INDICATORS = load_indicators()
BY_CODE = {indicator.code: indicator for indicator in INDICATORS}
MANY = settings(max_examples=volume(100, 3_000))
VALUES = st.lists(st.integers(0, LARGEST) | st.integers(0, 100_000), min_size=1, max_size=200)


@MANY
@given(VALUES, st.floats(0, 1))
def test_a_percentile_is_within_its_error_of_the_exact_one(values: list[int], share: float) -> None:
    tally = tally_of((value, 1) for value in values)
    exact = sorted(values)[rank(share, len(values)) - 1]
    found = tally.percentile(share)
    assert found is not None
    assert abs(found - exact) <= RELATIVE_ERROR * exact
    assert (tally.count, tally.total) == (len(values), sum(values))


MEASURES = st.builds(
    Measure,
    st.sampled_from(["AGENCY_STEP", "ON_TIME", "CHANNEL_MIX", "SATISFACTION"]),
    st.sampled_from([202611, 202612]),
    st.integers(0, 1),
    st.none() | st.integers(0, 10**9),
    st.sampled_from([None, "ADII", "ONSSA"]),
    st.sampled_from([None, "309"]),
    st.sampled_from([None, "GREEN"]),
    st.none(),
    st.sampled_from([None, "DUM_IMPORT:PAID:ADII:309"]),
)
COUNTED = st.builds(
    Counted,
    st.sampled_from(["one", "two"]),
    st.sampled_from([None, "broker"]),
    st.lists(MEASURES, max_size=5).map(tuple),
)


@MANY
@given(st.lists(st.lists(COUNTED, max_size=3), min_size=1, max_size=6))
def test_replacing_what_was_counted_leaves_what_is_there_in_the_end(
    versions: list[list[Counted]],
) -> None:
    standing: dict[TallyKey, Tally] = defaultdict(Tally)
    before: list[Counted] = []
    for after in versions:
        for key, change in difference(BY_CODE, before, after).items():
            standing[key] = merged([standing[key], change])
        before = after
    assert {k: t for k, t in standing.items() if t != Tally()} == difference(BY_CODE, [], before)


@MANY
@given(histories(), st.lists(st.booleans(), min_size=14, max_size=14))
def test_counting_now_and_then_is_counting_once(
    history: tuple[Definition, list[AgencyEvent]], stops: list[bool]
) -> None:
    """Messages come late and out of order; the counter looks after some of them."""
    definition, messages = history
    procedure, entries = opened(definition), dict[str, Entry]()
    standing: dict[TallyKey, Tally] = defaultdict(Tally)
    before: list[Counted] = []
    for message, looks in zip(messages, (*stops[: len(messages) - 1], True), strict=False):
        arrived = new_entry(message.receipt, procedure, message)
        folded = fold_in(definition, procedure, tuple(entries.values()), arrived, NOON)
        procedure = folded.procedure
        entries |= {entry.id: entry for entry in folded.changed}
        if not looks:
            continue
        dossier = open_dossier(catalogue(), "d", IMPORTER.company, procedure, NOON)
        known = History(dossier=dossier, procedures=(procedure,), entries=tuple(entries.values()))
        made = measure(catalogue(), INDICATORS, known)
        assert made == measure(catalogue(), INDICATORS, known)
        after = [Counted(dossier.company, None, made.made)]
        for key, change in difference(BY_CODE, before, after).items():
            standing[key] = merged([standing[key], change])
        before = after
    assert {k: t for k, t in standing.items() if t != Tally()} == difference(BY_CODE, [], before)
    for each in before[0].measures:
        assert each.value >= 0
        if BY_CODE[each.indicator].unit is Unit.PERCENT:
            assert each.value in {0, 1}
        if each.business is not None:
            assert 0 <= each.business <= each.value


def test_a_step_is_expected_by_the_clock_and_for_everybody_alone() -> None:
    made = Measure(
        "AGENCY_STEP", 202611, 5, 4, "ADII", "309", None, None, "DUM_IMPORT:PAID:ADII:309"
    )
    keys = difference(BY_CODE, [], [Counted("one", None, (made,))])
    steps = [key for key in keys if key.grouping is Grouping.STEP]
    assert [(key.reader, key.indicator, key.group) for key in steps] == [
        ("*", "AGENCY_STEP", made.step)
    ]
    assert {key.indicator for key in keys} == {"AGENCY_STEP", "AGENCY_STEP" + BUSINESS}
