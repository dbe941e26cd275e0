"""Procedures as data: their states, who may move them where, and what people should do meanwhile.

A definition never changes once published: instances are looked up by code *and* version. Nothing
here reads a file; `catalogue_file` makes definitions out of TOML, `catalogue_check` says what is
wrong with one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Literal

import msgspec

from portnet.domain.business_hours import Span, add
from portnet.domain.localised import Localised

__all__ = [
    "CLOCK",
    "OPERATOR",
    "OUR_SIDE",
    "PREVIOUS",
    "RESERVED_SOURCES",
    "SHORT_LABEL",
    "SILENT_AFTER",
    "Action",
    "Agency",
    "Catalogue",
    "Definition",
    "Direction",
    "DocumentKind",
    "Outcome",
    "Phase",
    "Reminder",
    "Span",
    "State",
    "Status",
    "Timeout",
    "Transition",
]

Direction = Literal["IMPORT", "EXPORT", "TRANSIT", "PORT_CALL"]
Phase = Literal["PORT_CALL", "CLEARANCE", "FOREIGN_EXCHANGE"]

#: Stands in ``Transition.by`` for the company itself: no agency may send such an event.
OPERATOR = "OPERATOR"
#: Stands in ``Transition.by`` for our own clock: what only the passing of time brings.
CLOCK = "CLOCK"
#: Sources that no agency may have: what they say never comes over a wire.
RESERVED_SOURCES = frozenset({OPERATOR, CLOCK})
#: A transition to this pseudo-state returns to the state that was left last (a history state).
PREVIOUS = "@previous"
#: Holders who are people of the company or work for it: what they hold waits for an action of ours.
OUR_SIDE = frozenset(
    {"DECLARANT", "BROKER", "MANAGER", "FINANCE", "LOGISTICS", "ADMINISTRATOR", "AGENT"}
)
#: How long an agency may say nothing before that is told: three working days, unless its file says
#: otherwise.
SILENT_AFTER = Span(seconds=24 * 3600, business=True)
#: Characters that a state's short label may have: what an SMS leaves it.
SHORT_LABEL = 14


class Status(enum.StrEnum):
    BLOCKED = "BLOCKED"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    WAITING_AGENCY = "WAITING_AGENCY"
    DONE = "DONE"


class Outcome(enum.StrEnum):
    """How a final state ends the procedure; a FAILURE is never shown as a success."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCELLED = "CANCELLED"


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """Our clock brings ``event`` once ``after`` has passed since the state was entered, or since its
    deadline when ``from_due``: then only where a deadline is known.
    """

    after: Span
    event: str
    from_due: bool = False


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """``alert`` goes out ``before`` the state's deadline, while the state lasts and it is known."""

    before: Span
    alert: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """``holder`` is who has the file: a role, an agency's code or another holder of the catalogue;
    None when final.

    ``action`` and ``warning`` are codes of the action list, the latter a prohibition. ``target``
    and ``alarm`` count from entering the state; None where only an appointment or a deadline in a
    message says when. ``timeout`` is what our clock does with a state that lasts;
    ``due`` is the deadline, counted from entering the state, where no message says one;
    ``reminders`` count back from the deadline, wherever that comes from.
    """

    code: str
    label: Localised
    short: Localised
    holder: str | None
    status: Status
    action: str
    warning: str | None = None
    target: Span | None = None
    alarm: Span | None = None
    due: Span | None = None
    timeout: Timeout | None = None
    reminders: tuple[Reminder, ...] = ()
    final: bool = False
    outcome: Outcome | None = None

    def deadline(self, entered_at: datetime, said: datetime | None) -> datetime | None:
        """The deadline that a message ``said``, else the usual one; None where there is none.

        Both instants are aware UTC.
        """
        if said is not None or self.due is None:
            return said
        return add(self.due, entered_at)


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """``event`` moves the procedure from ``from_`` to ``to`` (a state or `PREVIOUS`) when one of
    ``by`` says it.

    ``by`` holds source codes, or `OPERATOR` alone for the company's own acts; only these may need a
    manager's ``approval`` or a ``second_factor``. `CLOCK` may stand there, alone or beside sources,
    for the event of the state's timeout. ``alert`` is the code of the alert that hangs on
    the event.
    """

    from_: str
    event: str
    to: str
    by: tuple[str, ...]
    alert: str | None = None
    approval: bool = False
    second_factor: bool = False


class Definition(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One version of a procedure.

    ``opened_by`` are the events that may open an instance from outside; ``identity`` is the scheme
    of the reference that names one instance. ``documents`` are the papers of the file;
    ``before_arrival`` says how long before the ship's expected arrival it is to be filed. Its
    mappings are never changed.
    """

    code: str
    version: int
    label: Localised
    start: str
    opened_by: tuple[str, ...]
    identity: str
    direction: Direction
    phase: Phase
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    documents: tuple[str, ...] = ()
    before_arrival: Span | None = None

    def transition(self, state: str, event: str) -> Transition | None:
        return self._by_state_and_event.get((state, event))

    def alert_of(self, event: str) -> str | None:
        """The alert that hangs on ``event``, wherever it happens."""
        return next((t.alert for t in self.transitions if t.event == event and t.alert), None)

    def events(self) -> frozenset[str]:
        return self._events

    def state(self, code: str) -> State:
        """Raises KeyError for a state of another definition or version."""
        return self.states[code]

    # Messages are folded again and again: both look-ups are made once for each definition.
    @cached_property
    def _by_state_and_event(self) -> Mapping[tuple[str, str], Transition]:
        return {(t.from_, t.event): t for t in self.transitions}

    @cached_property
    def _events(self) -> frozenset[str]:
        return frozenset(t.event for t in self.transitions)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence that says what to do now or, when a ``prohibition``, what not to do."""

    code: str
    label: Localised
    prohibition: bool = False


class DocumentKind(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that procedures ask for; ``edifact`` is its UN/EDIFACT 1001 code, where it has one."""

    code: str
    label: Localised
    edifact: str | None = None


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """A body that keeps its own system; ``source`` is the code under which this system sends.

    ``short`` fits the alerts: 8 characters, 7 in Arabic. One that was not heard of for longer than
    ``silent_after`` is silent.
    """

    code: str
    source: str
    label: Localised
    short: Localised
    silent_after: Span = SILENT_AFTER


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Every published definition, and the words that they share.

    ``definitions`` are keyed by (code, version), ``actions``, ``agencies`` and ``documents`` by
    code; ``holders`` are the labels of those who hold files without being an agency: roles, handlers.
    """

    definitions: Mapping[tuple[str, int], Definition]
    actions: Mapping[str, Action]
    agencies: Mapping[str, Agency]
    holders: Mapping[str, Localised]
    documents: Mapping[str, DocumentKind] = {}

    def definition(self, code: str, version: int) -> Definition:
        """The version that an instance started with. Raises KeyError for an unpublished one."""
        return self.definitions[code, version]

    def latest(self, code: str) -> Definition | None:
        """The version that new instances start with; None for an unknown code."""
        version = max((v for c, v in self.definitions if c == code), default=None)
        return None if version is None else self.definitions[code, version]

    def agency_of_source(self, source: str) -> Agency | None:
        return self._by_source.get(source)

    def agency_of(self, definition: Definition) -> Agency | None:
        """The agency that opens the procedure: whose file it is."""
        for event in definition.opened_by:
            opening = definition.transition(definition.start, event)
            for source in opening.by if opening else ():
                if agency := self.agency_of_source(source):
                    return agency
        return None

    def holder_label(self, code: str) -> Localised:
        """Who ``code`` is: an agency or another holder. Raises KeyError for neither."""
        agency = self.agencies.get(code)
        return self.holders[code] if agency is None else agency.label

    @cached_property
    def _by_source(self) -> Mapping[str, Agency]:
        return {agency.source: agency for agency in self.agencies.values()}
