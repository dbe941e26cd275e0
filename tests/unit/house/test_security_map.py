"""The map of security standards names each requirement once, and only tests that there are."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.unit.house.tree import ROOT, parsed

TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
STATES = {"proven", "built", "not here", "operator", "not yet"}
_REQUIREMENT = re.compile(r"\d+(?:\.\d+){1,2}")
_NODE = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _rows(part: str) -> list[list[str]]:
    """The cells of the tables of one part, without their headings."""
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if row[-1] != "Tests" and not row[0].startswith("---")]


def _part(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}.*?$(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, title
    return found.group(1)


#: Requirements, state, words, tests; of Annex A the theme stands before them.
ASVS = _rows(_part("OWASP ASVS 5.0"))
ANNEX = [row[1:] for row in _rows(_part("ISO/IEC 27001:2022"))]


def _numbers(rows: list[list[str]]) -> list[str]:
    return [number for row in rows for number in row[0].split(", ")]


@pytest.mark.parametrize("chapter", range(1, 18))
def test_each_chapter_of_asvs_is_mapped_under_its_own_heading(chapter: int) -> None:
    [part] = re.findall(rf"^### V{chapter} .*?$(.*?)(?=^##|\Z)", TEXT, re.M | re.S)
    numbers = _numbers(_rows(part))
    assert numbers
    assert [n for n in numbers if not n.startswith(f"{chapter}.")] == []


@pytest.mark.parametrize("rows", [ASVS, ANNEX], ids=["ASVS", "Annex A"])
def test_each_requirement_stands_once(rows: list[list[str]]) -> None:
    numbers = _numbers(rows)
    assert [n for n in numbers if not _REQUIREMENT.fullmatch(n)] == []
    assert [n for n in sorted(set(numbers)) if numbers.count(n) > 1] == []


def test_every_theme_of_annex_a_is_mapped() -> None:
    themes = {row[0] for row in _rows(_part("ISO/IEC 27001:2022"))}
    assert themes == {"Organizational", "People", "Physical", "Technological"}


@pytest.mark.parametrize("row", [*ASVS, *ANNEX], ids=lambda row: row[0])
def test_what_is_proven_names_its_tests_and_the_rest_a_reason(row: list[str]) -> None:
    _, state, words, tests = row
    assert state in STATES
    assert words
    assert bool(_NODE.search(tests)) == (state == "proven")
    assert _NODE.sub("", tests).replace("<br>", "") in ("", "—")


def test_every_test_that_is_named_is_there() -> None:
    named = _NODE.findall(TEXT)
    assert [f"{path}::{name}" for path, name in named if name not in set(_tests(path))] == []


def _tests(path: str) -> Iterator[str]:
    file = ROOT / path
    for node in parsed(file).body if file.is_file() else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
