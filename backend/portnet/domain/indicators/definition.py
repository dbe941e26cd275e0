"""What an indicator measures, as data: which stays, spans or shares count, when its clock stands still, what was
published about it. Reading the TOML is here, too; the figures are not.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from portnet.domain.authoring.authored import Fault, FaultyFile, read_table, read_toml
from portnet.domain.localised import Localised

#: Ends the code of an indicator that counts the agencies' business hours only.
BUSINESS = "_BUSINESS"
#: An indicator's pseudo-event: the procedure begins.
OPENED = "@opened"

Patterns = tuple[str, ...]


class Unit(enum.StrEnum):
    SECONDS = "SECONDS"
    PERCENT = "PERCENT"


class Grouping(enum.StrEnum):
    """By what figures may be told apart. CHANNEL is the customs' circuit, as the contract calls it.

    STEP (procedure, state, agency, office) serves expected delays and is not for publication.
    """

    NONE = ""
    MONTH = "MONTH"
    OFFICE = "OFFICE"
    CHANNEL = "CHANNEL"
    HS_CHAPTER = "HS_CHAPTER"
    AGENCY = "AGENCY"
    STEP = "STEP"


class Stays(msgspec.Struct, frozen=True, kw_only=True, tag="stay", tag_field="of"):
    """Each stay in a state (``CODE.STATE``) that one of ``left_by`` ended; ``agencies``: only states that an agency
    holds."""

    states: Patterns = ("*",)
    left_by: Patterns = ("*",)
    agencies: bool = False


class Spans(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag="span",
    tag_field="of",
    rename={"from_": "from", "with_": "with"},
):
    """From the first of the events ``from`` to the first of ``to`` after it (``CODE.event``, ``CODE.@opened``).

    Within one procedure, one dossier, or for each container that both ends name. In the states ``stops`` the clock
    stands still. Only where one of ``with`` happened before the end, if there are any, and none of ``without``.
    """

    from_: Patterns
    to: Patterns
    per: Literal["PROCEDURE", "DOSSIER", "CONTAINER"] = "PROCEDURE"
    stops: Patterns = ()
    with_: Patterns = ()
    without: Patterns = ()


class OnTime(msgspec.Struct, frozen=True, kw_only=True, tag="on_time", tag_field="of"):
    """Of the agencies' steps that have a target: which were left before it passed."""


class FirstPass(msgspec.Struct, frozen=True, kw_only=True, tag="first_pass", tag_field="of"):
    """Of the procedures that one of ``decided`` has reached: those that none of ``spoiled_by`` had met by then."""

    decided: Patterns
    spoiled_by: Patterns


class Circuits(msgspec.Struct, frozen=True, kw_only=True, tag="circuit", tag_field="of"):
    """Declarations by the first circuit that customs chose, or by the one that held in the end."""

    which: Literal["FIRST", "LAST"]


class Told(msgspec.Struct, frozen=True, kw_only=True, tag="told", tag_field="of"):
    """From an agency's message to the gateway's acceptance of an alert on ``channel``."""

    channel: str


class Rated(msgspec.Struct, frozen=True, kw_only=True, tag="rated", tag_field="of"):
    """Of the ratings given: those of at least ``least`` out of five."""

    least: int


Measured = Stays | Spans | OnTime | FirstPass | Circuits | Told | Rated


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the figure: a value in the indicator's unit where there is one, in words, with its source."""

    label: Localised
    source: Localised
    value: float | None = None


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """``agency`` is whose work it is where it is not the holder's; ``business``: counted in business hours, too."""

    code: str
    label: Localised
    measure: Measured
    agency: str | None = None
    business: bool = False
    reference: Published | None = None

    @property
    def unit(self) -> Unit:
        timed = isinstance(self.measure, Stays | Spans | Told)
        return Unit.SECONDS if timed else Unit.PERCENT

    @property
    def codes(self) -> tuple[str, ...]:
        """Its own code, and that of its business hours."""
        return (self.code, self.code + BUSINESS) if self.business else (self.code,)


class _Authored(msgspec.Struct, frozen=True, kw_only=True):
    label: Localised
    measure: Measured
    agency: str | None = None
    business: bool = False
    reference: Published | None = None


def read_indicators(text: str) -> tuple[Indicator, ...]:
    """The indicators of a TOML text, in its order.

    Raises:
        FaultyFile: names everything that is wrong.
    """
    faults: list[Fault] = []
    indicators: list[Indicator] = []
    for code, table in read_toml(text, faults).items():
        authored = read_table(_Authored, table, code, faults)
        if authored is not None:
            fields = {name: getattr(authored, name) for name in _Authored.__struct_fields__}
            indicators.append(Indicator(code=code, **fields))
    if faults:
        raise FaultyFile(faults)
    return tuple(indicators)


# Indicators are few and so are names: each question is asked once in the life of a process.
@lru_cache(maxsize=65_536)
def matches(patterns: Patterns, name: str) -> bool:
    """Whether one of ``patterns`` is ``name``; a star at either end of a part stands for anything."""
    return any(_like(pattern.split("."), name.split(".")) for pattern in patterns)


def _like(pattern: Sequence[str], name: Sequence[str]) -> bool:
    if pattern == ["*"]:
        return True
    return len(pattern) == len(name) and all(map(_part_like, pattern, name))


def _part_like(pattern: str, part: str) -> bool:
    if pattern.endswith("*"):
        return part.startswith(pattern[:-1])
    return part.endswith(pattern[1:]) if pattern.startswith("*") else part == pattern
