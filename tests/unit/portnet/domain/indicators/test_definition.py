"""Definitions as data: what is shipped can be read, and what is wrong is named."""

import pytest

from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.indicators.definition import Unit, matches, read_indicators
from portnet.domain.localised import LOCALES
from portnet.indicators import load_indicators
from tests.support.scenarios import catalogue
from tests.unit.house.tree import ROOT


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*", "DUM_IMPORT.paid", True),
        ("DUM_*.paid", "DUM_IMPORT.paid", True),
        ("*_TITLE.domiciled", "IMP_TITLE.domiciled", True),
        ("*.INFO_*", "DUM_IMPORT.INFO_REQUESTED", True),
        ("*.VISIT_SET", "DUM_IMPORT.VISIT_SET", True),
        ("*.INFO_*", "DUM_IMPORT.DOC_REVIEW", False),
        ("DUM_IMPORT.paid", "DUM_IMPORT.repaid", False),
        ("DUM_IMPORT.@opened", "DUM_IMPORT.@opened", True),
    ],
)
def test_a_star_stands_for_anything_at_one_end_of_a_part(
    pattern: str, name: str, expected: bool
) -> None:
    assert matches((pattern,), name) is expected


def test_every_indicator_of_the_single_window_is_shipped() -> None:
    units = {indicator.code: indicator.unit for indicator in load_indicators()}
    assert units.keys() == {
        "CONTAINER_DWELL", "DOMICILIATION", "DOCUMENT_HANDLING", "AGENCY_STEP", "ON_TIME", "CHANNEL_MIX",
        "CHANNEL_MIX_FINAL", "FIRST_PASS", "ONSSA_DECISION", "ONSSA_DECISION_SAMPLED", "OPERATOR_REACTION",
        "APPROVAL_LATENCY", "ALERT_LATENCY_PUSH", "ALERT_LATENCY_SMS", "CLEARANCE", "END_TO_END", "SATISFACTION",
    }  # fmt: skip
    assert units["ON_TIME"] is Unit.PERCENT
    assert units["CONTAINER_DWELL"] is Unit.SECONDS


def test_the_published_figures_stand_beside_ours() -> None:
    references = {i.code: i.reference.value for i in load_indicators() if i.reference}
    assert references["CONTAINER_DWELL"] == 7 * 24 * 3_600
    assert references["DOMICILIATION"] == 2.5 * 3_600
    assert references["SATISFACTION"] == 86


def test_every_label_is_there_in_three_languages() -> None:
    for indicator in load_indicators():
        published = (
            [indicator.reference.label, indicator.reference.source] if indicator.reference else []
        )
        for words in (indicator.label, *published):
            assert all(words.in_(locale).strip() for locale in LOCALES)


def test_whose_work_it_is_is_an_agency_of_the_catalogue() -> None:
    named = {indicator.agency for indicator in load_indicators()} - {None}
    assert named <= set(catalogue().agencies)


def test_every_indicator_is_explained() -> None:
    told = (ROOT / "docs/reference/indicators.md").read_text(encoding="utf-8")
    assert [i.code for i in load_indicators() if f"| `{i.code}` |" not in told] == []


def test_every_fault_of_a_file_is_named() -> None:
    text = (
        '[A]\nlabel = { fr = "a", ar = "b", en = "c" }\n[B]\nlabel = 1\nmeasure = { of = "stay" }\n'
    )
    with pytest.raises(FaultyFile) as found:
        read_indicators(text)
    assert [fault.place for fault in found.value.faults] == ["A.measure", "B.label"]
