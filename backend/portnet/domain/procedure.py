"""One run of a catalogue definition: its state is the fold over the messages it accepted.

Nothing here knows where messages come from or how late they are: `fold` puts them in the order in which they
happened, replays them through the definition, and says of each what became of it. Tens of messages: correctness first.
"""

from __future__ import annotations

import enum
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

import msgspec

from portnet.domain.agency import AgencyEvent, Classifier, Place, Reason
from portnet.domain.catalogue import OPERATOR, PREVIOUS, Definition, Transition

#: The outcome of a company's act that its agency's system refused.
REJECTED = "REJECTED"


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """An act of the company's own that is under way: ``event`` counts once its agency's system has taken it.

    ``outgoing`` is the message that carries it, ``by`` the user who asked for it.
    """

    event: str
    outgoing: str
    by: str
    at: datetime


class Procedure(msgspec.Struct, frozen=True, kw_only=True):
    """A procedure of a dossier, in the definition's version it started with.

    ``identity`` is the normalised reference that names it to its agency (a DUM, an ONSSA file number); ``due_at``,
    ``reasons`` and ``place`` are what the last step said; ``requested`` is an act of the company's own under way;
    ``version`` grows with every visible change. ``taken_by`` is the name of who said "I am on it" of the present step.
    """

    id: str
    dossier: str
    code: str
    definition: int
    identity: str
    state: str
    entered_at: datetime
    opened_at: datetime
    updated_at: datetime
    previous: str | None = None
    due_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    place: Place | None = None
    requested: Requested | None = None
    version: int = 1
    taken_by: str | None = None
    taken_at: datetime | None = None


class Refusal(enum.StrEnum):
    """Why a message did not move the procedure."""

    UNKNOWN_EVENT = "UNKNOWN_EVENT"
    NOT_THAT_SOURCE = "NOT_THAT_SOURCE"
    ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
    ALREADY_FINAL = "ALREADY_FINAL"
    #: A company's own act that its agency's system did not take.
    REJECTED = "REJECTED"


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """``message`` is a legal step from ``from_state`` to ``to_state``; ``alert`` is what the catalogue hangs on it.

    ``returns`` when it goes back to the state that was left last.
    """

    message: AgencyEvent
    from_state: str
    to_state: str
    alert: str | None
    returns: bool = False


class Estimated(msgspec.Struct, frozen=True, kw_only=True):
    """``message`` speaks of what is planned or expected: times may move, the state does not."""

    message: AgencyEvent


Decision = Moved | Estimated | Refusal


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a procedure stands at one point of the fold, and what the step that brought it there said.

    ``previous_due_at`` is the deadline of the state that was left last: it holds again when that state returns.
    """

    state: str
    entered_at: datetime
    previous: str | None = None
    previous_due_at: datetime | None = None
    due_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    place: Place | None = None


class EntryKind(enum.StrEnum):
    """What became of a message, as the timeline shows it."""

    APPLIED = "APPLIED"
    LATE = "LATE"
    ESTIMATE = "ESTIMATE"
    NOT_APPLIED = "NOT_APPLIED"
    #: A note of our own clock: it takes no part in the fold.
    INTERNAL = "INTERNAL"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One message on one procedure's timeline, and what the fold made of it.

    ``refusal`` says why it is NOT_APPLIED; ``alert`` the alert that it deserves by the catalogue;
    ``alerted`` that this alert went out once: it never goes out again.
    """

    id: str
    procedure: str
    dossier: str
    message: AgencyEvent
    kind: EntryKind
    from_state: str | None = None
    to_state: str | None = None
    refusal: Refusal | None = None
    alert: str | None = None
    alerted: bool = False

    @property
    def moved(self) -> bool:
        """Whether the message took part in reaching the present state."""
        return self.kind in (EntryKind.APPLIED, EntryKind.LATE)


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a replay: where the procedure stands, and every entry in the order in which it happened."""

    standing: Standing
    entries: tuple[Entry, ...]


def decide(definition: Definition, standing: Standing, message: AgencyEvent) -> Decision:
    """What ``message`` means for a procedure that stands at ``standing``."""
    if message.event not in definition.events():
        return Refusal.UNKNOWN_EVENT
    if not may_send(definition, message.source, message.event):
        return Refusal.NOT_THAT_SOURCE
    if message.classifier is not Classifier.ACT:
        return Estimated(message=message)
    if message.source == OPERATOR and message.outcome == REJECTED:
        return Refusal.REJECTED
    if definition.state(standing.state).final:
        return Refusal.ALREADY_FINAL
    transition = definition.transition(standing.state, message.event)
    if transition is None:
        return Refusal.ILLEGAL_TRANSITION
    if message.source not in transition.by:
        return Refusal.NOT_THAT_SOURCE
    target = _target(transition, standing)
    if target is None:
        return Refusal.ILLEGAL_TRANSITION
    return Moved(
        message=message,
        from_state=standing.state,
        to_state=target,
        alert=transition.alert,
        returns=transition.to == PREVIOUS,
    )


def evolve(standing: Standing, moved: Moved) -> Standing:
    """Where the procedure stands after ``moved``. A step that stays in its state does not restart its clock."""
    message = moved.message
    if moved.to_state == standing.state:
        return msgspec.structs.replace(
            standing,
            due_at=message.due_at or standing.due_at,
            reasons=message.reasons or standing.reasons,
            place=message.place or standing.place,
        )
    return Standing(
        state=moved.to_state,
        entered_at=message.occurred_at,
        previous=standing.state,
        previous_due_at=standing.due_at,
        due_at=message.due_at or (standing.previous_due_at if moved.returns else None),
        reasons=message.reasons,
        place=message.place or standing.place,
    )


def may_send(definition: Definition, source: str, event: str) -> bool:
    """Whether any transition of the definition lets ``source`` send ``event``."""
    return any(t.event == event and source in t.by for t in definition.transitions)


def fold(definition: Definition, opened_at: datetime, entries: Iterable[Entry]) -> Fold:
    """Replay ``entries`` from the definition's start, in the order in which they happened."""
    standing = Standing(state=definition.start, entered_at=opened_at)
    folded: list[Entry] = []
    for entry in in_order(entries):
        if entry.kind is EntryKind.INTERNAL:
            folded.append(entry)
            continue
        decision = decide(definition, standing, entry.message)
        if isinstance(decision, Moved):
            standing = evolve(standing, decision)
        folded.append(_judge(entry, decision))
    return Fold(standing=standing, entries=_mark_late(folded))


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By (``occurred_at``, receipt); then each source's numbered messages by ``seq`` among their own places."""
    by_time = sorted(entries, key=lambda e: (e.message.occurred_at, *_receipt(e)))
    numbered: dict[str, list[Entry]] = defaultdict(list)
    for entry in by_time:
        if entry.message.seq is not None:
            numbered[entry.message.source].append(entry)
    queues = {
        source: deque(sorted(own, key=lambda e: (e.message.seq or 0, *_receipt(e))))
        for source, own in numbered.items()
    }
    return [
        entry if entry.message.seq is None else queues[entry.message.source].popleft()
        for entry in by_time
    ]


def _receipt(entry: Entry) -> tuple[datetime, str]:
    return entry.message.received_at, entry.message.receipt


def _target(transition: Transition, standing: Standing) -> str | None:
    return standing.previous if transition.to == PREVIOUS else transition.to


def _judge(entry: Entry, decision: Decision) -> Entry:
    match decision:
        case Moved():
            return msgspec.structs.replace(
                entry,
                kind=EntryKind.APPLIED,
                from_state=decision.from_state,
                to_state=decision.to_state,
                refusal=None,
                alert=decision.alert,
            )
        case Estimated():
            return _standing_still(entry, EntryKind.ESTIMATE, None)
        case Refusal():
            return _standing_still(entry, EntryKind.NOT_APPLIED, decision)
        case _:
            assert_never(decision)


def _standing_still(entry: Entry, kind: EntryKind, refusal: Refusal | None) -> Entry:
    return msgspec.structs.replace(
        entry, kind=kind, from_state=None, to_state=None, refusal=refusal, alert=None
    )


def _mark_late(folded: Sequence[Entry]) -> tuple[Entry, ...]:
    """A step is late when one that happened after it had been received before it."""
    marked: list[Entry] = []
    earliest_after: tuple[datetime, str] | None = None
    for entry in reversed(folded):
        if entry.kind is EntryKind.APPLIED:
            received = _receipt(entry)
            if earliest_after is None or received < earliest_after:
                earliest_after = received
                marked.append(entry)
            else:
                marked.append(msgspec.structs.replace(entry, kind=EntryKind.LATE))
        else:
            marked.append(entry)
    return tuple(reversed(marked))
