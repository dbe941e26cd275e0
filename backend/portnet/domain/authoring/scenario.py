"""Scripted agencies: a story of messages, with delays and waits, as people write it in a TOML file.

It is data only: who signs, posts and waits is the player's business, and whether an agency may say
what a step says is the server's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar, assert_never, cast

import msgspec

from portnet.domain.agency import Amount, Classifier, Place, Reason
from portnet.domain.authoring.authored import Fault, FaultyFile, read_table, read_toml, within
from portnet.domain.business_hours import parse_span
from portnet.domain.identifiers import check_ice
from portnet.domain.localised import Localised

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_EVENT = re.compile(r"[A-Z][A-Z0-9_]*\.[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_COMPANY = re.compile(r"company:[a-z][a-z0-9_-]*")
_LOCAL_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_PARTY_ROLES: Final = ("OPERATOR", "BROKER", "AGENT")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One message: ``after`` the step before it, ``source`` says ``event`` of ``refs``.

    Times are simulated; ``event`` is CODE.event; ``refs`` are names out of the scenario's own;
    ``due_in`` counts from the moment of the message. A message that ``retracts`` takes back the step
    of that ``name``. ``only_after`` and ``unless`` name the act of a wait: the step is told only if
    that was done, or only if it was not.

    Three faults of the wire: ``twice``, the same message comes again; ``early``, it comes before the
    step before it; ``delay``, it comes that long after it happened.
    """

    after: timedelta
    source: str
    event: str
    refs: tuple[str, ...]
    name: str | None = None
    retracts: str | None = None
    only_after: str | None = None
    unless: str | None = None
    twice: bool = False
    early: bool = False
    delay: timedelta = timedelta(0)
    reasons: tuple[Reason, ...] = ()
    due_in: timedelta | None = None
    place: Place | None = None
    amounts: tuple[Amount, ...] = ()
    classifier: Classifier = Classifier.ACT


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """The story stops until a person in role ``by`` does ``act``: CODE.event, or an action's code.

    When ``within`` has passed, it goes on with the message ``otherwise`` (CODE.event), or just goes
    on where there is none. ``within`` None waits for ever. See `Step` for ``only_after``, ``unless``.
    """

    by: str
    act: str
    only_after: str | None = None
    unless: str | None = None
    after: timedelta = timedelta(0)
    within: timedelta | None = None
    otherwise: str | None = None


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """From ``after`` the step before it, nothing of ``source`` comes through; ``lasts`` later all does."""

    after: timedelta
    source: str
    lasts: timedelta


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole story. ``parties`` maps roles to ``company:<name>`` or to an ICE; ``refs`` maps names
    to schemes.

    Values for the references are made for each run. ``starts_at`` is the local time of the first
    step, None for any.
    """

    code: str
    title: Localised
    parties: Mapping[str, str]
    refs: Mapping[str, str]
    steps: tuple[Step | Wait | Outage, ...]
    starts_at: time | None = None


def told(step: Step | Wait | Outage, done: Collection[str]) -> bool:
    """Whether the story has this step when the acts ``done`` were done."""
    match step:
        case Outage():
            return True
        case Step() | Wait():
            needed = step.only_after is None or step.only_after in done
            return needed and (step.unless is None or step.unless not in done)
        case _:
            assert_never(step)


class _ScenarioTable(msgspec.Struct, kw_only=True):
    code: str
    title: Localised
    parties: dict[str, str]
    refs: dict[str, str]
    steps: list[object]
    starts_at: str | None = None


class _StepTable(msgspec.Struct, kw_only=True):
    source: str
    event: str
    refs: tuple[str, ...]
    after: str = "0s"
    name: str | None = None
    retracts: str | None = None
    only_after: str | None = None
    unless: str | None = None
    twice: bool = False
    early: bool = False
    delay: str = "0s"
    reasons: list[object] = []
    due_in: str | None = None
    place: object = None
    amounts: list[object] = []
    classifier: Classifier = Classifier.ACT


class _WaitStepTable(msgspec.Struct, kw_only=True):
    wait_for: object
    after: str = "0s"
    only_after: str | None = None
    unless: str | None = None


class _OutageStepTable(msgspec.Struct, kw_only=True):
    outage: object
    after: str = "0s"


class _OutageTable(msgspec.Struct, kw_only=True):
    source: str
    lasts: str


class _WaitTable(msgspec.Struct, kw_only=True, rename={"otherwise": "else"}):
    by: str
    act: str
    within: str | None = None
    otherwise: str | None = None


def parse_scenario(text: str) -> Scenario:
    """The story in ``text``.

    Raises:
        FaultyFile: names every fault with its step and key.
    """
    faults: list[Fault] = []
    tables = read_toml(text, faults)
    scenario = None if faults else _scenario(tables, faults)
    if scenario is None or faults:
        raise FaultyFile(faults)
    return scenario


def _scenario(tables: dict[str, object], faults: list[Fault]) -> Scenario | None:
    head = read_table(_ScenarioTable, tables, "", faults)
    if head is None:
        _steps(tables.get("steps"), None, faults)
        return None
    faults += _check_head(head)
    return Scenario(
        code=head.code,
        title=head.title,
        parties=head.parties,
        refs=head.refs,
        steps=_steps(head.steps, head.refs, faults),
        starts_at=_read(_local_time, head.starts_at, "starts_at", faults),
    )


def _check_head(head: _ScenarioTable) -> Iterable[Fault]:
    if not head.steps:
        yield Fault(place="steps", sentence="nothing happens in this story")
    if "OPERATOR" not in head.parties:
        yield Fault(place="parties.OPERATOR", sentence="is missing: whose file is it?")
    for role, company in head.parties.items():
        if role not in _PARTY_ROLES:
            sentence = f"unknown role; known: {', '.join(_PARTY_ROLES)}"
            yield Fault(place=f"parties.{role}", sentence=sentence)
        if not _COMPANY.fullmatch(company) and not check_ice(company):
            sentence = f"{company!r} is neither company:<name> nor a valid ICE"
            yield Fault(place=f"parties.{role}", sentence=sentence)
    for name, scheme in head.refs.items():
        if not _CODE.fullmatch(scheme):
            sentence = f"{scheme!r} is no scheme; write one like DUM or ONSSA_FILE"
            yield Fault(place=f"refs.{name}", sentence=sentence)


def _steps(
    tables: object, names: Mapping[str, str] | None, faults: list[Fault]
) -> tuple[Step | Wait | Outage, ...]:
    """The steps in order. ``names`` None when the references themselves could not be read."""
    if not isinstance(tables, list):
        return ()
    read: list[Step | Wait | Outage | None] = []
    for number, table in enumerate(cast("list[object]", tables), start=1):
        place = f"steps[{number}]"
        if _has(table, "wait_for"):
            read.append(_wait(table, place, faults))
        elif _has(table, "outage"):
            read.append(_outage(table, place, faults))
        else:
            read.append(_step(table, place, names, faults))
    steps = tuple(step for step in read if step is not None)
    if not faults:
        faults += _check_ties(steps)
    return steps


def _has(table: object, key: str) -> bool:
    return isinstance(table, dict) and key in table


def _check_ties(steps: Sequence[Step | Wait | Outage]) -> Iterable[Fault]:
    """What one step says of another: the other must be there, and come first."""
    names: set[str] = set()
    acts: set[str] = set()
    for number, step in enumerate(steps, start=1):
        place = f"steps[{number}]"
        if isinstance(step, Outage):
            continue
        for key, act in (("only_after", step.only_after), ("unless", step.unless)):
            if act is not None and act not in acts:
                yield Fault(place=within(place, key), sentence=f"no wait before it is for {act!r}")
        if isinstance(step, Wait):
            acts.add(step.act)
            continue
        if step.retracts is not None and step.retracts not in names:
            sentence = f"no step before it has the name {step.retracts!r}"
            yield Fault(place=within(place, "retracts"), sentence=sentence)
        if step.early and (number == 1 or not isinstance(steps[number - 2], Step)):
            sentence = "there is no message right before it to overtake"
            yield Fault(place=within(place, "early"), sentence=sentence)
        if step.name is not None:
            if step.name in names:
                yield Fault(place=within(place, "name"), sentence=f"{step.name!r} is taken")
            names.add(step.name)


def _step(
    table: object, place: str, names: Mapping[str, str] | None, faults: list[Fault]
) -> Step | None:
    step = read_table(_StepTable, table, place, faults)
    if step is None:
        return None
    faults += _check_step(step, place, names)
    return Step(
        after=_read(_duration, step.after, within(place, "after"), faults) or timedelta(0),
        source=step.source,
        event=step.event,
        refs=step.refs,
        name=step.name,
        retracts=step.retracts,
        only_after=step.only_after,
        unless=step.unless,
        twice=step.twice,
        early=step.early,
        delay=_read(_duration, step.delay, within(place, "delay"), faults) or timedelta(0),
        reasons=_rows(Reason, step.reasons, within(place, "reasons"), faults),
        due_in=_read(_duration, step.due_in, within(place, "due_in"), faults),
        place=_place(step.place, within(place, "place"), faults),
        amounts=_amounts(step.amounts, within(place, "amounts"), faults),
        classifier=step.classifier,
    )


def _check_step(step: _StepTable, place: str, names: Mapping[str, str] | None) -> Iterable[Fault]:
    if not _CODE.fullmatch(step.source):
        sentence = f"{step.source!r} is no source; write one like BADR or ONSSA"
        yield Fault(place=within(place, "source"), sentence=sentence)
    if not _EVENT.fullmatch(step.event):
        yield Fault(place=within(place, "event"), sentence=_no_event(step.event))
    if step.name is not None and not _NAME.fullmatch(step.name):
        sentence = f"{step.name!r} is no name; write one like first_hold"
        yield Fault(place=within(place, "name"), sentence=sentence)
    if not step.refs:
        sentence = "a message needs at least one reference"
        yield Fault(place=within(place, "refs"), sentence=sentence)
    for name in step.refs:
        if names is not None and name not in names:
            sentence = f"{name!r} is not among the scenario's refs: {', '.join(names)}"
            yield Fault(place=within(place, "refs"), sentence=sentence)


def _wait(table: object, place: str, faults: list[Fault]) -> Wait | None:
    step = read_table(_WaitStepTable, table, place, faults)
    if step is None:
        return None
    place_of_wait = within(place, "wait_for")
    wait = read_table(_WaitTable, step.wait_for, place_of_wait, faults)
    if wait is None:
        return None
    if wait.otherwise is not None and not _EVENT.fullmatch(wait.otherwise):
        sentence = _no_event(wait.otherwise)
        faults.append(Fault(place=within(place_of_wait, "else"), sentence=sentence))
    if wait.otherwise is not None and wait.within is None:
        sentence = "is missing: else needs to know when"
        faults.append(Fault(place=within(place_of_wait, "within"), sentence=sentence))
    return Wait(
        by=wait.by,
        act=wait.act,
        only_after=step.only_after,
        unless=step.unless,
        after=_read(_duration, step.after, within(place, "after"), faults) or timedelta(0),
        within=_read(_duration, wait.within, within(place_of_wait, "within"), faults),
        otherwise=wait.otherwise,
    )


def _outage(table: object, place: str, faults: list[Fault]) -> Outage | None:
    step = read_table(_OutageStepTable, table, place, faults)
    if step is None:
        return None
    place_of_outage = within(place, "outage")
    outage = read_table(_OutageTable, step.outage, place_of_outage, faults)
    if outage is None:
        return None
    if not _CODE.fullmatch(outage.source):
        sentence = f"{outage.source!r} is no source; write one like BADR or ONSSA"
        faults.append(Fault(place=within(place_of_outage, "source"), sentence=sentence))
    lasts = _read(_duration, outage.lasts, within(place_of_outage, "lasts"), faults)
    return Outage(
        after=_read(_duration, step.after, within(place, "after"), faults) or timedelta(0),
        source=outage.source,
        lasts=lasts or timedelta(0),
    )


def _amounts(tables: list[object], place: str, faults: list[Fault]) -> tuple[Amount, ...]:
    amounts = _rows(Amount, tables, place, faults)
    for number, amount in enumerate(amounts, start=1):
        if not _is_decimal(amount.value):
            sentence = f'{amount.value!r} is no amount; write one like "12500.00"'
            faults.append(Fault(place=f"{place}[{number}].value", sentence=sentence))
    return amounts


def _place(table: object, place: str, faults: list[Fault]) -> Place | None:
    return None if table is None else read_table(Place, table, place, faults)


def _rows(shape: type[S], tables: list[object], place: str, faults: list[Fault]) -> tuple[S, ...]:
    rows = (
        read_table(shape, table, f"{place}[{number}]", faults)
        for number, table in enumerate(tables, start=1)
    )
    return tuple(row for row in rows if row is not None)


def _read(
    reader: Callable[[str], T], text: str | None, place: str, faults: list[Fault]
) -> T | None:
    if text is None:
        return None
    try:
        return reader(text)
    except ValueError as error:
        faults.append(Fault(place=place, sentence=str(error)))
        return None


def _duration(text: str) -> timedelta:
    span = parse_span(text)
    if span.business:
        raise ValueError(f"{text!r} counts business hours; a story runs on the clock: write 8h")
    return span.length


def _local_time(text: str) -> time:
    match = _LOCAL_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time of day; write one like 08:50")
    return time(int(match[1]), int(match[2]))


def _is_decimal(text: str) -> bool:
    try:
        return text.isascii() and Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _no_event(text: str) -> str:
    return f"{text!r} is no event; write CODE.event, like ONSSA_IMPORT.hold"
