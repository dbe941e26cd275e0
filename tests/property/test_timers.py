"""Timers under any order of messages, waits and firings: never twice, never for a state left, none forgotten."""

from datetime import datetime, timedelta
from typing import assert_never

from hypothesis import given, settings
from hypothesis import strategies as st

from portnet.domain.business_hours import add
from portnet.domain.catalogue import OPERATOR, Definition
from portnet.domain.folding import Folded, fold_in, new_entry, open_procedure
from portnet.domain.procedure import Entry, EntryKind
from portnet.domain.timers import (
    Retimed,
    Timer,
    TimerKey,
    TimerKind,
    clock_message,
    noted,
    retimed,
    rung,
    timers_of,
)
from tests.support.clock import NOON
from tests.support.scenarios import lapsing_catalogue, said
from tests.support.volume import volume

MANY = settings(max_examples=volume(200, 5_000))
DEFINITIONS = tuple(lapsing_catalogue().definitions.values())
#: One in which everything that the clock brings can come, again and again.
LAPSING = lapsing_catalogue().definitions["DUM_IMPORT", 2]
HOURS = st.integers(1, 100).map(lambda hours: timedelta(hours=hours))


class File:
    """One procedure and its timers, in memory: what intake and firing do, without a database."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.now = NOON
        opening = said("BADR", f"{definition.code}.registered")
        self.procedure = open_procedure(definition, "p", "d", "1", opening)
        self.entries: dict[str, Entry] = {}
        self.timers: dict[TimerKey, Timer] = {}
        self.fired: list[Timer] = []
        self._ids = 0

    def say(self, source: str, event: str, at: datetime, due_at: datetime | None) -> None:
        message = said(
            source,
            f"{self.definition.code}.{event}",
            at=at,
            received_at=self.now,
            receipt=self._id(),
            due_at=due_at,
        )
        arrived = new_entry(self._id(), self.procedure, message)
        self._take(
            fold_in(
                self.definition, self.procedure, tuple(self.entries.values()), arrived, self.now
            )
        )

    def ring(self) -> None:
        while due := [timer for timer in self.timers.values() if timer.due_at <= self.now]:
            should_be = timers_of(self.definition, self.procedure)
            left = rung(due, should_be, self.entries.values(), self.now)
            self._retime(left.retimed)
            if left.fires is not None:
                self._fire(left.fires)

    def _fire(self, timer: Timer) -> None:
        self._is_true(timer)
        self.fired.append(timer)
        message = clock_message(
            self.definition,
            self.procedure,
            timer,
            receipt=self._id(),
            now=self.now,
            sandbox=True,
        )
        if timer.kind is TimerKind.TIMEOUT:
            arrived = new_entry(self._id(), self.procedure, message)
            known = tuple(self.entries.values())
            self._take(fold_in(self.definition, self.procedure, known, arrived, self.now))
        else:
            self._take(noted(self.procedure, (), self._id(), timer, message))

    def _is_true(self, timer: Timer) -> None:
        """What fires is so at this very instant."""
        state = self.definition.state(self.procedure.state)
        entered_at = self.procedure.entered_at
        due_at = state.deadline(entered_at, self.procedure.due_at)
        assert timer.due_at <= self.now
        match timer.kind:
            case TimerKind.ALARM:
                assert state.alarm is not None
                assert timer.due_at == add(state.alarm, entered_at)
            case TimerKind.TIMEOUT:
                assert state.timeout is not None
                since = due_at if state.timeout.from_due else entered_at
                assert since is not None
                assert timer.due_at == add(state.timeout.after, since)
            case TimerKind.REMINDER:
                assert due_at is not None
                seconds = int(timer.detail.rpartition("-")[2])
                assert timer.due_at == due_at - timedelta(seconds=seconds)
            case TimerKind.DEADLINE:
                assert timer.due_at == due_at
                assert state.action == "ANSWER_REQUEST"
            case (
                TimerKind.MANDATE_STARTS
                | TimerKind.MANDATE_ENDS
                | TimerKind.MANDATE_REMINDER
                | TimerKind.SUBMISSION_TIMEOUT
                | TimerKind.APPROVAL_REMINDER
                | TimerKind.APPROVAL_LAPSES
                | TimerKind.APPROVAL_OVERTAKEN
            ) as kind:
                raise AssertionError(f"another subject's timer on a procedure: {kind}")
            case _:
                assert_never(timer.kind)

    def _take(self, folded: Folded) -> None:
        before, self.procedure = self.procedure, folded.procedure
        self.entries |= {entry.id: entry for entry in folded.changed}
        opened = before.version == 0
        alike = (before.state, before.entered_at, before.due_at) == (
            self.procedure.state,
            self.procedure.entered_at,
            self.procedure.due_at,
        )
        if opened or not alike:
            old = () if opened else timers_of(self.definition, before)
            new = timers_of(self.definition, self.procedure)
            self._retime(retimed(old, new, self.entries.values(), self.now))

    def _retime(self, change: Retimed) -> None:
        for key in change.moot:
            self.timers.pop(key, None)
        self.timers |= {timer.key: timer for timer in change.live}

    def _id(self) -> str:
        self._ids += 1
        return f"{self._ids:05}"


@st.composite
def files(draw: st.DrawFn) -> File:
    """A procedure after some messages, some of them late, with waits between them and firings at any moment."""
    definition = draw(st.just(LAPSING) | st.sampled_from(DEFINITIONS))
    senders = sorted({s for t in definition.transitions for s in t.by} - {OPERATOR, "CLOCK"})
    events = sorted(definition.events())
    file = File(definition)
    for _ in range(draw(st.integers(1, 20))):
        match draw(st.sampled_from(["say", "step", "step", "wait", "ring"])):
            case "say":
                late = draw(st.just(timedelta()) | HOURS)
                due = draw(st.none() | HOURS)
                file.say(
                    draw(st.sampled_from(senders)),
                    draw(st.sampled_from(events)),
                    file.now - late,
                    None if due is None else file.now + due,
                )
            case "step":
                _step(draw, file)
            case "wait":
                file.now += draw(HOURS)
            case _:
                file.ring()
    return file


def _step(draw: st.DrawFn, file: File) -> None:
    """A legal next message, so that procedures get far."""
    legal = [
        (source, t.event)
        for t in file.definition.transitions
        for source in t.by
        if t.from_ == file.procedure.state and source not in (OPERATOR, "CLOCK")
    ]
    if legal:
        source, event = draw(st.sampled_from(legal))
        due = draw(st.none() | HOURS)
        file.say(source, event, file.now, None if due is None else file.now + due)


@MANY
@given(files())
def test_nothing_fires_twice_and_what_fires_is_true(file: File) -> None:
    """That it is true is asserted as it fires."""
    file.now += timedelta(days=60)
    file.ring()
    names = [timer.event_id for timer in file.fired]
    assert len(set(names)) == len(names)
    assert not [t for t in file.timers.values() if t.due_at <= file.now]


@MANY
@given(files())
def test_what_should_come_is_set_or_has_come(file: File) -> None:
    fired = {timer.event_id for timer in file.fired}
    begun = file.procedure.version > 0
    for timer in timers_of(file.definition, file.procedure) if begun else ():
        reminds = timer.kind is TimerKind.REMINDER
        assert timer.event_id in fired or timer.key in file.timers or reminds
        assert not reminds or timer.due_at <= file.now or timer.key in file.timers


@MANY
@given(files())
def test_no_timer_is_left_of_a_state_that_was_left(file: File) -> None:
    should_be = {timer.key for timer in timers_of(file.definition, file.procedure)}
    assert set(file.timers) <= should_be


@MANY
@given(files())
def test_notes_take_no_part_in_the_fold(file: File) -> None:
    moved = [e for e in file.entries.values() if e.kind is not EntryKind.INTERNAL]
    bare = File(file.definition)
    for entry in sorted(moved, key=lambda e: e.message.receipt):
        arrived = new_entry(entry.id, bare.procedure, entry.message)
        known = tuple(bare.entries.values())
        folded = fold_in(file.definition, bare.procedure, known, arrived, file.now)
        bare.procedure = folded.procedure
        bare.entries |= {e.id: e for e in folded.changed}
    assert (bare.procedure.state, bare.procedure.entered_at) == (
        file.procedure.state,
        file.procedure.entered_at,
    )
