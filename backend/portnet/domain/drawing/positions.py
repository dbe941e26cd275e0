"""Gives what `layers` has ordered its place in pixels, and each line its way past the boxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

import msgspec

from portnet.domain.drawing.layers import Layers

#: Room between neighbours of one row, and between rows.
_BESIDE = 22.0
_BETWEEN = 31.0
#: A line leaves and meets its box straight for this long.
_LEAVING, _MEETING = 6.0, 12.0
#: Between two lines that meet the same side of a box.
_ARROWS = 16.0
_SWEEPS = 40
#: How much more a long line wants to be straight than a short one.
_STRAIGHT = 8.0
#: Lines that were in each other's way find room one after the other.
_STRAIGHTENINGS = 4


class Point(msgspec.Struct, frozen=True):
    x: float
    y: float


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A line: where it passes, in pairs of points that it joins straight down; where its words are.

    ``points`` run from source to target; ``words`` is their centre.
    """

    points: tuple[Point, ...]
    words: Point


class Positions(msgspec.Struct, frozen=True, kw_only=True):
    """Centres of the boxes and the lines' ways, all of them inside ``width`` × ``height``."""

    boxes: Mapping[str, Point]
    ways: Mapping[str, Way]
    width: float
    height: float


def place(layers: Layers) -> Positions:
    """A place for everything in ``layers``."""
    xs = _straightened(_columns(layers), layers)
    left = min(xs[key] - layers.boxes[key].width / 2 for key in xs)
    xs = {key: x - left for key, x in xs.items()}
    bands = _bands(layers)
    row_of = {key: number for number, row in enumerate(layers.rows) for key in row}
    centres = {key: Point(x, sum(bands[row_of[key]]) / 2) for key, x in xs.items()}
    ends = _ends(layers, xs)
    ways = {
        key: _way(key, chain, layers, centres, ends, [bands[row_of[k]] for k in chain])
        for key, chain in layers.chains.items()
    }
    return Positions(
        boxes=centres,
        ways=ways,
        width=max(xs[key] + layers.boxes[key].width / 2 for key in xs),
        height=bands[-1][1],
    )


def _bands(layers: Layers) -> list[tuple[float, float]]:
    """The top and the bottom of each row."""
    bands: list[tuple[float, float]] = []
    top = 0.0
    for row in layers.rows:
        bottom = top + max(layers.boxes[key].height for key in row)
        bands.append((top, bottom))
        top = bottom + _BETWEEN
    return bands


def _columns(layers: Layers) -> dict[str, float]:
    """The centres across: every row in its order, drawn towards the middle of its neighbours."""
    pulls = _pulls(layers)
    xs: dict[str, float] = {}
    for row in layers.rows:
        xs |= zip(
            row, _spread([0.0] * len(row), [1.0] * len(row), _apart(row, layers)), strict=True
        )
    for sweep in range(_SWEEPS):
        rows = layers.rows if sweep % 2 == 0 else layers.rows[::-1]
        for row in rows:
            wanted = [_wanted(key, pulls[key], xs) for key in row]
            weights = [sum(weight for _, weight in pulls[key]) or 0.1 for key in row]
            xs |= zip(row, _spread(wanted, weights, _apart(row, layers)), strict=True)
    return xs


def _pulls(layers: Layers) -> Mapping[str, list[tuple[str, float]]]:
    """By key, what it is joined to and how strongly."""
    pulls: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for chain in layers.chains.values():
        inner = set(chain[1:-1])
        for upper, lower in pairwise(chain):
            weight = _STRAIGHT if upper in inner and lower in inner else 1.0 + (len(chain) > 3)
            pulls[upper].append((lower, weight))
            pulls[lower].append((upper, weight))
    return pulls


def _wanted(key: str, pulls: Sequence[tuple[str, float]], xs: Mapping[str, float]) -> float:
    total = sum(weight for _, weight in pulls)
    return sum(xs[other] * weight for other, weight in pulls) / total if total else xs[key]


def _apart(row: Sequence[str], layers: Layers) -> list[float]:
    """The distance of each centre from the one before it, at the least."""
    halves = [layers.boxes[key].width / 2 for key in row]
    return [0.0, *(a + b + _BESIDE for a, b in pairwise(halves))]


def _spread(
    wanted: Sequence[float], weights: Sequence[float], apart: Sequence[float]
) -> list[float]:
    """Places as near to the wanted ones as can be, in order and ``apart``.

    Least squares by pooling neighbours that are in each other's way, which is exact.
    """
    offsets = [sum(apart[: number + 1]) for number in range(len(apart))]
    pools: list[tuple[float, float, int]] = []
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, heavy, count = want - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            before, weighed, size = pools.pop()
            mean = (before * weighed + mean * heavy) / (weighed + heavy)
            heavy, count = weighed + heavy, count + size
        pools.append((mean, heavy, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _straightened(xs: dict[str, float], layers: Layers) -> dict[str, float]:
    """The columns with the bends of long lines taken out, wherever their neighbours leave room."""
    neighbours = _neighbours(layers)
    longest_first = sorted(layers.chains.values(), key=len, reverse=True)
    for _ in range(_STRAIGHTENINGS):
        for chain in longest_first:
            rooms = [_room(key, neighbours, xs, layers) for key in chain[1:-1]]
            done = 0
            while done < len(rooms):
                lowest, highest, end = *rooms[done], done + 1
                while end < len(rooms) and max(lowest, rooms[end][0]) <= min(
                    highest, rooms[end][1]
                ):
                    lowest, highest = max(lowest, rooms[end][0]), min(highest, rooms[end][1])
                    end += 1
                passed = chain[1 + done : 1 + end]
                middle = sum(xs[key] for key in passed) / len(passed)
                xs |= dict.fromkeys(passed, min(max(middle, lowest), highest))
                done = end
    return xs


def _neighbours(layers: Layers) -> Mapping[str, tuple[str | None, str | None]]:
    """The keys at the left and at the right of each."""
    beside: dict[str, tuple[str | None, str | None]] = {}
    for row in layers.rows:
        padded = [None, *row, None]
        beside |= {key: (padded[i], padded[i + 2]) for i, key in enumerate(row)}
    return beside


def _room(
    key: str,
    neighbours: Mapping[str, tuple[str | None, str | None]],
    xs: Mapping[str, float],
    layers: Layers,
) -> tuple[float, float]:
    """How far to the left and to the right ``key`` may go before it meets a neighbour."""
    left, right = neighbours[key]
    half = layers.boxes[key].width / 2 + _BESIDE
    lowest = -inf if left is None else xs[left] + layers.boxes[left].width / 2 + half
    highest = inf if right is None else xs[right] - layers.boxes[right].width / 2 - half
    return min(lowest, xs[key]), max(highest, xs[key])


_Ends = Mapping[tuple[str, bool], float]


def _ends(layers: Layers, xs: Mapping[str, float]) -> _Ends:
    """Where each line meets its box across: by line, and whether at its top end."""
    meeting: dict[tuple[str, bool], list[tuple[float, str]]] = defaultdict(list)
    for key, chain in layers.chains.items():
        meeting[chain[0], True].append((xs[chain[1]], key))
        meeting[chain[-1], False].append((xs[chain[-2]], key))
    ends: dict[tuple[str, bool], float] = {}
    for (box, at_top), lines in meeting.items():
        lines.sort()
        centre, half = xs[box], layers.boxes[box].width / 2 - _ARROWS / 2
        step = min(_ARROWS, 2 * half / max(1, len(lines) - 1))
        places = _spread(
            [x for x, _ in lines], [1.0] * len(lines), [0.0] + [step] * (len(lines) - 1)
        )
        for number, ((_, line), x) in enumerate(zip(lines, places, strict=True)):
            leftmost = centre - half + step * number
            rightmost = centre + half - step * (len(lines) - 1 - number)
            ends[line, at_top] = min(max(x, leftmost), rightmost)
    return ends


def _way(
    key: str,
    chain: Sequence[str],
    layers: Layers,
    centres: Mapping[str, Point],
    ends: _Ends,
    bands: Sequence[tuple[float, float]],
) -> Way:
    upward = key in layers.upward
    top, bottom = layers.boxes[chain[0]], layers.boxes[chain[-1]]
    points = [Point(ends[key, True], centres[chain[0]].y + top.height / 2)]
    points.append(Point(points[0].x, bands[0][1] + (_MEETING if upward else _LEAVING)))
    for passed, (upper, lower) in zip(chain[1:-1], bands[1:-1], strict=True):
        points += [Point(centres[passed].x, upper), Point(centres[passed].x, lower)]
    end = Point(ends[key, False], centres[chain[-1]].y - bottom.height / 2)
    points += [Point(end.x, bands[-1][0] - (_LEAVING if upward else _MEETING)), end]
    worded = chain[-2] if upward else chain[1]
    return Way(points=tuple(points[::-1] if upward else points), words=centres[worded])
