"""What a benchmark says: one measured value, what it is held against, and whether that was reached."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """``against`` is the baseline's value in the same unit, measured in the same run; ``ratio`` is value/against."""

    name: str
    value: float
    unit: str
    goal: str
    met: bool
    against: float | None = None
    ratio: float | None = None

    def line(self) -> str:
        """The one JSON line that is printed."""
        ordered = ("name", "value", "unit", "against", "ratio", "goal", "met")
        return msgspec.json.encode({field: getattr(self, field) for field in ordered}).decode()


def at_most(name: str, value: float, unit: str, limit: float, *, sound: bool = True) -> Result:
    """A value with a ceiling; ``sound`` is false when what was measured did not happen as it should."""
    return Result(
        name=name,
        value=round(value, 2),
        unit=unit,
        goal=f"≤ {limit:g} {unit}",
        met=sound and value <= limit,
    )


def at_least(
    name: str, value: float, unit: str, *, against: float, floor: float, ratio: float
) -> Result:
    """A rate with a floor of its own, and a share of the baseline's rate to reach."""
    reached = value / against
    return Result(
        name=name,
        value=round(value, 1),
        unit=unit,
        against=round(against, 1),
        ratio=round(reached, 3),
        goal=f"ratio ≥ {ratio:g} and ≥ {floor:g} {unit}",
        met=reached >= ratio and value >= floor,
    )


def no_less_than(name: str, value: float, unit: str, *, against: float, ratio: float) -> Result:
    """A rate that must be a share of another one of ours, taken in the same run."""
    reached = value / against
    return Result(
        name=name,
        value=round(value, 1),
        unit=unit,
        against=round(against, 1),
        ratio=round(reached, 3),
        goal=f"ratio ≥ {ratio:g}",
        met=reached >= ratio,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that ``share`` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))]
