"""Reads the catalogue's TOML: definitions and the fragments that they share.

It takes texts, never paths. Whatever has the right shape is read, so that `catalogue_check` can go
on and name the rest of the faults in the same breath.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from portnet.domain.authoring.authored import Fault, FaultyFile, read_table, read_toml, within
from portnet.domain.authoring.catalogue_lists import read_words
from portnet.domain.business_hours import Span, parse_span
from portnet.domain.catalogue import (
    OUR_SIDE,
    Definition,
    Direction,
    Outcome,
    Phase,
    Reminder,
    State,
    Status,
    Timeout,
    Transition,
)

#: A duration that only an appointment ends.
SLOT = "slot"
_INCLUDE = re.compile(r"([A-Z0-9_]+)(?:\.v([0-9]{1,4}))?")


class Fragment(msgspec.Struct, frozen=True, kw_only=True):
    """States and transitions that several definitions share; complete only inside one of them."""

    code: str
    version: int
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]


#: What a definition may include. A fragment is taken as it is. A whole definition is a family's
#: model: its head and its states hold for the kind that includes it, wherever that says nothing else.
Part = Fragment | Definition


class _FragmentTable(msgspec.Struct, kw_only=True):
    code: str
    version: int
    fragment: bool = True
    states: dict[str, object] = {}
    transitions: list[object] = []


class _DefinitionTable(msgspec.Struct, kw_only=True):
    code: str
    version: int
    start: str | None = None
    identity: str | None = None
    direction: Direction | None = None
    phase: Phase | None = None
    opened_by: tuple[str, ...] | None = None
    documents: tuple[str, ...] | None = None
    before_arrival: str | None = None
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
    due: str | None = None
    timeout: object = None
    reminders: list[object] = []
    final: bool = False
    outcome: Outcome | None = None


class _TimeoutTable(msgspec.Struct, kw_only=True):
    after: str
    event: str
    from_due: bool = False


class _ReminderTable(msgspec.Struct, kw_only=True):
    before: str | list[str]
    alert: str


class _TransitionTable(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    from_: str
    event: str
    to: str
    by: tuple[str, ...] = ()
    alert: str | None = None
    approval: bool = False
    second_factor: bool = False


def parse_definition(text: str, parts: Mapping[str, Part]) -> Definition:
    """The definition in ``text``; ``parts`` are keyed ``CODE.v1``. Meaning is not checked.

    Raises:
        FaultyFile: it has not the shape of a definition.
    """
    faults: list[Fault] = []
    definition = read_definition(read_toml(text, faults), parts, faults)
    if definition is None or faults:
        raise FaultyFile(faults)
    return definition


def is_fragment(tables: Mapping[str, object]) -> bool:
    """Whether a file calls itself a fragment: ``fragment = true``."""
    return tables.get("fragment") is True


def part_key(code: str, version: int) -> str:
    return f"{code}.v{version}"


def included_keys(tables: Mapping[str, object]) -> frozenset[str]:
    """The parts that a definition names, as keys; empty where it names them in no readable way."""
    head = read_table(_DefinitionTable, tables, "", [])
    return frozenset(_key(name) for name in head.include) if head else frozenset()


def read_definition(
    tables: Mapping[str, object], parts: Mapping[str, Part], faults: list[Fault]
) -> Definition | None:
    """As much of a definition as has the right shape; None when not even its head has."""
    head = read_table(_DefinitionTable, tables, "", faults)
    if head is None:
        return None
    included = _included(head.include, parts, faults)
    model = next((part for part in included if isinstance(part, Definition)), None)
    head = _inheriting(head, model)
    if not head.start or not head.identity or not head.direction or not head.phase:
        faults += _missing(head)
        return None
    usual = model.before_arrival if model else None
    return Definition(
        code=head.code,
        version=head.version,
        label=read_words(head.label, "label", faults),
        start=head.start,
        opened_by=head.opened_by or (),
        identity=head.identity,
        direction=head.direction,
        phase=head.phase,
        states=_all_states(head.states, included, faults),
        transitions=_all_transitions(head.transitions, included, faults),
        documents=head.documents or (),
        before_arrival=_deadline(head.before_arrival, "before_arrival", faults) or usual,
    )


def read_fragment(tables: Mapping[str, object], faults: list[Fault]) -> Fragment | None:
    head = read_table(_FragmentTable, tables, "", faults)
    if head is None:
        return None
    return Fragment(
        code=head.code,
        version=head.version,
        states=_states(head.states, {}, faults),
        transitions=tuple(_transitions(head.transitions, faults)),
    )


def _inheriting(head: _DefinitionTable, model: Definition | None) -> _DefinitionTable:
    """The head, with its family's for what it leaves out; its label is always its own."""
    if model is None:
        return head
    return msgspec.structs.replace(
        head,
        start=head.start or model.start,
        identity=head.identity or model.identity,
        direction=head.direction or model.direction,
        phase=head.phase or model.phase,
        opened_by=model.opened_by if head.opened_by is None else head.opened_by,
        documents=model.documents if head.documents is None else head.documents,
    )


def _missing(head: _DefinitionTable) -> list[Fault]:
    keys = ("start", "identity", "direction", "phase")
    return [Fault(place=key, sentence="is missing") for key in keys if not getattr(head, key)]


def _key(name: str) -> str:
    """One without a version means the first, so that files keep their meaning."""
    match = _INCLUDE.fullmatch(name)
    return part_key(match[1], int(match[2] or 1)) if match else name


def _included(names: Sequence[str], parts: Mapping[str, Part], faults: list[Fault]) -> list[Part]:
    for name in names:
        if _key(name) not in parts:
            sentence = f"no fragment or definition {_key(name)}"
            faults.append(Fault(place="include", sentence=sentence))
    return [parts[_key(name)] for name in names if _key(name) in parts]


def _all_states(
    tables: Mapping[str, object], included: Sequence[Part], faults: list[Fault]
) -> dict[str, State]:
    brought: dict[str, State] = {}
    for part in included:
        if isinstance(part, Fragment):
            for code in sorted(tables.keys() & part.states.keys()):
                sentence = f"{part.code} brings this state already"
                faults.append(Fault(place=f"states.{code}", sentence=sentence))
        brought |= part.states
    return brought | _states(tables, brought, faults)


def _all_transitions(
    tables: list[object], included: Sequence[Part], faults: list[Fault]
) -> tuple[Transition, ...]:
    """A kind's own transition stands in the place of its family's for that state and event."""
    own = _transitions(tables, faults)
    said = {(t.from_, t.event) for t in own}
    brought = [
        t
        for part in included
        for t in part.transitions
        if isinstance(part, Fragment) or (t.from_, t.event) not in said
    ]
    return (*brought, *own)


def _states(
    tables: Mapping[str, object], brought: Mapping[str, State], faults: list[Fault]
) -> dict[str, State]:
    return {code: _state(code, table, brought.get(code), faults) for code, table in tables.items()}


def _state(code: str, table: object, brought: State | None, faults: list[Fault]) -> State:
    """The state of a table; what it leaves out is as in the state ``brought`` by a family."""
    place = f"states.{code}"
    read = read_table(_StateTable, table, place, faults) or _StateTable()
    state = State(
        code=code,
        label=read_words(read.label, within(place, "label"), faults),
        short=read_words(read.short, within(place, "short"), faults),
        holder=read.holder,
        status=read.status or _usual_status(read),
        action=read.action,
        warning=read.warning,
        target=_span(read.target, within(place, "target"), faults),
        alarm=_span(read.alarm, within(place, "alarm"), faults),
        due=_deadline(read.due, within(place, "due"), faults),
        timeout=_timeout(read.timeout, within(place, "timeout"), faults),
        reminders=_reminders(read.reminders, place, faults),
        final=read.final,
        outcome=read.outcome,
    )
    if brought is None or not isinstance(table, Mapping):
        return state
    keys = cast("Mapping[str, object]", table).keys() & set(state.__struct_fields__)
    written = {key: getattr(state, key) for key in sorted(keys)}
    return msgspec.structs.replace(brought, **written)


def _timeout(table: object, place: str, faults: list[Fault]) -> Timeout | None:
    read = None if table is None else read_table(_TimeoutTable, table, place, faults)
    if read is None:
        return None
    after = _length(read.after, within(place, "after"), faults)
    if after is None:
        return None
    return Timeout(after=after, event=read.event, from_due=read.from_due)


def _reminders(tables: list[object], place: str, faults: list[Fault]) -> tuple[Reminder, ...]:
    """One for each length of time: a table may name several."""
    reminders: list[Reminder] = []
    for number, table in enumerate(tables, start=1):
        here = within(place, f"reminders[{number}]")
        if read := read_table(_ReminderTable, table, here, faults):
            texts = [read.before] if isinstance(read.before, str) else read.before
            lengths = [_length(text, within(here, "before"), faults) for text in texts]
            reminders += [Reminder(before=b, alert=read.alert) for b in lengths if b is not None]
    return tuple(reminders)


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


def _span(text: str | None, place: str, faults: list[Fault]) -> Span | None:
    return None if text is None or text == SLOT else _length(text, place, faults)


def _deadline(text: str | None, place: str, faults: list[Fault]) -> Span | None:
    if text == SLOT:
        faults.append(Fault(place=place, sentence="a deadline is a length of time"))
    return _span(text, place, faults)


def _length(text: str, place: str, faults: list[Fault]) -> Span | None:
    try:
        return parse_span(text)
    except ValueError as error:
        faults.append(Fault(place=place, sentence=str(error)))
        return None
