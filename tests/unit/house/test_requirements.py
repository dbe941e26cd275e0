"""What set-up installs is pinned, hashed, free of addresses, and what pyproject.toml asks for."""

import re
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.unit.house.tree import ROOT, project

PIN = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([^\s\\]+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$")
NAMES = ("dev", "installer", "runtime")


def _text(name: str) -> str:
    return (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")


def _pins(name: str) -> dict[str, str]:
    return {canonicalize_name(package): version for package, version, _ in PIN.findall(_text(name))}


def _asked(name: str) -> list[Requirement]:
    """What pyproject.toml asks of requirements/<name>.txt."""
    table: dict[str, Any] = project()
    extras: dict[str, list[str]] = table["project"]["optional-dependencies"]
    asked: dict[str, list[str]] = {
        "installer": table["dependency-groups"]["installer"],
        "runtime": table["project"]["dependencies"] + extras["build"],
        "dev": table["project"]["dependencies"] + extras["build"] + extras["dev"],
    }
    return [Requirement(line) for line in asked[name]]


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_a_pin_with_its_hashes_and_no_address(name: str) -> None:
    rest = PIN.sub("", _text(name))
    assert [
        line for line in rest.splitlines() if line.strip() and not line.startswith("    # ")
    ] == []
    assert "://" not in _text(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_pins_are_what_the_project_asks_for(name: str) -> None:
    pins = _pins(name)
    unmet = [
        str(r)
        for r in _asked(name)
        if not r.specifier.contains(pins.get(canonicalize_name(r.name), "0"))
    ]
    assert unmet == []


def test_developers_run_what_users_run() -> None:
    assert _pins("runtime").items() <= _pins("dev").items()
