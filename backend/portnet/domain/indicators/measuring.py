"""What one dossier adds to the indicators, out of its whole history: pure, so that it can be counted again at any time.

A late or retracted message changes the measures like any other: they are made anew and replace those counted before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from portnet.domain.agency import AgencyEvent, Place
from portnet.domain.business_hours import add, worked
from portnet.domain.catalogue import Catalogue, State
from portnet.domain.dossier import Dossier
from portnet.domain.indicators.definition import (
    OPENED,
    Circuits,
    FirstPass,
    Indicator,
    OnTime,
    Rated,
    Spans,
    Stays,
    Told,
    matches,
)
from portnet.domain.indicators.months import month_of
from portnet.domain.procedure import Entry, EntryKind, Procedure, fold

#: What customs choose, by their event; a visit that is ordered later makes any circuit red.
CIRCUITS: Mapping[str, str] = {
    "channel_green": "GREEN",
    "channel_orange": "ORANGE",
    "channel_red": "RED",
}
ESCALATED = "escalate_visit"
#: The envelope's events are about the procedure that comes out of it.
_ENVELOPE = "ENVELOPE"


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What one person thought of a finished dossier, 1 to 5."""

    score: int
    at: datetime


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a dossier's measures are made of; ``entries`` in any order."""

    dossier: Dossier
    procedures: tuple[Procedure, ...]
    entries: tuple[Entry, ...]
    ratings: tuple[Rating, ...] = ()


class Measure(msgspec.Struct, frozen=True, array_like=True):
    """One value of one indicator, in the local month in which it was complete.

    ``value`` is milliseconds, or 1 and 0 for a share; ``business`` the same in business hours. The rest are what it
    may be grouped by; ``step`` is `step_key`, of agencies' steps alone.
    """

    indicator: str
    month: int
    value: int
    business: int | None = None
    agency: str | None = None
    office: str | None = None
    circuit: str | None = None
    chapter: str | None = None
    step: str | None = None


class OpenStep(msgspec.Struct, frozen=True, kw_only=True):
    """An agency has a procedure and should have moved it by ``due_at``; late from then on, in that local month."""

    procedure: str
    dossier: str
    agency: str
    office: str | None
    circuit: str | None
    chapter: str | None
    month: int
    due_at: datetime


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    made: tuple[Measure, ...]
    open: tuple[OpenStep, ...]


def office_of(place: Place | None) -> str | None:
    """The office that a place names: the customs' own number first."""
    return None if place is None else place.bureau or place.unlocode or place.facility


def step_key(code: str, state: str, agency: str, office: str | None) -> str:
    """What is alike enough for one expectation: the same step of the same office."""
    return f"{code}:{state}:{agency}:{office or ''}"


def milliseconds(span: timedelta) -> int:
    """Whole milliseconds, never negative: two systems' clocks may disagree."""
    return max(span // timedelta(milliseconds=1), 0)


def measure(catalogue: Catalogue, indicators: Sequence[Indicator], history: History) -> Measures:
    """What ``history`` adds to ``indicators``, and which of its steps are open."""
    file = _File(catalogue, history)
    made = [found for indicator in indicators for found in _made(file, indicator)]
    return Measures(made=tuple(made), open=tuple(_open_steps(file)))


class _Stay:
    """One stay in one state; still going on while ``left_at`` is None.

    ``timed``: both ends were said, not inferred; else nobody knows how long it was.
    """

    __slots__ = ("code", "entered_at", "left_at", "left_by", "name", "state", "timed")

    def __init__(
        self, code: str, state: State, entered_at: datetime, *, timed: bool = True
    ) -> None:
        self.timed = timed
        self.code = code
        self.state = state
        self.name = f"{code}.{state.code}"
        self.entered_at = entered_at
        self.left_at: datetime | None = None
        self.left_by = ""


class _Happening:
    """One step as an event: its name with its procedure's code, when, and the message behind it."""

    __slots__ = ("at", "message", "name")

    def __init__(self, name: str, at: datetime, message: AgencyEvent | None) -> None:
        self.name = name
        self.at = at
        self.message = message


class _Run:
    """One procedure as what happened and where it stayed."""

    def __init__(
        self, catalogue: Catalogue, procedure: Procedure, entries: Sequence[Entry]
    ) -> None:
        definition = catalogue.definition(procedure.code, procedure.definition)
        agency = catalogue.agency_of(definition)
        self.procedure = procedure
        self.agency = None if agency is None else agency.code
        self.happened = [_Happening(f"{procedure.code}.{OPENED}", procedure.opened_at, None)]
        self.stays = [
            _Stay(procedure.code, definition.state(definition.start), procedure.opened_at)
        ]
        self.office: str | None = None
        self.first_circuit: str | None = None
        self.last_circuit: str | None = None
        for entry in fold(definition, procedure.opened_at, entries).entries:
            if entry.to_state is not None:
                inferred = entry.kind is EntryKind.INFERRED
                self._move(entry.message, definition.state(entry.to_state), inferred)

    def _move(self, message: AgencyEvent, state: State, inferred: bool) -> None:
        name, at = f"{message.code}.{message.event}", message.occurred_at
        if not inferred:
            self.happened.append(_Happening(name, at, message))
        self.office = self.office or office_of(message.place)
        circuit = CIRCUITS.get(message.event, "RED" if message.event == ESCALATED else None)
        self.first_circuit = self.first_circuit or circuit
        self.last_circuit = circuit or self.last_circuit
        staying = self.stays[-1]
        if staying.state.code != state.code:
            staying.left_at, staying.left_by = at, name
            staying.timed = staying.timed and not inferred
            self.stays.append(_Stay(self.procedure.code, state, at, timed=not inferred))


class _File:
    """A dossier as its runs, and what all of them are grouped by where they do not say it themselves."""

    def __init__(self, catalogue: Catalogue, history: History) -> None:
        of: dict[str, list[Entry]] = {procedure.id: [] for procedure in history.procedures}
        for entry in history.entries:
            of[entry.procedure].append(entry)
        self.history = history
        self.agencies = catalogue.agencies
        self.runs = [_Run(catalogue, p, of[p.id]) for p in history.procedures]
        self.happened = sorted(
            (happening for run in self.runs for happening in run.happened), key=lambda h: h.at
        )
        self.office = _first(run.office for run in self.runs)
        self.circuit = _first(run.first_circuit for run in self.runs)
        self.chapter = _first(_chapters(self.happened))

    def office_in(self, run: _Run | None) -> str | None:
        return (run.office if run else None) or self.office

    def circuit_in(self, run: _Run | None) -> str | None:
        return (run.first_circuit if run else None) or self.circuit

    def measured(
        self,
        indicator: Indicator,
        at: datetime,
        value: int,
        run: _Run | None = None,
        *,
        business: int | None = None,
        agency: str | None = None,
        circuit: str | None = None,
        step: str | None = None,
    ) -> Measure:
        return Measure(
            indicator.code,
            month_of(at),
            value,
            business if indicator.business else None,
            agency or indicator.agency or (run.agency if run else None),
            self.office_in(run),
            circuit or self.circuit_in(run),
            self.chapter,
            step,
        )


def _made(file: _File, indicator: Indicator) -> Iterator[Measure]:
    match indicator.measure:
        case Stays() as stays:
            return _stays(file, indicator, stays)
        case OnTime():
            return _on_time(file, indicator)
        case Spans() as spans:
            return _spans(file, indicator, spans)
        case FirstPass() as first_pass:
            return _first_pass(file, indicator, first_pass)
        case Circuits() as circuits:
            return _circuits(file, indicator, circuits)
        case Rated() as rated:
            return _rated(file, indicator, rated)
        case Told():
            # Counted as each delivery is settled: it never changes again.
            return iter(())
        case _ as unreachable:
            assert_never(unreachable)


def _stays(file: _File, indicator: Indicator, stays: Stays) -> Iterator[Measure]:
    for run, stay, left_at in _left(file):
        if stays.agencies and stay.state.holder not in file.agencies:
            continue
        if not matches(stays.states, stay.name) or not matches(stays.left_by, stay.left_by):
            continue
        agency = stay.state.holder if stays.agencies else None
        office = file.office_in(run)
        yield file.measured(
            indicator,
            left_at,
            milliseconds(left_at - stay.entered_at),
            run,
            business=milliseconds(worked(stay.entered_at, left_at)),
            agency=agency,
            step=step_key(stay.code, stay.state.code, agency, office) if agency else None,
        )


def _on_time(file: _File, indicator: Indicator) -> Iterator[Measure]:
    for run, stay, left_at in _left(file):
        target = stay.state.target
        if target is not None and stay.state.holder in file.agencies:
            hit = int(left_at <= add(target, stay.entered_at))
            yield file.measured(indicator, left_at, hit, run, agency=stay.state.holder)


def _left(file: _File) -> Iterator[tuple[_Run, _Stay, datetime]]:
    """Stays that are over. A file that began elsewhere was never in its first state: its first message ends it."""
    for run in file.runs:
        opened_at = run.procedure.opened_at
        for number, stay in enumerate(run.stays):
            known = stay.timed and (number or stay.left_at != opened_at)
            if stay.left_at is not None and known:
                yield run, stay, stay.left_at


def _spans(file: _File, indicator: Indicator, spans: Spans) -> Iterator[Measure]:
    match spans.per:
        case "PROCEDURE":
            for run in file.runs:
                yield from _span(file, indicator, spans, run.happened, run, run.stays)
        case "DOSSIER":
            yield from _span(file, indicator, spans, file.happened)
        case "CONTAINER":
            for container in sorted({c for h in file.happened for c in _containers(h)}):
                own = [h for h in file.happened if container in _containers(h)]
                yield from _span(file, indicator, spans, own)
        case _ as unreachable:
            assert_never(unreachable)


def _span(
    file: _File,
    indicator: Indicator,
    spans: Spans,
    happened: Sequence[_Happening],
    run: _Run | None = None,
    stays: Sequence[_Stay] = (),
) -> Iterator[Measure]:
    began = next((n for n, h in enumerate(happened) if matches(spans.from_, h.name)), None)
    if began is None:
        return
    after = range(began + 1, len(happened))
    ended = next((n for n in after if matches(spans.to, happened[n].name)), None)
    if ended is None:
        return
    before = [h.name for h in happened[: ended + 1]]
    if spans.with_ and not any(matches(spans.with_, name) for name in before):
        return
    if any(matches(spans.without, name) for name in before):
        return
    start, end = happened[began].at, happened[ended].at
    stood = [
        (max(stay.entered_at, start), min(stay.left_at or end, end))
        for stay in stays
        if matches(spans.stops, stay.name)
    ]
    clock = (end - start) - sum((max(b - a, timedelta(0)) for a, b in stood), timedelta(0))
    business = worked(start, end) - sum((worked(a, b) for a, b in stood), timedelta(0))
    yield file.measured(indicator, end, milliseconds(clock), run, business=milliseconds(business))


def _first_pass(file: _File, indicator: Indicator, wanted: FirstPass) -> Iterator[Measure]:
    for run in file.runs:
        decided = next((h for h in run.happened if matches(wanted.decided, h.name)), None)
        if decided is None:
            continue
        envelope = (h for h in file.happened if h.name.startswith(f"{_ENVELOPE}."))
        spoiled = any(
            h.at <= decided.at and matches(wanted.spoiled_by, h.name)
            for h in (*run.happened, *envelope)
        )
        yield file.measured(indicator, decided.at, int(not spoiled), run)


def _circuits(file: _File, indicator: Indicator, wanted: Circuits) -> Iterator[Measure]:
    for run in file.runs:
        circuit = run.first_circuit if wanted.which == "FIRST" else run.last_circuit
        if circuit is None:
            continue
        chosen = next(h for h in run.happened if _chooses(h))
        yield file.measured(indicator, chosen.at, 1, run, circuit=circuit)


def _rated(file: _File, indicator: Indicator, rated: Rated) -> Iterator[Measure]:
    for rating in file.history.ratings:
        yield file.measured(indicator, rating.at, int(rating.score >= rated.least))


def _open_steps(file: _File) -> Iterator[OpenStep]:
    for run in file.runs:
        stay = run.stays[-1]
        target, holder = stay.state.target, stay.state.holder
        if target is None or holder is None or holder not in file.agencies:
            continue
        due_at = add(target, stay.entered_at)
        yield OpenStep(
            procedure=run.procedure.id,
            dossier=file.history.dossier.id,
            agency=holder,
            office=file.office_in(run),
            circuit=file.circuit_in(run),
            chapter=file.chapter,
            month=month_of(due_at),
            due_at=due_at,
        )


def _chooses(happening: _Happening) -> bool:
    event = happening.name.rpartition(".")[2]
    return event in CIRCUITS or event == ESCALATED


def _containers(happening: _Happening) -> frozenset[str]:
    refs = happening.message.refs if happening.message else ()
    return frozenset(ref.value for ref in refs if ref.scheme == "CONTAINER")


def _chapters(happened: Iterable[_Happening]) -> Iterator[str | None]:
    for happening in happened:
        for item in happening.message.items if happening.message else ():
            yield item.hs[:2] if item.hs else None


def _first(found: Iterable[str | None]) -> str | None:
    return next((each for each in found if each is not None), None)
