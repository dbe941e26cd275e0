"""One run of a catalogue definition: its state is the fold over the messages it accepted.

Nothing here knows where messages come from or how late they are: `fold` puts them in the order in which they
happened, replays them through the definition, and says of each what became of it. Tens of messages: correctness first.
"""

from __future__ import annotations

import enum
from base64 import b32encode
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import assert_never

import msgspec

from portnet.domain.agency import AgencyEvent, Amount, Classifier, Place, Reason
from portnet.domain.amending import Amended, amended, retracts
from portnet.domain.catalogue import OPERATOR, PREVIOUS, Definition, Transition
from portnet.domain.inferring import skipped
from portnet.domain.paying.obligation import PAYMENT, START, Obligation, obligation_of

#: Between inferred steps, so that a timeline shows them in their order.
_INSTANT = timedelta(microseconds=1)
#: From the alphabet of base 32 to that of ULIDs.
_ULID_ALPHABET = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

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
    ``reasons`` and ``place`` are what the last step said; ``expected_at`` is when, by an agency's estimate or plan, the
    state will be left; ``requested`` is an act of the company's own under way. ``version`` grows with every visible
    change. ``taken_by`` is the name of who said "I am on it" of the present step. ``amounts`` are the last that were
    stated; ``obligation`` is what a payment is owed for.
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
    expected_at: datetime | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    amounts: tuple[Amount, ...] = ()
    obligation: Obligation | None = None

    @property
    def ordering(self) -> bool:
        """Whether an order to pay it is under way."""
        return self.requested is not None and self.requested.event == START


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
    amounts: tuple[Amount, ...] = ()


class EntryKind(enum.StrEnum):
    """What became of a message, as the timeline shows it.

    RETRACTED and CORRECTED are messages that their own source took back or replaced. INFERRED is no message: a step
    that its source must have taken.
    """

    APPLIED = "APPLIED"
    INFERRED = "INFERRED"
    LATE = "LATE"
    ESTIMATE = "ESTIMATE"
    NOT_APPLIED = "NOT_APPLIED"
    CORRECTED = "CORRECTED"
    RETRACTED = "RETRACTED"
    #: A note of our own clock: it takes no part in the fold.
    INTERNAL = "INTERNAL"


class Caution(enum.StrEnum):
    """What is worth a look although the message was applied: it is the agency's decision."""

    CERTIFICATE_NOT_RECOGNISED = "CERTIFICATE_NOT_RECOGNISED"
    CONTROL_NOT_REQUESTED = "CONTROL_NOT_REQUESTED"
    MRN_UNKNOWN = "MRN_UNKNOWN"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One message on one procedure's timeline, and what the fold made of it.

    ``refusal`` says why it is NOT_APPLIED; ``alert`` the alert that it deserves by the catalogue;
    ``alerted`` that this alert went out once: it never goes out again. An APPLIED one without states takes another
    message back.
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
    warnings: tuple[Caution, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether the message is in force: a step, or a retraction."""
        return self.kind in (EntryKind.APPLIED, EntryKind.LATE)

    @property
    def moved(self) -> bool:
        """Whether it took part in reaching the present state."""
        return self.to_state is not None


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a replay: where the procedure stands, and when that is expected to change.

    ``entries`` are what may be a step, in the order in which it happened, then what is none.
    """

    standing: Standing
    entries: tuple[Entry, ...]
    expected_at: datetime | None = None
    obligation: Obligation | None = None


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
            amounts=message.amounts or standing.amounts,
        )
    return Standing(
        state=moved.to_state,
        entered_at=message.occurred_at,
        previous=standing.state,
        previous_due_at=standing.due_at,
        due_at=message.due_at or (standing.previous_due_at if moved.returns else None),
        reasons=message.reasons,
        place=message.place or standing.place,
        amounts=message.amounts or standing.amounts,
    )


def may_send(definition: Definition, source: str, event: str) -> bool:
    """Whether any transition of the definition lets ``source`` send ``event``."""
    return any(t.event == event and source in t.by for t in definition.transitions)


def fold(definition: Definition, opened_at: datetime, entries: Iterable[Entry]) -> Fold:
    """Replay the messages among ``entries`` from the definition's start, in the order in which they happened."""
    said = {e.id: e for e in entries if e.kind is not EntryKind.INFERRED}
    amends = amended({key: entry.message for key, entry in said.items()})
    places = {key: said[first] for key, first in amends.places.items()}
    standing = Standing(state=definition.start, entered_at=opened_at)
    folded: list[Entry] = []
    for entry in in_order((e for e in said.values() if _may_move(e, amends)), places):
        for step in _steps(definition, standing, entry):
            decision = decide(definition, standing, step.message)
            if isinstance(decision, Moved):
                standing = evolve(standing, decision)
            folded.append(_judge(step, decision))
    still = [_unmoved(definition, e, amends) for e in said.values() if not _may_move(e, amends)]
    return Fold(
        standing=standing,
        entries=(*_mark_late(folded, places), *still),
        expected_at=_expected(definition, standing, folded, still),
        obligation=_obligation(definition, folded),
    )


def in_order(entries: Iterable[Entry], places: Mapping[str, Entry] | None = None) -> list[Entry]:
    """By (``occurred_at``, receipt); then each source's numbered messages by ``seq`` among their own places.

    ``places``: a correction has the receipt and the ``seq`` of the entry that it stands for.
    """
    stood_for = places or {}

    def place(entry: Entry) -> Entry:
        return stood_for.get(entry.id, entry)

    by_time = sorted(
        entries, key=lambda e: (e.message.occurred_at, *_receipt(place(e)), *_receipt(e))
    )
    numbered: dict[str, list[Entry]] = defaultdict(list)
    for entry in by_time:
        if place(entry).message.seq is not None:
            numbered[entry.message.source].append(entry)
    if not numbered:
        return by_time
    queues = {
        source: deque(sorted(own, key=lambda e: (place(e).message.seq or 0, *_receipt(place(e)))))
        for source, own in numbered.items()
    }
    return [
        entry if place(entry).message.seq is None else queues[entry.message.source].popleft()
        for entry in by_time
    ]


def _may_move(entry: Entry, amends: Amended) -> bool:
    message = entry.message
    void = entry.id in amends.retracted or entry.id in amends.corrected
    if entry.kind is EntryKind.INTERNAL:
        return False
    return message.classifier is Classifier.ACT and not void and not retracts(message)


def _unmoved(definition: Definition, entry: Entry, amends: Amended) -> Entry:
    """What is no step: our clock's note, an estimate, a message that was taken back or replaced, or takes one back."""
    if entry.kind is EntryKind.INTERNAL:
        return entry
    if entry.id in amends.retracted:
        return _standing_still(entry, EntryKind.RETRACTED, None)
    if entry.id in amends.corrected:
        return _standing_still(entry, EntryKind.CORRECTED, None)
    if retracts(entry.message):
        return _standing_still(entry, EntryKind.APPLIED, None)
    start = Standing(state=definition.start, entered_at=entry.message.occurred_at)
    return _judge(entry, decide(definition, start, entry.message))


def _steps(definition: Definition, standing: Standing, entry: Entry) -> Iterator[Entry]:
    """``entry``, and before it the steps of its source that must have led to it."""
    message = entry.message
    if definition.transition(standing.state, message.event) is None:
        path = skipped(definition, standing.state, message.source, message.event)
        for number, step in enumerate(path):
            # Just before the message, in their order: when they happened is not known.
            at = message.occurred_at - (len(path) - number) * _INSTANT
            yield Entry(
                id=_inferred_id(entry, number, step),
                procedure=entry.procedure,
                dossier=entry.dossier,
                message=AgencyEvent(
                    receipt=message.receipt,
                    source=message.source,
                    event_id=message.event_id,
                    code=message.code,
                    event=step.event,
                    occurred_at=at,
                    received_at=message.received_at,
                    refs=message.refs,
                    sandbox=message.sandbox,
                ),
                kind=EntryKind.INFERRED,
            )
    yield entry


def _inferred_id(entry: Entry, number: int, step: Transition) -> str:
    """The same for the same step before the same message; as long as an id, and made at the same time."""
    digest = blake2b(f"{entry.id}/{number}/{step.event}".encode(), digest_size=10).digest()
    return entry.id[:10] + b32encode(digest).decode().translate(_ULID_ALPHABET)


def _expected(
    definition: Definition, standing: Standing, steps: Sequence[Entry], others: Sequence[Entry]
) -> datetime | None:
    """The earliest instant that was announced for an event which may move the procedure now."""
    estimates = [
        entry
        for entry in others
        if entry.kind is EntryKind.ESTIMATE and entry.message.classifier is not Classifier.REQ
    ]
    if not estimates:
        return None
    happened = {e.message.event: _receipt(e) for e in steps if e.counts}
    announced: dict[str, Entry] = {}
    for entry in sorted(estimates, key=_receipt):
        event = entry.message.event
        if event not in happened or happened[event] < _receipt(entry):
            announced[event] = entry
    legal = (e for e in announced if definition.transition(standing.state, e) is not None)
    return min((announced[event].message.occurred_at for event in legal), default=None)


def _obligation(definition: Definition, steps: Sequence[Entry]) -> Obligation | None:
    if definition.code != PAYMENT:
        return None
    return obligation_of(entry.message for entry in steps if entry.counts)


def _receipt(entry: Entry) -> tuple[datetime, str]:
    return entry.message.received_at, entry.message.receipt


def _target(transition: Transition, standing: Standing) -> str | None:
    return standing.previous if transition.to == PREVIOUS else transition.to


def _judge(entry: Entry, decision: Decision) -> Entry:
    match decision:
        case Moved():
            inferred = entry.kind is EntryKind.INFERRED
            return msgspec.structs.replace(
                entry,
                kind=EntryKind.INFERRED if inferred else EntryKind.APPLIED,
                from_state=decision.from_state,
                to_state=decision.to_state,
                refusal=None,
                alert=None if inferred else decision.alert,
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


def _mark_late(folded: Sequence[Entry], places: Mapping[str, Entry]) -> tuple[Entry, ...]:
    """A step is late when one that happened after it had been received before it."""
    marked: list[Entry] = []
    earliest_after: tuple[datetime, str] | None = None
    for entry in reversed(folded):
        if entry.kind is EntryKind.APPLIED:
            received = _receipt(places.get(entry.id, entry))
            if earliest_after is None or received < earliest_after:
                earliest_after = received
                marked.append(entry)
            else:
                marked.append(msgspec.structs.replace(entry, kind=EntryKind.LATE))
        else:
            marked.append(entry)
    return tuple(reversed(marked))
