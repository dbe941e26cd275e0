"""The glossary is sorted, says each word once, and knows where the word lives in the code."""

import ast
import re
import unicodedata
from pathlib import Path

import pytest

from tests.unit.house.tree import PACKAGES, ROOT, parsed

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ")
][2:]
PLACES = sorted({place for row in ROWS for place in re.findall(r"`([\w.]+)`", row[4])})


def test_every_term_has_its_five_columns() -> None:
    assert [row for row in ROWS if len(row) != 5 or not all(row)] == []


def test_each_word_stands_once_in_the_order_of_the_alphabet() -> None:
    terms = [_plain(row[0]) for row in ROWS]
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("place", PLACES)
def test_a_word_lives_where_the_glossary_says(place: str) -> None:
    package, *rest = place.split(".")
    path, names = PACKAGES[package], list(rest)
    while names and (found := _inside(path, names[0])):
        path = found
        names.pop(0)
    assert not names or (path.is_file() and names[0] in _defined(path))


def _inside(path: Path, name: str) -> Path | None:
    if (path / name).is_dir():
        return path / name
    module = path / f"{name}.py"
    return module if path.is_dir() and module.is_file() else None


def _defined(path: Path) -> set[str]:
    names: set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _plain(term: str) -> str:
    """Without capitals and accents, as a reader looks a word up."""
    letters = unicodedata.normalize("NFD", term.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
