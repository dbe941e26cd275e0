"""Which timers a procedure or a mandate should have, and what is left of those that ring."""

from datetime import datetime, timedelta

import msgspec
import pytest

from portnet.domain.access import Mandate
from portnet.domain.business_hours import CASABLANCA, Span
from portnet.domain.catalogue import CLOCK, Definition, Reminder, Timeout
from portnet.domain.folding import open_procedure
from portnet.domain.procedure import Entry, EntryKind, Procedure
from portnet.domain.timers import (
    SETTLING,
    Timer,
    TimerKind,
    clock_message,
    noted,
    retimed,
    rung,
    timers_of,
    timers_of_mandate,
)
from tests.support.clock import NOON
from tests.support.scenarios import MANDATE, catalogue, said

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def definition(**state: object) -> Definition:
    """ONSSA's import control, with other facts about its papers' check."""
    known = catalogue().definitions["ONSSA_IMPORT", 1]
    changed = msgspec.structs.replace(known.states["DOC_CHECK"], **state)
    return msgspec.structs.replace(known, states={**known.states, "DOC_CHECK": changed})


def standing(
    state: str, entered_at: datetime = NOON, due_at: datetime | None = None, version: int = 3
) -> Procedure:
    opened = open_procedure(definition(), "p", "d", "1", said("ONSSA", "ONSSA_IMPORT.registered"))
    return msgspec.structs.replace(
        opened, state=state, entered_at=entered_at, due_at=due_at, version=version
    )


def times(timers: tuple[Timer, ...]) -> dict[str, datetime]:
    return {f"{timer.kind} {timer.detail}".strip(): timer.due_at for timer in timers}


def fired(timer: Timer) -> Entry:
    procedure = standing("INFO_REQUESTED")
    message = clock_message(
        definition(), procedure, timer, receipt="r", now=timer.due_at, sandbox=True
    )
    return noted(procedure, (), "e", timer, message).changed[0]


def test_a_state_without_times_sets_nothing() -> None:
    assert timers_of(definition(), standing("PHYSICAL_SET", due_at=NOON + DAY)) == ()
    assert timers_of(definition(), standing("ADMITTED", due_at=NOON + DAY)) == ()


def test_an_alarm_counts_the_offices_hours_from_when_the_state_was_entered() -> None:
    friday = datetime(2026, 11, 27, 15, 30, tzinfo=CASABLANCA)
    (alarm,) = timers_of(definition(), standing("DOC_CHECK", entered_at=friday))
    assert (alarm.kind, alarm.brings, alarm.dossier) == (TimerKind.ALARM, "A23", "d")
    assert alarm.due_at == datetime(2026, 12, 1, 15, 30, tzinfo=CASABLANCA)


def test_a_timeout_counts_from_the_state_or_from_its_deadline() -> None:
    lapse = Timeout(after=Span(seconds=7200), event="lapse")
    timed = definition(alarm=None, timeout=lapse)
    assert times(timers_of(timed, standing("DOC_CHECK"))) == {"TIMEOUT": NOON + 2 * HOUR}
    overdue = definition(alarm=None, timeout=msgspec.structs.replace(lapse, from_due=True))
    assert timers_of(overdue, standing("DOC_CHECK")) == ()
    due = standing("DOC_CHECK", due_at=NOON + DAY)
    assert times(timers_of(overdue, due)) == {"TIMEOUT": NOON + DAY + 2 * HOUR}


def test_a_request_is_counted_down_to_its_deadline() -> None:
    found = timers_of(definition(), standing("INFO_REQUESTED", due_at=NOON + 2 * DAY))
    ends = NOON + 2 * DAY
    assert times(found) == {
        "ALARM": NOON + 48 * HOUR,
        "REMINDER A05-86400": ends - 24 * HOUR,
        "REMINDER A05-43200": ends - 12 * HOUR,
        "REMINDER A05-14400": ends - 4 * HOUR,
        "REMINDER A05-3600": ends - HOUR,
        "DEADLINE": ends,
    }


def test_nothing_is_counted_down_from_before_the_state() -> None:
    found = timers_of(definition(), standing("INFO_REQUESTED", due_at=NOON + 5 * HOUR))
    assert [t.detail for t in found if t.kind is TimerKind.REMINDER] == ["A05-14400", "A05-3600"]


def test_a_state_that_asks_nothing_of_us_is_reminded_of_and_never_overdue() -> None:
    free_time = (Reminder(before=Span(seconds=86400), alert="A24"),)
    own = definition(alarm=None, reminders=free_time)
    found = timers_of(own, standing("DOC_CHECK", due_at=NOON + 2 * DAY))
    assert times(found) == {"REMINDER A24-86400": NOON + DAY}
    assert found[0].brings == "A24"
    assert timers_of(own, standing("DOC_CHECK")) == ()


def test_a_deadline_that_no_message_says_is_the_usual_one() -> None:
    reminders = (Reminder(before=Span(seconds=3600), alert="A19"),)
    own = definition(alarm=None, reminders=reminders, due=Span(seconds=7200))
    (reminder,) = timers_of(own, standing("DOC_CHECK"))
    assert reminder.due_at == NOON + HOUR
    message = clock_message(
        own, standing("DOC_CHECK"), reminder, receipt="r", now=NOON + HOUR, sandbox=True
    )
    assert message.due_at == NOON + 2 * HOUR


def test_a_mandate_is_brought_up_before_it_ends() -> None:
    mandate = msgspec.structs.replace(MANDATE, starts_at=NOON, ends_at=NOON + 10 * DAY)
    assert times(timers_of_mandate(mandate)) == {
        "MANDATE_STARTS": NOON,
        "MANDATE_REMINDER 7d": NOON + 3 * DAY,
        "MANDATE_REMINDER 1d": NOON + 9 * DAY,
        "MANDATE_ENDS": NOON + 10 * DAY,
    }


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"revoked_at": NOON}, []),
        ({"ends_at": None}, [TimerKind.MANDATE_STARTS]),
    ],
)
def test_a_mandate_without_an_end_or_revoked_ends_by_no_date(
    changes: dict[str, datetime | None], kinds: list[TimerKind]
) -> None:
    mandate: Mandate = msgspec.structs.replace(MANDATE, **changes)
    assert [timer.kind for timer in timers_of_mandate(mandate)] == kinds


REQUEST = timers_of(definition(), standing("INFO_REQUESTED", due_at=NOON + 2 * DAY))
PAPERS = timers_of(definition(), standing("DOC_CHECK"))


def test_timers_of_a_state_that_was_left_are_moot_and_those_of_one_key_are_replaced() -> None:
    change = retimed(REQUEST, PAPERS, (), NOON)
    assert change.live == PAPERS
    assert set(change.moot) == {t.key for t in REQUEST if t.kind is not TimerKind.ALARM}


def test_what_fired_before_is_not_set_again() -> None:
    alarm = REQUEST[0]
    change = retimed(REQUEST, REQUEST, [fired(alarm)], NOON)
    assert alarm.key in change.moot
    assert alarm not in change.live


def test_what_is_late_already_settles_first_and_reminders_are_left_out() -> None:
    now = NOON + 45 * HOUR
    live = {t.key: t for t in retimed((), REQUEST, (), now).live}
    assert sorted(k.detail for k in live if k.kind is TimerKind.REMINDER) == ["A05-3600"]
    late = {t.key: t.due_at for t in retimed((), REQUEST, (), NOON + 9 * DAY).live}
    assert set(late.values()) == {NOON + 9 * DAY + SETTLING}
    assert {key.kind for key in late} == {TimerKind.ALARM, TimerKind.DEADLINE}


def test_a_timer_of_a_state_that_was_left_brings_nothing() -> None:
    left = rung(REQUEST, (), (), NOON + 9 * DAY)
    assert left.fires is None
    assert set(left.retimed.moot) == {timer.key for timer in REQUEST}


def test_a_timer_whose_time_was_put_back_waits_for_it() -> None:
    later = timers_of(definition(), standing("INFO_REQUESTED", entered_at=NOON + DAY))
    left = rung(REQUEST[:1], later, (), NOON + 2 * DAY)
    assert (left.fires, left.retimed.live, left.retimed.moot) == (None, later, ())


def test_a_timer_that_fired_is_not_fired_again() -> None:
    left = rung(REQUEST[:1], REQUEST, [fired(REQUEST[0])], NOON + 9 * DAY)
    assert (left.fires, left.retimed.moot) == (None, (REQUEST[0].key,))


def test_of_several_that_ring_one_fires_and_the_reminders_before_it_are_over() -> None:
    now = NOON + 47 * HOUR
    due = [timer for timer in REQUEST if timer.due_at <= now]
    left = rung(due, REQUEST, (), now)
    assert left.fires is not None
    assert left.fires.detail == "A05-3600"
    assert set(left.retimed.moot) == {timer.key for timer in due}
    over = rung(REQUEST, REQUEST, (), NOON + 2 * DAY)
    assert over.fires is not None
    assert over.fires.kind is TimerKind.DEADLINE
    assert {t.key for t in REQUEST} - set(over.retimed.moot) == {REQUEST[0].key}, "the alarm stays"


def test_a_note_leaves_the_state_alone_and_says_when_it_was_due() -> None:
    procedure = standing("INFO_REQUESTED", due_at=NOON + 2 * DAY)
    now = NOON + 3 * DAY
    message = clock_message(
        definition(), procedure, REQUEST[-1], receipt="r", now=now, sandbox=True
    )
    folded = noted(procedure, (), "e", REQUEST[-1], message)
    (entry,) = folded.changed
    assert (message.source, message.event, message.type) == (
        CLOCK,
        "deadline_passed",
        "ONSSA_IMPORT.deadline_passed",
    )
    assert (message.occurred_at, message.due_at) == (NOON + 2 * DAY, NOON + 2 * DAY)
    assert (entry.kind, entry.alert, entry.moved) == (EntryKind.INTERNAL, "A19", False)
    assert folded.deserving is entry
    expected = msgspec.structs.replace(procedure, updated_at=now, version=procedure.version + 1)
    assert folded.procedure == expected
