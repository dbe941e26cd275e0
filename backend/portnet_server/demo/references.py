"""Reference values for a run of a scenario: well-formed, with their check digits, and new each time."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from stdnum import iso6346

from portnet.domain.identifiers import dum_key
from portnet.domain.scenario import Scenario


def new_references(scenario: Scenario, year: int, chance: Random) -> Mapping[str, str]:
    """A value for each of the scenario's references."""
    return {name: _value(scheme, year, chance) for name, scheme in scenario.refs.items()}


def _value(scheme: str, year: int, chance: Random) -> str:
    number = chance.randrange(10_000, 9_999_999)
    match scheme:
        case "DUM":
            digits = f"309 010 {year} {number:07}"
            return f"{digits} {dum_key(digits)}"
        case "CONTAINER":
            stem = f"CSQU{chance.randrange(1_000_000):06}"
            return stem + str(iso6346.calc_check_digit(stem))
        case "ONSSA_FILE":
            return f"OI-{year % 100}-{number % 1_000_000:06}"
        case _:
            return f"{scheme[:3]}-{year % 100}-{number % 1_000_000:06}"
