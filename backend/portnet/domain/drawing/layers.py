"""Puts the boxes of a directed graph on layers, one below the other, with few crossing lines.

The usual four steps of Sugiyama's method; this module does the first three (turn cycles round, rank, order),
`positions` the last. No library does it: the maintained ones are programs, not Python.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

#: Each sweep goes once down and once up; graphs of our size settle in fewer.
_SWEEPS = 12


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn at one place, in pixels."""

    key: str
    width: float
    height: float


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An arrow from box to box; its words take ``width`` and ``height`` at its side of the source."""

    key: str
    source: str
    target: str
    width: float = 0
    height: float = 0


class Layers(msgspec.Struct, frozen=True, kw_only=True):
    """``rows`` of keys from top to bottom, each from left to right; boxes stand on every other one.

    ``chains`` are, by line, the keys that it passes from top to bottom; ``upward`` the lines whose
    arrow is at the top end; ``boxes`` has everything that takes room, a line's words and turns included.
    """

    rows: tuple[tuple[str, ...], ...]
    chains: Mapping[str, tuple[str, ...]]
    upward: frozenset[str]
    boxes: Mapping[str, Box]


def arrange(boxes: Sequence[Box], lines: Sequence[Line], start: str) -> Layers:
    """Layers of ``boxes``, all of which ``lines`` reach from ``start``. No line is a loop."""
    upward = _upward(lines, start)
    ranks = _ranks(boxes, lines, upward)
    known = {box.key: box for box in boxes}
    rows: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for box in sorted(boxes, key=lambda box: ranks[box.key]):
        rows[ranks[box.key]].append(box.key)
    chains: dict[str, tuple[str, ...]] = {}
    for line in lines:
        top, bottom = _ends(line, upward)
        between = range(ranks[top] + 1, ranks[bottom])
        # The words stand next to where the arrow leaves: there one asks what may happen.
        worded = between[-1] if line.key in upward else between[0]
        passed = [f"{line.key}/{rank}" for rank in between]
        for key, rank in zip(passed, between, strict=True):
            sized = (line.width, line.height) if rank == worded else (0.0, 0.0)
            known[key] = Box(key=key, width=sized[0], height=sized[1])
            rows[rank].append(key)
        chains[line.key] = (top, *passed, bottom)
    ordered = _ordered(rows, _steps(chains.values()))
    return Layers(
        rows=tuple(tuple(row) for row in ordered), chains=chains, upward=upward, boxes=known
    )


def _ends(line: Line, upward: frozenset[str]) -> tuple[str, str]:
    """The line's upper and lower box."""
    if line.key in upward:
        return line.target, line.source
    return line.source, line.target


def _upward(lines: Iterable[Line], start: str) -> frozenset[str]:
    """The lines that lead back to a box on the way to their own."""
    leaving: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        leaving[line.source].append(line)
    back: set[str] = set()
    on_the_way: set[str] = set()
    seen: set[str] = set()

    def visit(key: str) -> None:
        seen.add(key)
        on_the_way.add(key)
        for line in leaving[key]:
            if line.target in on_the_way:
                back.add(line.key)
            elif line.target not in seen:
                visit(line.target)
        on_the_way.discard(key)

    visit(start)
    return frozenset(back)


def _ranks(boxes: Sequence[Box], lines: Sequence[Line], upward: frozenset[str]) -> dict[str, int]:
    """Even numbers, each box below all that lead to it; the odd ones are for the lines' words."""
    ranks = {box.key: 0 for box in boxes}
    downward = [_ends(line, upward) for line in lines]
    for _ in boxes:
        for top, bottom in downward:
            ranks[bottom] = max(ranks[bottom], ranks[top] + 2)
    return ranks


_Steps = Mapping[str, Sequence[str]]


def _steps(chains: Iterable[Sequence[str]]) -> tuple[_Steps, _Steps]:
    """What each key is joined to on the row above, and on the row below."""
    above: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    for chain in chains:
        for upper, lower in pairwise(chain):
            below[upper].append(lower)
            above[lower].append(upper)
    return above, below


def _ordered(rows: Sequence[Sequence[str]], steps: tuple[_Steps, _Steps]) -> list[list[str]]:
    """The rows, each sorted by the middle of its neighbours; the best of several sweeps."""
    above, below = steps
    current = [list(row) for row in rows]
    best, fewest = [list(row) for row in current], _crossings(current, below)
    for _ in range(_SWEEPS):
        for i in range(1, len(current)):
            _sort(current[i], current[i - 1], above)
        for i in range(len(current) - 2, -1, -1):
            _sort(current[i], current[i + 1], below)
        _swap(current, above, below)
        count = _crossings(current, below)
        if count < fewest:
            best, fewest = [list(row) for row in current], count
    return best


def _sort(row: list[str], beside: Sequence[str], steps: _Steps) -> None:
    place = {key: number for number, key in enumerate(beside)}
    own = {key: float(number) for number, key in enumerate(row)}

    def middle(key: str) -> float:
        joined = [place[other] for other in steps.get(key, ())]
        return sum(joined) / len(joined) if joined else own[key]

    row.sort(key=lambda key: (middle(key), own[key]))


def _swap(rows: Sequence[list[str]], above: _Steps, below: _Steps) -> None:
    """Exchanges neighbours wherever that spares a crossing."""
    for i, row in enumerate(rows):
        beside = [(rows[i - 1], above)] if i else []
        beside += [(rows[i + 1], below)] if i + 1 < len(rows) else []
        places = [({k: n for n, k in enumerate(other)}, steps) for other, steps in beside]
        for j in range(len(row) - 1):
            left, right = row[j], row[j + 1]
            saved = sum(
                _crossed(place, steps, left, right) - _crossed(place, steps, right, left)
                for place, steps in places
            )
            if saved > 0:
                row[j], row[j + 1] = right, left


def _crossings(rows: Sequence[Sequence[str]], below: _Steps) -> int:
    total = 0
    for row, beside in pairwise(rows):
        place = {key: number for number, key in enumerate(beside)}
        for i, left in enumerate(row):
            total += sum(_crossed(place, below, left, right) for right in row[i + 1 :])
    return total


def _crossed(place: Mapping[str, int], steps: _Steps, left: str, right: str) -> int:
    """Crossings between two keys' lines to one row when ``left`` stands left of ``right``."""
    ends = [place[other] for other in steps.get(right, ())]
    return sum(place[other] > end for other in steps.get(left, ()) for end in ends)
