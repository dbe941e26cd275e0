"""Boxes stand below what leads to them, lines keep out of each other's way, nothing overlaps."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.drawing.layers import Box, Layers, Line, arrange
from portnet.domain.drawing.positions import place


def boxes(*keys: str) -> list[Box]:
    return [Box(key=key, width=100, height=40) for key in keys]


def line(source: str, target: str) -> Line:
    return Line(key=f"{source}{target}", source=source, target=target, width=60, height=30)


def row_of(layers: Layers, key: str) -> int:
    return next(number for number, row in enumerate(layers.rows) if key in row)


def test_a_box_stands_below_all_that_lead_to_it() -> None:
    layers = arrange(boxes(*"abc"), [line("a", "c"), line("a", "b"), line("b", "c")], "a")
    assert [row_of(layers, key) for key in "abc"] == [0, 2, 4]
    assert layers.chains["ac"] == ("a", "ac/1", "ac/2", "ac/3", "c")


def test_a_line_back_points_up_and_its_words_stand_near_its_source() -> None:
    layers = arrange(boxes(*"abc"), [line("a", "b"), line("b", "c"), line("c", "a")], "a")
    assert layers.upward == {"ca"}
    assert layers.boxes["ca/3"].width == 60
    way = place(layers).ways["ca"]
    assert way.points[0].y > way.points[-1].y


def test_lines_that_need_not_cross_do_not() -> None:
    lines = [line("s", "a"), line("s", "b"), line("a", "y"), line("b", "x")]
    layers = arrange(boxes("s", "a", "b", "x", "y"), lines, "s")
    order = {key: number for row in layers.rows for number, key in enumerate(row)}
    assert (order["a"] < order["b"]) == (order["y"] < order["x"])


def test_a_long_line_runs_straight_past_others() -> None:
    lines = [line("a", "b"), line("b", "c"), line("c", "d"), line("a", "d")]
    way = place(arrange(boxes(*"abcd"), lines, "a")).ways["ad"]
    assert len({point.x for point in way.points[2:-2]}) == 1


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Box], list[Line]]:
    """Connected from the first box on; with lines back, and ones that pass several rows."""
    count = draw(st.integers(2, 9))
    keys = "abcdefghi"[:count]
    tree = {(keys[draw(st.integers(0, i - 1))], keys[i]) for i in range(1, count)}
    pairs = st.tuples(st.sampled_from(keys), st.sampled_from(keys)).filter(lambda p: p[0] != p[1])
    more = draw(st.sets(pairs, max_size=8))
    sized = [
        Box(key=key, width=draw(st.integers(20, 200)), height=draw(st.integers(20, 90)))
        for key in keys
    ]
    return sized, [line(*pair) for pair in sorted(tree | more)]


@given(graphs())
def test_nothing_stands_on_anything_else(graph: tuple[list[Box], list[Line]]) -> None:
    sized, lines = graph
    layers = arrange(sized, lines, "a")
    positions = place(layers)
    for row in layers.rows:
        for left, right in pairwise(row):
            room = (layers.boxes[left].width + layers.boxes[right].width) / 2
            assert positions.boxes[right].x - positions.boxes[left].x >= room
    for key, at in positions.boxes.items():
        assert at.x - layers.boxes[key].width / 2 >= -0.01
        assert at.x + layers.boxes[key].width / 2 <= positions.width + 0.01


@given(graphs())
def test_every_line_leaves_its_source_and_meets_its_target(
    graph: tuple[list[Box], list[Line]],
) -> None:
    sized, lines = graph
    layers = arrange(sized, lines, "a")
    positions = place(layers)
    assert set(positions.ways) == {one.key for one in lines}
    for one in lines:
        points = positions.ways[one.key].points
        for key, point in ((one.source, points[0]), (one.target, points[-1])):
            box, at = layers.boxes[key], positions.boxes[key]
            assert abs(point.x - at.x) <= box.width / 2
            assert abs(abs(point.y - at.y) - box.height / 2) < 0.01
