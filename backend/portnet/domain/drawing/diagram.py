"""A definition as an SVG diagram: its states, and who may move them where.

Ends that several states share, the unhappy ones, and steps that change nothing stand in their state's box instead of
being drawn as arrows: what is left to follow with a finger is the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import msgspec

from portnet.domain.catalogue import (
    CLOCK,
    OPERATOR,
    PREVIOUS,
    Catalogue,
    Definition,
    Outcome,
    State,
    Status,
    Transition,
)
from portnet.domain.drawing.layers import Box, Line, arrange
from portnet.domain.drawing.positions import Point, Positions, Way, place

_MARGIN = 28.0
_HEAD = 74.0
_FOOT = 62.0
#: A little more than the widest sans serif that a reader may have.
_CODE_WIDTH, _TEXT_WIDTH = 9.0, 6.3
_ROW = 15.0

#: Band, then background. Their meaning is told in words, too.
_COLOURS: Mapping[str, tuple[str, str]] = {
    Status.BLOCKED: ("#b42318", "#fef3f2"),
    Status.ACTION_REQUIRED: ("#b54708", "#fffaeb"),
    Status.WAITING_AGENCY: ("#475467", "#f8fafc"),
    Outcome.SUCCESS: ("#067647", "#ecfdf3"),
    Outcome.FAILURE: ("#7a271a", "#fef3f2"),
    Outcome.CANCELLED: ("#667085", "#f2f4f7"),
    Status.DONE: ("#067647", "#ecfdf3"),
}
_ENDS = {
    Outcome.SUCCESS: "a good end",
    Outcome.FAILURE: "a bad end",
    Outcome.CANCELLED: "given up",
}
_LEGEND = (
    (Status.WAITING_AGENCY, "an agency moves next"),
    (Status.ACTION_REQUIRED, "the company must act"),
    (Status.BLOCKED, "blocked"),
    (Outcome.SUCCESS, "in force, or a good end"),
    (Outcome.FAILURE, "a bad end"),
    (Outcome.CANCELLED, "given up"),
)
_READING = "Dashed: back to an earlier state. H: back to where it came from. ↻: the state stays."
_STYLE = """
text { font-family: system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif; fill: #101828; }
.title { font-size: 19px; font-weight: 600; } .under { font-size: 12.5px; fill: #475467; }
.code { font-size: 12.5px; font-weight: 600; } .holder { font-size: 11px; fill: #475467; }
.event { font-size: 11px; } .own { fill: #175cd3; } .clock { fill: #6941c6; }
.by { font-size: 9.5px; fill: #667085; }  .line { fill: none; stroke: #98a2b3; stroke-width: 1.4; }
.back { stroke-dasharray: 5 4; }
""".strip()


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """All transitions from one state to another: drawn as one line with several words."""

    source: str
    target: str
    transitions: tuple[Transition, ...]

    @property
    def key(self) -> str:
        return f"{self.source}>{self.target}"


def draw(definition: Definition, catalogue: Catalogue) -> str:
    """The diagram as a stand-alone SVG document; the same definition gives the same bytes."""
    arrows, aside = _sorted_out(definition)
    shown = {definition.start} | {arrow.target for arrow in arrows}
    boxes = [
        *(
            _box(state, aside[code], catalogue)
            for code, state in definition.states.items()
            if code in shown
        ),
        *(Box(key=code, width=30, height=30) for code in sorted(shown) if _is_return(code)),
    ]
    layers = arrange(boxes, [_line(arrow) for arrow in arrows], definition.start)
    positions = place(layers)
    words = [*_ways(arrows, positions, layers.upward)]
    for box in boxes:
        at = positions.boxes[box.key]
        words += (
            _history(at)
            if _is_return(box.key)
            else _state(definition.states[box.key], box, at, aside[box.key], catalogue)
        )
    words += _start_mark(positions.boxes[definition.start], definition.start, boxes)
    return _document(definition, positions, words)


def _is_return(key: str) -> bool:
    return key.startswith(PREVIOUS)


def _sorted_out(
    definition: Definition,
) -> tuple[list[Arrow], Mapping[str, list[Transition]]]:
    """What is drawn as arrows, and by state what is written into its box."""
    sources: dict[str, set[str]] = defaultdict(set)
    for t in definition.transitions:
        sources[t.to].add(t.from_)
    drawn: dict[tuple[str, str], list[Transition]] = defaultdict(list)
    aside: dict[str, list[Transition]] = defaultdict(list)
    for t in definition.transitions:
        end = definition.states.get(t.to)
        shared_end = end is not None and end.outcome not in {None, Outcome.SUCCESS}
        if t.to == t.from_ or (shared_end and len(sources[t.to]) > 1):
            aside[t.from_].append(t)
        else:
            # Each hold has its own way back.
            target = f"{PREVIOUS} {t.from_}" if t.to == PREVIOUS else t.to
            drawn[t.from_, target].append(t)
    arrows = [
        Arrow(source=source, target=target, transitions=tuple(ts))
        for (source, target), ts in drawn.items()
    ]
    return arrows, aside


# ------------------------------------------------------------ sizes


def _box(state: State, aside: Sequence[Transition], catalogue: Catalogue) -> Box:
    widths = [
        len(state.code) * _CODE_WIDTH,
        len(holder_name(state, catalogue)) * _TEXT_WIDTH,
        *(len(_aside(t)) * _TEXT_WIDTH + 8 for t in aside),
    ]
    height = 44 + (6 + _ROW * len(aside) if aside else 0)
    return Box(key=state.code, width=round(max(widths) + 34), height=height)


def _line(arrow: Arrow) -> Line:
    rows = list(_words(arrow))
    width = max(len(text) * (_TEXT_WIDTH if own != "by" else 5.4) for text, own in rows)
    return Line(
        key=arrow.key,
        source=arrow.source,
        target=arrow.target,
        width=round(width + 10),
        height=_ROW * len(rows) + 2,
    )


# ------------------------------------------------------------ words


def _words(arrow: Arrow) -> Iterator[tuple[str, str]]:
    """The rows beside an arrow and the class of each: events, then who sends them."""
    for i, t in enumerate(arrow.transitions):
        yield _said(t), _class(t)
        after = arrow.transitions[i + 1 :]
        if not after or after[0].by != t.by or _needs(after[0]) != _needs(t):
            yield _senders(t), "by"


def _class(t: Transition) -> str:
    if t.by == (OPERATOR,):
        return "own"
    return "clock" if t.by == (CLOCK,) else "event"


def _senders(t: Transition) -> str:
    names = {OPERATOR: "the company", CLOCK: "our clock"}
    return " ".join(names.get(source, source) for source in t.by) + _needs(t)


def _needs(t: Transition) -> str:
    asked = [
        word for word, needed in (("approval", t.approval), ("2FA", t.second_factor)) if needed
    ]
    return f" ({', '.join(asked)})" if asked else ""


def _said(t: Transition) -> str:
    return f"{t.event} · {t.alert}" if t.alert else t.event


def _aside(t: Transition) -> str:
    return f"↻ {_said(t)}" if t.to == t.from_ else f"{_said(t)} → {t.to}"


def holder_name(state: State, catalogue: Catalogue) -> str:
    """Who holds a state, in English and short; what sort of end it is when it is final."""
    if state.outcome is not None:
        return _ENDS[state.outcome]
    agency = catalogue.agencies.get(state.holder or "")
    # A short name that is cut is good enough for an SMS only.
    if agency and not agency.short.en.endswith("."):
        return agency.short.en
    return catalogue.holder_label(state.holder or "").en


# ------------------------------------------------------------ shapes


def _colours(state: State) -> tuple[str, str]:
    return _COLOURS[state.outcome or state.status]


def _state(
    state: State, box: Box, at: Point, aside: Sequence[Transition], catalogue: Catalogue
) -> Iterator[str]:
    band, paper = _colours(state)
    x, y = at.x - box.width / 2, at.y - box.height / 2
    round_ = 20 if state.final else 7
    yield f"<g><title>{escape(state.label.en)} / {escape(state.label.fr)}</title>"
    yield _rect(
        x, y, box.width, box.height, round_, f'fill="{paper}" stroke="{band}" stroke-width="1.4"'
    )
    if not state.final:
        yield _rect(x, y, 6, box.height, 3, f'fill="{band}"')
    middle = at.x if state.final else at.x + 3
    yield _text(middle, y + 19, "code", state.code)
    yield _text(middle, y + 35, "holder", holder_name(state, catalogue))
    for number, t in enumerate(aside):
        yield _text(middle, y + 46 + _ROW * (number + 0.75), f"event {_class(t)}", _aside(t))
    yield "</g>"


def _history(at: Point) -> Iterator[str]:
    yield "<g><title>back to the state that it came from</title>"
    yield f'<circle cx="{at.x:.0f}" cy="{at.y:.0f}" r="14" fill="#fff" stroke="#475467" stroke-width="1.4"/>'
    yield _text(at.x, at.y + 4.5, "code", "H") + "</g>"


def _start_mark(at: Point, start: str, boxes: Sequence[Box]) -> Iterator[str]:
    top = at.y - next(box.height for box in boxes if box.key == start) / 2
    yield f'<circle cx="{at.x:.0f}" cy="{top - 24:.0f}" r="6" fill="#101828"/>'
    yield f'<path class="line" d="M{at.x:.0f} {top - 18:.0f}V{top - 2:.0f}" marker-end="url(#tip)"/>'


def _ways(arrows: Sequence[Arrow], positions: Positions, upward: frozenset[str]) -> Iterator[str]:
    for arrow in arrows:
        back = " back" if arrow.key in upward else ""
        path = _path(positions.ways[arrow.key])
        yield f'<path class="line{back}" d="{path}" marker-end="url(#tip)"/>'
    # All words stand upon all lines.
    for arrow in arrows:
        yield from _beside(arrow, positions.ways[arrow.key].words)


def _beside(arrow: Arrow, at: Point) -> Iterator[str]:
    line, rows = _line(arrow), list(_words(arrow))
    x, y = at.x - line.width / 2, at.y - line.height / 2
    yield _rect(x + 2, y, line.width - 4, line.height, 3, 'fill="#fff" fill-opacity="0.92"')
    for number, (text, style) in enumerate(rows):
        class_ = style if style == "by" else f"event {style}"
        yield _text(at.x, y + _ROW * (number + 0.8), class_, text)


def _path(way: Way) -> str:
    first, *others = way.points
    parts = [f"M{first.x:.0f} {first.y:.0f}"]
    before = first
    for number, point in enumerate(others):
        if number % 2 == 0:
            parts.append(f"L{point.x:.0f} {point.y:.0f}")
        else:
            middle = (before.y + point.y) / 2
            parts.append(
                f"C{before.x:.0f} {middle:.0f} {point.x:.0f} {middle:.0f} {point.x:.0f} {point.y:.0f}"
            )
        before = point
    return "".join(parts)


def _rect(x: float, y: float, width: float, height: float, corner: float, paint: str) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" rx="{corner:.0f}"'
    return f'<rect x="{x:.0f}" y="{y:.0f}" {size} {paint}/>'


def _text(x: float, y: float, style: str, text: str) -> str:
    return (
        f'<text class="{style}" x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{escape(text)}</text>'
    )


def _document(definition: Definition, positions: Positions, shapes: Sequence[str]) -> str:
    title = f"{definition.label.fr} · {definition.label.en}"
    legend = list(_legend())
    width = max(positions.width, len(title) * 11.5, 720.0) + 2 * _MARGIN
    height = positions.height + _HEAD + _FOOT + 2 * _MARGIN
    left = (width - positions.width) / 2
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="t">',
        f'<title id="t">{escape(definition.code)} v{definition.version}: {escape(title)}</title>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
        'markerHeight="8" orient="auto-start-reverse"><path d="M0 1L10 5L0 9z" fill="#667085"/>'
        "</marker></defs>",
        _rect(0, 0, width, height, 12, 'fill="#fff"'),
        f'<text class="title" x="{_MARGIN:.0f}" y="40">{escape(title)}</text>',
        f'<text class="under" x="{_MARGIN:.0f}" y="60">'
        f"{definition.code} version {definition.version}</text>",
        f'<g transform="translate({left:.0f} {_HEAD + _MARGIN:.0f})">',
        *shapes,
        "</g>",
        f'<g transform="translate({_MARGIN:.0f} {height - 54:.0f})">',
        *legend,
        "</g>",
        "</svg>",
        "",
    ])  # fmt: skip


def _legend() -> Iterator[str]:
    x = 0.0
    for key, words in _LEGEND:
        band, paper = _COLOURS[key]
        yield _rect(x, 0, 12, 12, 3, f'fill="{paper}" stroke="{band}" stroke-width="1.4"')
        yield f'<text class="by" x="{x + 18:.0f}" y="10">{words}</text>'
        x += 32 + len(words) * 5.3
    yield f'<text class="by" x="0" y="30">In blue: what the company does. {_READING}</text>'
