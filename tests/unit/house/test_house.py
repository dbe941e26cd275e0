"""The house keeps its shape: its packages, its sizes, its words, and nothing left for later."""

import ast
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.house.tree import (
    COMPONENTS,
    PACKAGES,
    ROOT,
    code,
    files,
    parsed,
    project,
    python,
    shown,
)

LONGEST_FILE = 600
WIDEST_FOLDER = 12
# Folders that may hold more modules, each for a reason.
WIDER_FOLDERS = {
    # One pure noun a file; a room inside would only move the same nouns one step away.
    "backend/portnet/domain": 30,
    # Mirrors it.
    "tests/unit/portnet/domain": 30,
    # One step of the tables' history a file; none is ever changed or moved.
    "backend/portnet/storage/migrations": 60,
    # One noun of the contract a file.
    "graphql/portnet_graphql/types": 20,
}
VAGUE_NAMES = frozenset({"base", "common", "helpers", "manager", "misc", "utils"})
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
# A code in brackets or after a colon, then the words that justify it.
SILENCED = re.compile(r"#\s*(type:\s*ignore|pyright:\s*ignore|noqa)\b")
JUSTIFIED = re.compile(
    r"#\s*((type|pyright):\s*ignore\[[\w, -]+\]|noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)\W+\w+"
)
PATCHES = frozenset({
    "mock.patch",
    "mocker.patch",
    "monkeypatch.delattr",
    "monkeypatch.setattr",
    "pytest.importorskip",
    "pytest.mark.skip",
    "pytest.mark.skipif",
    "pytest.mark.xfail",
    "pytest.skip",
    "pytest.xfail",
})  # fmt: skip
REGISTRY = re.compile(
    r"https?://[^\s\"']*(pypi|pythonhosted|npmjs|yarnpkg)\.(org|com)", re.IGNORECASE
)
HOME = re.compile(r"(?<![\w.])/(home|root|Users)/\w")
GRAPHQL_CORE = "import graphql; print(graphql.__file__, graphql.version)"


def test_the_five_packages_stand_in_their_components() -> None:
    found = {
        init.parent.name: init.parent
        for component in COMPONENTS
        for init in (ROOT / component).glob("*/__init__.py")
    }
    assert found == PACKAGES


def test_what_we_ship_and_what_import_linter_guards_are_the_same_packages() -> None:
    tools = project()["tool"]
    shipped = {Path(path).name for path in tools["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert shipped == set(tools["importlinter"]["root_packages"]) == set(PACKAGES)


def test_every_package_ships_its_types() -> None:
    assert [name for name, folder in PACKAGES.items() if not (folder / "py.typed").is_file()] == []


def test_no_folder_named_graphql_is_a_package() -> None:
    assert [shown(path) for path in files() if path.parts[-2:] == ("graphql", "__init__.py")] == []


def test_graphql_core_is_what_graphql_means_at_the_root() -> None:
    """In a subprocess: plain pytest passes even where the app, started from the root, is dead."""
    seen = _python_at(ROOT, "-c", GRAPHQL_CORE)
    assert "site-packages" in seen
    assert f"graphql-core=={seen.split()[-1]}" in project()["project"]["dependencies"]
    assert _python_at(ROOT, "-m", "pytest", "--version").startswith("pytest")


def test_an_init_in_the_folder_graphql_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "graphql").mkdir()
    (tmp_path / "graphql/__init__.py").write_text("version = 'hidden'", encoding="utf-8")
    assert _python_at(tmp_path, "-c", GRAPHQL_CORE).split()[-1] == "hidden"


def _python_at(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_no_file_is_too_long_to_read() -> None:
    assert {shown(path): n for path, n in _lengths().items() if n > LONGEST_FILE} == {}


def test_modules_are_about_a_hundred_lines() -> None:
    modules = [n for path, n in _lengths().items() if path.name != "__init__.py"]
    assert statistics.median(modules) <= 120


def _lengths() -> dict[Path, int]:
    return {path: len(path.read_text(encoding="utf-8").splitlines()) for path in code()}


def test_no_folder_is_too_wide_to_overlook() -> None:
    widths = Counter(shown(path.parent) for path in code() if path.name != "__init__.py")
    limits = {folder: WIDER_FOLDERS.get(folder, WIDEST_FOLDER) for folder in widths}
    assert {folder: n for folder, n in widths.items() if n > limits[folder]} == {}


def test_a_folder_that_may_be_wider_needs_to_be() -> None:
    widths = Counter(shown(path.parent) for path in code() if path.name != "__init__.py")
    assert [folder for folder in WIDER_FOLDERS if widths[folder] <= WIDEST_FOLDER] == []


def test_a_name_says_what_is_inside() -> None:
    assert [shown(path) for path in code() if VAGUE_NAMES & {path.stem, path.parent.name}] == []


@pytest.mark.parametrize("path", python(*COMPONENTS, "benchmarks"), ids=shown)
def test_a_module_opens_by_saying_what_it_is_for(path: Path) -> None:
    tree = parsed(path)
    assert not tree.body or ast.get_docstring(tree)


def test_nothing_is_left_for_later() -> None:
    own = Path(__file__)
    assert _lines(UNFINISHED, [path for path in code() if path != own]) == []


def test_what_is_silenced_says_why() -> None:
    silenced = _lines(SILENCED, python(*COMPONENTS, "benchmarks", "tests"))
    assert [line for line in silenced if not JUSTIFIED.search(line)] == []


def test_fakes_stand_in_and_nothing_is_patched_or_skipped() -> None:
    used = [
        f"{shown(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in python("tests")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in PATCHES
    ]
    assert used == []


def test_no_machine_and_no_registry_is_named() -> None:
    own = Path(__file__)
    # EDIFACT samples are in ISO 8859-1, as such messages are.
    binary = {".edi", ".png", ".woff2"}
    texts = [path for path in files() if path != own and path.suffix not in binary]
    named = [
        _lines(pattern, texts) for pattern in (REGISTRY, HOME, re.compile(re.escape(f"{ROOT}/")))
    ]
    assert named == [[], [], []]


def _lines(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_make_help_names_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"(?m)^\.PHONY: (.*)$", makefile)[0].split()
    told = set(re.findall(r'@echo "make (\w+)', makefile))
    assert told == set(commands) - {"help"}
