"""What the clock alone will bring: which timers should be set for a procedure or a mandate as it stands.

A timer is a note to look again. What it brings is found anew when it fires: one whose state was left brings nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import Mandate
from portnet.domain.agency import AgencyEvent, Reference
from portnet.domain.business_hours import add, subtract
from portnet.domain.catalogue import CLOCK, Definition, Status
from portnet.domain.folding import Folded
from portnet.domain.procedure import Entry, EntryKind, Procedure
from portnet.domain.request import DEADLINE_PASSED, changed_requests
from portnet.domain.submission import Submission

#: What a request for information asks of our side.
_ANSWER = "ANSWER_REQUEST"
_LATE = "A23"
_OVERDUE = "A19"
_MANDATE_ENDS = "A38"
#: How long before its end a mandate is brought up.
MANDATE_COUNTDOWN = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
#: A timer that is late already when it is set waits this long: what an agency sends after an outage comes step by
#: step, each of them past its time, and nobody is to be told of those that the next message leaves.
SETTLING = timedelta(minutes=5)


class TimerKind(enum.StrEnum):
    """What a timer brings. TIMEOUT: an event of the definition; the others leave the state alone.

    ALARM: the state has lasted longer than it should. REMINDER: a deadline comes near. DEADLINE: a request for
    information was not answered in time.
    """

    TIMEOUT = "TIMEOUT"
    DEADLINE = "DEADLINE"
    ALARM = "ALARM"
    REMINDER = "REMINDER"
    MANDATE_STARTS = "MANDATE_STARTS"
    MANDATE_ENDS = "MANDATE_ENDS"
    MANDATE_REMINDER = "MANDATE_REMINDER"
    #: Of a submission: its envelope's timeout.
    SUBMISSION_TIMEOUT = "SUBMISSION_TIMEOUT"
    APPROVAL_REMINDER = "APPROVAL_REMINDER"
    APPROVAL_LAPSES = "APPROVAL_LAPSES"
    #: The procedure in which an act was to be approved has moved on.
    APPROVAL_OVERTAKEN = "APPROVAL_OVERTAKEN"


_REMINDERS = frozenset({TimerKind.REMINDER, TimerKind.MANDATE_REMINDER})
#: Of a company's own work: its subjects have no file, and nothing of theirs is folded.
OWN_WORK = frozenset(
    {
        TimerKind.SUBMISSION_TIMEOUT,
        TimerKind.APPROVAL_REMINDER,
        TimerKind.APPROVAL_LAPSES,
        TimerKind.APPROVAL_OVERTAKEN,
    }
)
_AHEAD = _REMINDERS | {TimerKind.MANDATE_STARTS}

_OF_DEADLINE = frozenset({TimerKind.REMINDER, TimerKind.DEADLINE})

#: What an entry of ours is called, by the timer that brought it.
EVENTS = {
    TimerKind.ALARM: "alarm_passed",
    TimerKind.REMINDER: "deadline_near",
    TimerKind.DEADLINE: DEADLINE_PASSED,
}


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """``subject`` is a procedure or a mandate; ``detail`` tells apart what it has several of: its reminders.

    ``brings`` is the alert to raise, or a timeout's event. ``dossier`` is the procedure's, None for a mandate.
    """

    subject: str
    kind: TimerKind
    due_at: datetime
    detail: str = ""
    brings: str = ""
    dossier: str | None = None

    @property
    def key(self) -> TimerKey:
        """A subject has one timer of each key."""
        return TimerKey(subject=self.subject, kind=self.kind, detail=self.detail)

    @property
    def event_id(self) -> str:
        """Names this firing and no other: the same timer of a state that was entered again is another."""
        return f"{self.subject}:{self.kind}:{self.detail}:{self.due_at.isoformat()}"


class TimerKey(msgspec.Struct, frozen=True, kw_only=True):
    """A timer by name; as a change, one that is no longer of use."""

    subject: str
    kind: TimerKind
    detail: str


class Retimed(msgspec.Struct, frozen=True, kw_only=True):
    """How a subject's timers change: ``moot`` ones go, ``live`` ones replace those of their key."""

    moot: tuple[TimerKey, ...] = ()
    live: tuple[Timer, ...] = ()


def timers_of(definition: Definition, procedure: Procedure) -> tuple[Timer, ...]:
    """What the clock will bring to ``procedure`` if nothing else happens, at the instants at which it truly is due."""
    return tuple(_timers_of(definition, procedure))


def deadline_of(definition: Definition, procedure: Procedure) -> datetime | None:
    """Until when the state should have been dealt with: as a message said, else as is usual."""
    return definition.state(procedure.state).deadline(procedure.entered_at, procedure.due_at)


def timers_of_submission(envelope: Definition, submission: Submission) -> tuple[Timer, ...]:
    """The timeout of the envelope's present state, if it has one."""
    timeout = envelope.state(submission.state).timeout
    if timeout is None:
        return ()
    timer = Timer(
        subject=submission.id,
        kind=TimerKind.SUBMISSION_TIMEOUT,
        due_at=add(timeout.after, submission.entered_at),
        brings=timeout.event,
    )
    return (timer,)


def timers_of_mandate(mandate: Mandate) -> tuple[Timer, ...]:
    """When a mandate starts, when its end comes near, and when it ends; none once it is revoked."""
    if mandate.revoked_at is not None:
        return ()
    return tuple(_timers_of_mandate(mandate))


def retimed(
    old: Iterable[Timer], new: Iterable[Timer], entries: Iterable[Entry], now: datetime
) -> Retimed:
    """Make ``old`` timers into ``new`` ones, without those that fired before, as ``entries`` tell.

    What tells of a day to come is not set once it has come: whoever sets the day tells of it.
    """
    fired = _fired(entries)
    kept = tuple(
        _settling(timer, now)
        for timer in new
        if timer.event_id not in fired and not (timer.kind in _AHEAD and timer.due_at <= now)
    )
    still = {timer.key for timer in kept}
    return Retimed(moot=tuple(t.key for t in old if t.key not in still), live=kept)


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """Timers of one subject whose time has come: the one to fire, if any is still true, and what to do of the others.

    Those that neither fire nor are ``retimed`` stay due: each has a transaction of its own.
    """

    fires: Timer | None
    retimed: Retimed


def rung(
    timers: Sequence[Timer], should_be: Iterable[Timer], entries: Iterable[Entry], now: datetime
) -> Rung:
    """What is left of ``timers`` that rang at ``now``, given those that ``should_be`` set.

    A timeout leaves the state, so that it goes before all else; of several reminders only the newest is worth telling,
    and none once the deadline has passed.
    """
    fired = _fired(entries)
    true = {timer.key: timer for timer in should_be if timer.event_id not in fired}
    ringing = [true[timer.key] for timer in timers if timer.key in true]
    due = sorted((t for t in ringing if t.due_at <= now), key=_rank)
    fires = due[0] if due else None
    early = tuple(timer for timer in ringing if timer.due_at > now)
    staying = {timer.key for timer in early}
    if fires is not None and not _reminds(fires):
        over = fires.kind in (TimerKind.DEADLINE, TimerKind.MANDATE_ENDS)
        staying |= {t.key for t in due[1:] if not (over and _reminds(t))}
    moot = tuple(timer.key for timer in timers if timer.key not in staying)
    return Rung(fires=fires, retimed=Retimed(moot=moot, live=early))


def clock_message(
    definition: Definition,
    procedure: Procedure,
    timer: Timer,
    *,
    receipt: str,
    now: datetime,
    sandbox: bool,
) -> AgencyEvent:
    """What ``timer`` brings as a message of our own clock; it happened when it was due."""
    return AgencyEvent(
        receipt=receipt,
        source=CLOCK,
        event_id=timer.event_id,
        code=procedure.code,
        event=EVENTS.get(timer.kind, timer.brings),
        occurred_at=timer.due_at,
        received_at=now,
        refs=(Reference(scheme=definition.identity, value=procedure.identity),),
        due_at=deadline_of(definition, procedure) if timer.kind in _OF_DEADLINE else None,
        sandbox=sandbox,
    )


def noted(
    procedure: Procedure, entries: Sequence[Entry], entry: str, timer: Timer, message: AgencyEvent
) -> Folded:
    """The timeline's line about what leaves the state alone, and the alert that it deserves.

    ``entries`` are the procedure's so far: a question among them may be left too long now.
    """
    line = Entry(
        id=entry,
        procedure=procedure.id,
        dossier=procedure.dossier,
        message=message,
        kind=EntryKind.INTERNAL,
        alert=timer.brings,
        alerted=True,
    )
    seen = msgspec.structs.replace(
        procedure, updated_at=message.received_at, version=procedure.version + 1
    )
    asked = changed_requests(seen, entries, [*entries, line])
    return Folded(procedure=seen, changed=(line,), deserving=line, requests=asked)


def _timers_of(definition: Definition, procedure: Procedure) -> Iterator[Timer]:
    state = definition.state(procedure.state)
    deadline = deadline_of(definition, procedure)
    if state.timeout is not None:
        since = deadline if state.timeout.from_due else procedure.entered_at
        if since is not None:
            due_at = add(state.timeout.after, since)
            yield _timer(procedure, TimerKind.TIMEOUT, due_at, state.timeout.event)
    if state.alarm is not None:
        due_at = add(state.alarm, procedure.entered_at)
        yield _timer(procedure, TimerKind.ALARM, due_at, _LATE)
    if deadline is None:
        return
    for reminder in state.reminders:
        due_at = subtract(reminder.before, deadline)
        # A deadline that was set late has no time left for the longest reminders.
        if due_at >= procedure.entered_at:
            detail = f"{reminder.alert}-{reminder.before.seconds}"
            yield _timer(procedure, TimerKind.REMINDER, due_at, reminder.alert, detail)
    if state.status is Status.ACTION_REQUIRED and state.action == _ANSWER:
        yield _timer(procedure, TimerKind.DEADLINE, deadline, _OVERDUE)


def _timer(
    procedure: Procedure, kind: TimerKind, due_at: datetime, brings: str, detail: str = ""
) -> Timer:
    return Timer(
        subject=procedure.id,
        kind=kind,
        due_at=due_at,
        detail=detail,
        brings=brings,
        dossier=procedure.dossier,
    )


def _timers_of_mandate(mandate: Mandate) -> Iterator[Timer]:
    yield Timer(subject=mandate.id, kind=TimerKind.MANDATE_STARTS, due_at=mandate.starts_at)
    if mandate.ends_at is None:
        return
    for before in MANDATE_COUNTDOWN:
        if mandate.ends_at - before >= mandate.starts_at:
            yield Timer(
                subject=mandate.id,
                kind=TimerKind.MANDATE_REMINDER,
                due_at=mandate.ends_at - before,
                detail=f"{before.days}d",
                brings=_MANDATE_ENDS,
            )
    yield Timer(subject=mandate.id, kind=TimerKind.MANDATE_ENDS, due_at=mandate.ends_at)


def _fired(entries: Iterable[Entry]) -> frozenset[str]:
    return frozenset(e.message.event_id for e in entries if e.message.source == CLOCK)


def _reminds(timer: Timer) -> bool:
    return timer.kind in _REMINDERS


def _settling(timer: Timer, now: datetime) -> Timer:
    if timer.due_at > now:
        return timer
    return msgspec.structs.replace(timer, due_at=now + SETTLING)


_RANKS = {kind: rank for rank, kind in enumerate(TimerKind)}


def _rank(timer: Timer) -> tuple[int, float]:
    return _RANKS[timer.kind], -timer.due_at.timestamp()
