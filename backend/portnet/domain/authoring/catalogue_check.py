"""Says everything that is wrong with the catalogue before anyone relies on it.

It changes nothing and reads nothing; it names each fault with its place and a sentence, all of them
at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from portnet.domain.authoring.authored import Fault, within
from portnet.domain.catalogue import (
    CLOCK,
    OPERATOR,
    PREVIOUS,
    RESERVED_SOURCES,
    SHORT_LABEL,
    Action,
    Agency,
    Definition,
    DocumentKind,
    State,
    Transition,
)
from portnet.domain.localised import Locale, Localised

LOCALES: tuple[Locale, ...] = ("fr", "ar", "en")
#: What an alert leaves for an agency's short name.
_SHORT_AGENCY: Mapping[Locale, int] = {"fr": 8, "ar": 7, "en": 8}
_SHORT_STATE: Mapping[Locale, int] = dict.fromkeys(LOCALES, SHORT_LABEL)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The codes that a definition may name."""

    sources: frozenset[str]
    holders: frozenset[str]
    actions: Mapping[str, Action]
    alerts: frozenset[str]
    documents: frozenset[str]


def check(definition: Definition, known: Known) -> tuple[Fault, ...]:
    """All that is wrong with ``definition``; empty when it may be published."""
    return (
        *_words("label", definition.label),
        *_head(definition),
        *_papers(definition, known.documents),
        *(fault for state in definition.states.values() for fault in _state(state, known)),
        *(fault for t in definition.transitions for fault in _transition(t, definition, known)),
        *_table(definition.transitions),
        *_timeouts(definition),
        *_walk(definition),
        *_history(definition),
    )


def check_actions(actions: Mapping[str, Action]) -> tuple[Fault, ...]:
    """All that is wrong with the action list."""
    return tuple(
        fault
        for action in actions.values()
        for fault in _words(within(action.code, "label"), action.label)
    )


def check_documents(documents: Mapping[str, DocumentKind]) -> tuple[Fault, ...]:
    """All that is wrong with the list of documents."""
    return tuple(
        fault
        for document in documents.values()
        for fault in _words(within(document.code, "label"), document.label)
    )


def check_agencies(
    agencies: Mapping[str, Agency], holders: Mapping[str, Localised]
) -> tuple[Fault, ...]:
    """All that is wrong with the agencies and the other holders."""
    return (*_agencies(agencies), *_holders(agencies, holders))


def _agencies(agencies: Mapping[str, Agency]) -> Iterator[Fault]:
    for agency in agencies.values():
        place = f"agencies.{agency.code}"
        yield from _words(within(place, "label"), agency.label)
        yield from _words(within(place, "short"), agency.short, _SHORT_AGENCY)
        if agency.source in RESERVED_SOURCES:
            yield Fault(place=within(place, "source"), sentence=f"no agency is {agency.source}")
    senders = Counter(agency.source for agency in agencies.values())
    for source, count in senders.items():
        if count > 1:
            yield Fault(place="agencies", sentence=f"{count} agencies send as {source}")


def _holders(agencies: Mapping[str, Agency], holders: Mapping[str, Localised]) -> Iterator[Fault]:
    for code, label in holders.items():
        yield from _words(f"holders.{code}.label", label)
        if code in agencies:
            yield Fault(place=f"holders.{code}", sentence="is an agency already")


def _words(
    place: str, words: Localised, limits: Mapping[Locale, int] | None = None
) -> Iterator[Fault]:
    for locale in LOCALES:
        text = words.in_(locale)
        if not text.strip():
            yield Fault(place=within(place, locale), sentence="is missing")
        elif limits and len(text) > limits[locale]:
            sentence = f"{text!r} has {len(text)} characters, {limits[locale]} are allowed"
            yield Fault(place=within(place, locale), sentence=sentence)


def _head(definition: Definition) -> Iterator[Fault]:
    if definition.version < 1:
        yield Fault(place="version", sentence="counts from 1")
    if definition.start not in definition.states:
        yield Fault(place="start", sentence=f"no state {definition.start}")
    for event in definition.opened_by:
        opening = definition.transition(definition.start, event)
        if opening is None:
            sentence = f"{event} is not legal from {definition.start}"
            yield Fault(place="opened_by", sentence=sentence)
        elif OPERATOR in opening.by:
            sentence = f"{event} is the company's own act, it opens nothing from outside"
            yield Fault(place="opened_by", sentence=sentence)


def _papers(definition: Definition, documents: frozenset[str]) -> Iterator[Fault]:
    for code in definition.documents:
        if code not in documents:
            yield Fault(place="documents", sentence=f"no document {code}")


def _state(state: State, known: Known) -> Iterator[Fault]:
    place = f"states.{state.code}"
    yield from _words(within(place, "label"), state.label)
    yield from _words(within(place, "short"), state.short, _SHORT_STATE)
    yield from _ending(state, place)
    if state.holder is not None and state.holder not in known.holders:
        sentence = f"{state.holder} is neither a role nor an agency"
        yield Fault(place=within(place, "holder"), sentence=sentence)
    yield from _advice(place, state, known.actions)
    for reminder in state.reminders:
        if reminder.alert not in known.alerts:
            yield Fault(place=within(place, "reminders"), sentence=f"no alert {reminder.alert}")


def _ending(state: State, place: str) -> Iterator[Fault]:
    if state.final and state.outcome is None:
        yield Fault(place=place, sentence="is final without an outcome")
    if state.final and state.holder is not None:
        yield Fault(place=within(place, "holder"), sentence="nobody holds what is over")
    if not state.final and state.outcome is not None:
        yield Fault(place=within(place, "outcome"), sentence="only a final state has one")
    if not state.final and state.holder is None:
        yield Fault(place=within(place, "holder"), sentence="is missing")


def _advice(place: str, state: State, actions: Mapping[str, Action]) -> Iterator[Fault]:
    if not state.action:
        yield Fault(place=within(place, "action"), sentence="is missing")
    for key, code, prohibition in (
        ("action", state.action, False),
        ("warning", state.warning, True),
    ):
        if not code:
            continue
        action = actions.get(code)
        if action is None:
            yield Fault(place=within(place, key), sentence=f"no action {code}")
        elif action.prohibition is not prohibition:
            sentence = "is no prohibition" if prohibition else "is a prohibition: a warning"
            yield Fault(place=within(place, key), sentence=f"{code} {sentence}")


def _transition(t: Transition, definition: Definition, known: Known) -> Iterator[Fault]:
    place = _place(t)
    if t.from_ not in definition.states:
        yield Fault(place=place, sentence=f"leaves {t.from_}, which is no state")
    elif definition.states[t.from_].final:
        yield Fault(place=place, sentence=f"leaves {t.from_}, which is final")
    if t.to != PREVIOUS and t.to not in definition.states:
        yield Fault(place=place, sentence=f"leads to {t.to}, which is no state")
    if t.alert is not None and t.alert not in known.alerts:
        yield Fault(place=place, sentence=f"no alert {t.alert}")
    yield from _authority(t, place, known.sources)


def _authority(t: Transition, place: str, sources: Collection[str]) -> Iterator[Fault]:
    if not t.by:
        yield Fault(place=place, sentence="says not by whom: nobody has the authority")
    for source in t.by:
        if source not in RESERVED_SOURCES and source not in sources:
            yield Fault(place=place, sentence=f"no source {source}")
    if OPERATOR in t.by and len(t.by) > 1:
        yield Fault(place=place, sentence="is the company's own act: no agency may send it")
    if (t.approval or t.second_factor) and OPERATOR not in t.by:
        sentence = "asks an agency for an approval or a second factor"
        yield Fault(place=place, sentence=sentence)


def _table(transitions: Iterable[Transition]) -> Iterator[Fault]:
    """One way out of a state for each event, and one alert for each event, whatever the state."""
    ways: Counter[str] = Counter()
    alerts: dict[str, set[str | None]] = defaultdict(set)
    for t in transitions:
        ways[_place(t)] += 1
        alerts[t.event].add(t.alert)
    for place, count in ways.items():
        if count > 1:
            yield Fault(place=place, sentence=f"is written {count} times")
    for event, codes in alerts.items():
        if len(codes) > 1:
            named = ", ".join(sorted(code or "none" for code in codes))
            yield Fault(place=event, sentence=f"one event, several alerts: {named}")


def _timeouts(definition: Definition) -> Iterator[Fault]:
    """What the clock may bring, some state's timeout brings, and the other way round."""
    for code, state in definition.states.items():
        if state.timeout is None:
            continue
        brought = definition.transition(code, state.timeout.event)
        if brought is None or CLOCK not in brought.by:
            sentence = f"{CLOCK} may not bring {state.timeout.event} from here"
            yield Fault(place=f"states.{code}.timeout", sentence=sentence)
    for t in definition.transitions:
        timeout = definition.states[t.from_].timeout if t.from_ in definition.states else None
        if CLOCK in t.by and (timeout is None or timeout.event != t.event):
            yield Fault(place=_place(t), sentence=f"{CLOCK} brings only what a timeout names")


def _walk(definition: Definition) -> Iterator[Fault]:
    """Every state can be reached from the start, and can reach an end."""
    onward: dict[str, set[str]] = defaultdict(set)
    backward: dict[str, set[str]] = defaultdict(set)
    for t in definition.transitions:
        targets = _came_from(definition, t.from_) if t.to == PREVIOUS else {t.to}
        for target in targets:
            onward[t.from_].add(target)
            backward[target].add(t.from_)
    reached = _spread({definition.start}, onward)
    ending = _spread({s.code for s in definition.states.values() if s.final}, backward)
    for code in definition.states:
        if code not in reached:
            yield Fault(place=f"states.{code}", sentence="cannot be reached from the start")
        if code not in ending:
            yield Fault(place=f"states.{code}", sentence="can never come to an end")


def _spread(seeds: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(seeds)
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting.extend(edges.get(code, ()))
    return found


def _history(definition: Definition) -> Iterator[Fault]:
    """`PREVIOUS` must mean one state: the one that was left to come here."""
    returning = {t.from_ for t in definition.transitions if t.to == PREVIOUS}
    for t in definition.transitions:
        if t.to != PREVIOUS:
            continue
        origins = _came_from(definition, t.from_)
        if t.from_ == definition.start:
            yield Fault(place=_place(t), sentence="nothing comes before the start")
        elif not origins:
            yield Fault(place=_place(t), sentence=f"no state leads to {t.from_}")
        for origin in sorted(origins & returning):
            sentence = f"{origin} leads here and itself returns: the way back is not one state"
            yield Fault(place=_place(t), sentence=sentence)


def _came_from(definition: Definition, code: str) -> set[str]:
    return {t.from_ for t in definition.transitions if t.to == code and t.from_ != code}


def _place(t: Transition) -> str:
    return f"{t.from_}.{t.event}"
