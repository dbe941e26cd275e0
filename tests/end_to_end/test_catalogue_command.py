"""`portnet catalogue`: the files check out, and the pages in the docs are what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portnet_server.cli.main import main

PAGES = Path(__file__).parents[2] / "docs/reference/procedures"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["catalogue", *arguments])


@pytest.fixture(name="drawn")
def drawn_pages(tmp_path: Path) -> Path:
    assert run("draw", "--to", str(tmp_path)).exit_code == 0
    return tmp_path


def test_check_has_a_line_for_each_definition() -> None:
    done = run("check")
    assert done.exit_code == 0
    assert "DUM_IMPORT v1: 16 open states, 41 transitions" in done.output
    assert {"MANIFEST", "SANIT_EXPORT", "SUBSCRIPTION"} <= {
        line.split()[0] for line in done.output.splitlines()
    }


def test_the_pages_of_the_docs_are_what_the_catalogue_says() -> None:
    done = run("draw", "--check", "--to", str(PAGES))
    assert done.output.endswith("files are as the catalogue has them\n"), done.output


def test_every_definition_gets_a_page_a_diagram_and_a_line_in_the_list(drawn: Path) -> None:
    codes = [line.split()[0].lower() for line in run("check").output.splitlines()]
    pages = {path.name.partition(".")[0] for path in drawn.rglob("*.md")} - {"README"}
    diagrams = {path.name.partition(".")[0] for path in drawn.rglob("*.svg")}
    assert pages == diagrams == set(codes)
    listed = (drawn / "README.md").read_text(encoding="utf-8")
    assert [code for code in codes if f"[{code.upper()}](" not in listed] == []


def test_what_is_written_by_hand_in_the_list_s_file_stays(drawn: Path) -> None:
    file = drawn / "README.md"
    text = file.read_text(encoding="utf-8") + "\nBy hand.\n"
    file.write_text(text, encoding="utf-8")
    assert run("draw", "--to", str(drawn)).exit_code == 0
    assert file.read_text(encoding="utf-8") == text


def test_a_list_without_its_place_is_not_overwritten(drawn: Path) -> None:
    (drawn / "README.md").write_text("Mine.", encoding="utf-8")
    done = run("draw", "--to", str(drawn))
    assert done.exit_code == 1
    assert (drawn / "README.md").read_text(encoding="utf-8") == "Mine."


def test_a_stale_a_missing_and_a_left_over_page_are_named(drawn: Path) -> None:
    (drawn / "customs/dum_import.v1.md").write_text("old", encoding="utf-8")
    (drawn / "food/diagrams/onssa_import.v1.svg").unlink()
    (drawn / "food/gone.v1.md").write_text("", encoding="utf-8")
    done = run("draw", "--check", "--to", str(drawn))
    assert done.exit_code == 1
    for said in (
        "dum_import.v1.md: is not what the catalogue says",
        "onssa_import.v1.svg: is missing",
        "gone.v1.md: is of no published procedure",
    ):
        assert said in done.output
    assert (drawn / "customs/dum_import.v1.md").read_text(encoding="utf-8") == "old"
