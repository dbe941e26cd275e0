"""Reads the catalogue's TOML: definitions, fragments, actions, agencies and holders.

It takes texts, never paths. Whatever has the right shape is read, so that `catalogue_check` can go
on and name the rest of the faults in the same breath.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from portnet.domain.authored import Fault, FaultyFile, read_table, read_toml, within
from portnet.domain.business_hours import Span, parse_span
from portnet.domain.catalogue import (
    OUR_SIDE,
    Action,
    Agency,
    Definition,
    Direction,
    Outcome,
    Phase,
    State,
    Status,
    Timeout,
    Transition,
)
from portnet.domain.localised import Localised

#: A duration that only an appointment ends.
SLOT = "slot"
_INCLUDE = re.compile(r"([A-Z0-9_]+)(?:\.v([0-9]{1,4}))?")
_NOTHING = Localised(fr="", ar="", en="")


class Fragment(msgspec.Struct, frozen=True, kw_only=True):
    """States and transitions that several definitions share; complete only inside one of them."""

    code: str
    version: int
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]


class _Words(msgspec.Struct):
    # A missing language is a fault of meaning, named by the check: the text is read as empty.
    fr: str = ""
    ar: str = ""
    en: str = ""


class _FragmentTable(msgspec.Struct, kw_only=True):
    code: str
    version: int
    fragment: bool = True
    states: dict[str, object] = {}
    transitions: list[object] = []


class _DefinitionTable(msgspec.Struct, kw_only=True):
    code: str
    version: int
    start: str
    identity: str
    direction: Direction
    phase: Phase
    opened_by: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    label: object = None
    states: dict[str, object] = {}
    transitions: list[object] = []


class _StateTable(msgspec.Struct, kw_only=True):
    label: object = None
    short: object = None
    holder: str | None = None
    status: Status | None = None
    action: str = ""
    warning: str | None = None
    target: str | None = None
    alarm: str | None = None
    timeout: object = None
    final: bool = False
    outcome: Outcome | None = None


class _TimeoutTable(msgspec.Struct, kw_only=True):
    after: str
    event: str
    from_due: bool = False


class _TransitionTable(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    from_: str
    event: str
    to: str
    by: tuple[str, ...] = ()
    alert: str | None = None
    approval: bool = False
    second_factor: bool = False


class _ActionTable(msgspec.Struct, kw_only=True):
    label: object = None
    prohibition: bool = False


class _AgencyTable(msgspec.Struct, kw_only=True):
    source: str
    label: object = None
    short: object = None


class _HolderTable(msgspec.Struct, kw_only=True):
    label: object = None


class _AgenciesFile(msgspec.Struct, kw_only=True):
    agencies: dict[str, object] = {}
    holders: dict[str, object] = {}


def parse_definition(text: str, fragments: Mapping[str, Fragment]) -> Definition:
    """The definition in ``text``; ``fragments`` are keyed ``CODE.v1``. Meaning is not checked.

    Raises:
        FaultyFile: it has not the shape of a definition.
    """
    faults: list[Fault] = []
    definition = read_definition(text, fragments, faults)
    if definition is None or faults:
        raise FaultyFile(faults)
    return definition


def is_fragment(text: str) -> bool:
    """Whether ``text`` calls itself a fragment: ``fragment = true``."""
    return read_toml(text, []).get("fragment") is True


def fragment_key(code: str, version: int) -> str:
    return f"{code}.v{version}"


def read_definition(
    text: str, fragments: Mapping[str, Fragment], faults: list[Fault]
) -> Definition | None:
    """As much of a definition as has the right shape; None when not even its head has."""
    head = read_table(_DefinitionTable, read_toml(text, faults), "", faults)
    if head is None:
        return None
    included = _included(head.include, fragments, faults)
    states = _states(head.states, faults)
    for fragment in included:
        for code in sorted(states.keys() & fragment.states.keys()):
            place = f"states.{code}"
            faults.append(Fault(place=place, sentence=f"{fragment.code} brings this state already"))
        states = {**fragment.states, **states}
    return Definition(
        code=head.code,
        version=head.version,
        label=_words(head.label, "label", faults),
        start=head.start,
        opened_by=head.opened_by,
        identity=head.identity,
        direction=head.direction,
        phase=head.phase,
        states=states,
        transitions=(
            *(transition for fragment in included for transition in fragment.transitions),
            *_transitions(head.transitions, faults),
        ),
    )


def read_fragment(text: str, faults: list[Fault]) -> Fragment | None:
    head = read_table(_FragmentTable, read_toml(text, faults), "", faults)
    if head is None:
        return None
    return Fragment(
        code=head.code,
        version=head.version,
        states=_states(head.states, faults),
        transitions=tuple(_transitions(head.transitions, faults)),
    )


def read_actions(text: str, faults: list[Fault]) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for code, table in read_toml(text, faults).items():
        if read := read_table(_ActionTable, table, code, faults):
            label = _words(read.label, within(code, "label"), faults)
            actions[code] = Action(code=code, label=label, prohibition=read.prohibition)
    return actions


def read_agencies(text: str, faults: list[Fault]) -> tuple[dict[str, Agency], dict[str, Localised]]:
    """Agencies by code, and the labels of the other holders by theirs."""
    file = read_table(_AgenciesFile, read_toml(text, faults), "", faults) or _AgenciesFile()
    agencies: dict[str, Agency] = {}
    for code, table in file.agencies.items():
        place = f"agencies.{code}"
        if read := read_table(_AgencyTable, table, place, faults):
            agencies[code] = Agency(
                code=code,
                source=read.source,
                label=_words(read.label, within(place, "label"), faults),
                short=_words(read.short, within(place, "short"), faults),
            )
    holders: dict[str, Localised] = {}
    for code, table in file.holders.items():
        place = f"holders.{code}"
        if holder := read_table(_HolderTable, table, place, faults):
            holders[code] = _words(holder.label, within(place, "label"), faults)
    return agencies, holders


def _included(
    names: tuple[str, ...], fragments: Mapping[str, Fragment], faults: list[Fault]
) -> list[Fragment]:
    """The fragments named; one without a version means the first, so that files keep their
    meaning."""
    found: list[Fragment] = []
    for name in names:
        match = _INCLUDE.fullmatch(name)
        key = fragment_key(match[1], int(match[2] or 1)) if match else name
        if key in fragments:
            found.append(fragments[key])
        else:
            faults.append(Fault(place="include", sentence=f"no fragment {key}"))
    return found


def _states(tables: Mapping[str, object], faults: list[Fault]) -> dict[str, State]:
    states: dict[str, State] = {}
    for code, table in tables.items():
        place = f"states.{code}"
        read = read_table(_StateTable, table, place, faults) or _StateTable()
        states[code] = State(
            code=code,
            label=_words(read.label, within(place, "label"), faults),
            short=_words(read.short, within(place, "short"), faults),
            holder=read.holder,
            status=read.status or _usual_status(read),
            action=read.action,
            warning=read.warning,
            target=_span(read.target, within(place, "target"), faults),
            alarm=_span(read.alarm, within(place, "alarm"), faults),
            timeout=_timeout(read.timeout, within(place, "timeout"), faults),
            final=read.final,
            outcome=read.outcome,
        )
    return states


def _timeout(table: object, place: str, faults: list[Fault]) -> Timeout | None:
    read = None if table is None else read_table(_TimeoutTable, table, place, faults)
    if read is None:
        return None
    after = _length(read.after, within(place, "after"), faults)
    if after is None:
        return None
    return Timeout(after=after, event=read.event, from_due=read.from_due)


def _usual_status(state: _StateTable) -> Status:
    """What a state means where its file does not say; BLOCKED is always said."""
    if state.final:
        return Status.DONE
    return Status.ACTION_REQUIRED if state.holder in OUR_SIDE else Status.WAITING_AGENCY


def _transitions(tables: list[object], faults: list[Fault]) -> list[Transition]:
    read = (
        read_table(_TransitionTable, table, f"transitions[{number}]", faults)
        for number, table in enumerate(tables, start=1)
    )
    return [Transition(**msgspec.structs.asdict(table)) for table in read if table is not None]


def _words(table: object, place: str, faults: list[Fault]) -> Localised:
    words = None if table is None else read_table(_Words, table, place, faults)
    return Localised(fr=words.fr, ar=words.ar, en=words.en) if words else _NOTHING


def _span(text: str | None, place: str, faults: list[Fault]) -> Span | None:
    return None if text is None or text == SLOT else _length(text, place, faults)


def _length(text: str, place: str, faults: list[Fault]) -> Span | None:
    try:
        return parse_span(text)
    except ValueError as error:
        faults.append(Fault(place=place, sentence=str(error)))
        return None
