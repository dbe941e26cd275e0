"""Reference values for a run of a scenario: well-formed, with their check digits, and new each time."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from stdnum import iso6346

from portnet.domain.authoring.scenario import Scenario, Step
from portnet.domain.identifiers import dum_key


def new_references(scenario: Scenario, year: int, chance: Random) -> Mapping[str, str]:
    """A value for each of the scenario's references."""
    steps = (step for step in scenario.steps if isinstance(step, Step))
    exports = any(step.event.startswith("DUM_EXPORT.") for step in steps)
    regime = "060" if exports else "010"
    return {name: _value(scheme, year, regime, chance) for name, scheme in scenario.refs.items()}


def new_value(scheme: str, code: str, year: int, chance: Random) -> str:
    """One for a file of the procedure ``code``."""
    return _value(scheme, year, "060" if code == "DUM_EXPORT" else "010", chance)


def _value(scheme: str, year: int, regime: str, chance: Random) -> str:
    number = chance.randrange(10_000, 9_999_999)
    match scheme:
        case "DUM":
            digits = f"309 {regime} {year} {number:07}"
            return f"{digits} {dum_key(digits)}"
        case "CONTAINER":
            stem = f"CSQU{chance.randrange(1_000_000):06}"
            return stem + str(iso6346.calc_check_digit(stem))
        case "ONSSA_FILE":
            return f"OI-{year % 100}-{number % 1_000_000:06}"
        case "TITLE":
            return f"EI-{year % 100}-{number % 1_000_000:06}"
        case "DS":
            return f"309 01 {year} {number:07}"
        case "LTA":
            # An airline's three digits, seven of its own, and these modulo 7.
            return f"147-{number:07}{number % 7}"
        case _:
            return f"{scheme[:3]}-{year % 100}-{number % 1_000_000:06}"
