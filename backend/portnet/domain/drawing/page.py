"""A definition as a Markdown page: what may happen, who says so, how long it takes, what people are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from portnet.domain.business_hours import Span
from portnet.domain.catalogue import (
    CLOCK,
    OPERATOR,
    PREVIOUS,
    Catalogue,
    Definition,
    Reminder,
    State,
    Transition,
)
from portnet.domain.drawing.diagram import holder_name

_GENERATED = (
    "<!-- Written by `portnet catalogue draw`: edit the catalogue's file, not this page. -->"
)
_DIVISIONS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_DAYS_FROM = 3 * 86_400


def page(definition: Definition, catalogue: Catalogue, diagram: str) -> str:
    """The page; ``diagram`` is the path of the picture from it."""
    title = f"{definition.label.fr} ({definition.code}, version {definition.version})"
    return "\n".join([
        _GENERATED,
        "",
        f"# {title}",
        "",
        f"{definition.label.en} · {definition.label.ar}",
        "",
        *(f"- {line}" for line in _facts(definition, catalogue)),
        "",
        f"![Diagram of {definition.code}]({diagram})",
        "",
        "## States",
        "",
        *_table(_STATES, (_state(state, catalogue) for state in definition.states.values())),
        "",
        "## Who moves it",
        "",
        *_table(_TRANSITIONS, (_transition(t) for t in definition.transitions)),
        "",
        "## Alerts",
        "",
        *_alerts(definition),
        "",
    ])  # fmt: skip


def listed(definition: Definition, catalogue: Catalogue, address: str) -> str:
    """The definition as a row of the list of all; ``address`` is its page's path from there."""
    agency = catalogue.agency_of(definition)
    cells = (
        f"[{definition.code}]({address}) v{definition.version}",
        definition.label.fr,
        definition.label.en,
        agency.short.fr if agency else "–",
        definition.identity,
    )
    return _row(cells)


LIST_HEAD = (
    "| Code | French | English | Opened by | Named by |",
    "| --- | --- | --- | --- | --- |",
)


def spoken(span: Span) -> str:
    """``2 h 30 min``, ``36 h``, ``3 d`` or, of business hours, ``4 bh``."""
    if span.business:
        return f"{span.seconds // 3600} bh"
    left, parts = span.seconds, list[str]()
    # People count in hours for a day or two.
    for unit, size in _DIVISIONS if left >= _DAYS_FROM else _DIVISIONS[1:]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "at once"


def _facts(definition: Definition, catalogue: Catalogue) -> Iterator[str]:
    yield (
        f"Named by its reference of scheme `{definition.identity}`; direction {definition.direction}, "
        f"phase {definition.phase}."
    )
    if definition.opened_by:
        opening = ", ".join(f"`{event}`" for event in definition.opened_by)
        yield f"An agency's message opens it where nobody declared it to us: {opening}."
    if definition.before_arrival:
        yield f"To be filed {spoken(definition.before_arrival)} before the ship's expected arrival."
    if definition.documents:
        papers = [catalogue.documents[code] for code in definition.documents]
        named = (f"{p.label.fr}" + (f" ({p.edifact})" if p.edifact else "") for p in papers)
        yield "Documents (UN/EDIFACT 1001): " + "; ".join(named) + "."


_STATES = (
    "State", "French", "Arabic", "English", "Who has it", "Status", "What to do", "Target / alarm",
    "Deadline, reminders",
)  # fmt: skip


def _state(state: State, catalogue: Catalogue) -> Sequence[str]:
    words = state.label
    advice = f"`{state.action}`" + (f", `{state.warning}`" if state.warning else "")
    spans = [spoken(span) if span else "–" for span in (state.target, state.alarm)]
    return (
        f"`{state.code}`",
        words.fr,
        words.ar,
        words.en,
        holder_name(state, catalogue),
        state.status.value,
        advice,
        " / ".join(spans) if state.target or state.alarm else "–",
        "; ".join(_deadline(state)) or "–",
    )


def _deadline(state: State) -> Iterator[str]:
    if state.due:
        yield f"{spoken(state.due)} where no message says"
    by_alert: dict[str, list[Reminder]] = defaultdict(list)
    for reminder in state.reminders:
        by_alert[reminder.alert].append(reminder)
    for alert, reminders in by_alert.items():
        yield f"{alert} " + ", ".join(spoken(r.before) for r in reminders) + " before"
    if timeout := state.timeout:
        since = "after the deadline" if timeout.from_due else "after entering"
        yield f"`{timeout.event}` {spoken(timeout.after)} {since}"


_TRANSITIONS = ("From", "Event", "To", "Said by", "Needs", "Alert")


def _transition(t: Transition) -> Sequence[str]:
    names = {OPERATOR: "the company", CLOCK: "our clock"}
    needs = [
        word
        for word, asked in (("approval", t.approval), ("second factor", t.second_factor))
        if asked
    ]
    return (
        f"`{t.from_}`",
        f"`{t.event}`",
        "where it came from" if t.to == PREVIOUS else f"`{t.to}`",
        ", ".join(names.get(source, source) for source in t.by),
        ", ".join(needs) or "–",
        t.alert or "–",
    )


def _alerts(definition: Definition) -> Iterator[str]:
    events: dict[str, list[str]] = defaultdict(list)
    for t in definition.transitions:
        if t.alert and f"`{t.event}`" not in events[t.alert]:
            events[t.alert].append(f"`{t.event}`")
    for state in definition.states.values():
        for alert in dict.fromkeys(reminder.alert for reminder in state.reminders):
            events[alert].append(f"the reminders of `{state.code}`")
    if not events:
        yield "None."
    for alert in sorted(events):
        yield f"- **{alert}**: {', '.join(events[alert])}"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
