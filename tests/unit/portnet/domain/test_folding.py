"""A message folded into a file: what phones have not seen yet, and the one step worth an alert."""

from collections.abc import Sequence
from datetime import timedelta

from portnet.domain.catalogue import Status
from portnet.domain.folding import (
    Folded,
    fold_in,
    new_entry,
    open_dossier,
    open_procedure,
    refresh,
)
from portnet.domain.procedure import Entry, EntryKind, Procedure
from tests.support.clock import NOON
from tests.support.scenarios import IMPORTER, catalogue, said

MINUTE = timedelta(minutes=1)
DUM = catalogue().definition("DUM_IMPORT", 1)
NUMBER = "3090102026 0018538 G"
OPENING = said("BADR", "DUM_IMPORT.registered", f"DUM:{NUMBER}")


class File:
    """A DUM's file that takes in one message after the other."""

    def __init__(self) -> None:
        self.procedure: Procedure = open_procedure(DUM, "p", "d", "30901020260018538G", OPENING)
        self.entries: dict[str, Entry] = {}
        self._received = 0

    def take(self, event: str, happened: int) -> Folded:
        self._received += 1
        message = said(
            "BADR",
            f"DUM_IMPORT.{event}",
            at=NOON + happened * MINUTE,
            received_at=NOON + timedelta(days=1, minutes=self._received),
            receipt=f"r{self._received:03}",
        )
        arrived = new_entry(f"e{self._received:03}", self.procedure, message)
        folded = fold_in(DUM, self.procedure, tuple(self.entries.values()), arrived, NOON)
        self.procedure = folded.procedure
        self.entries |= {entry.id: entry for entry in folded.changed}
        return folded

    def kind(self, entry: str) -> EntryKind:
        return self.entries[entry].kind

    def take_all(self, *events: str) -> Folded:
        folds = [self.take(event, minute) for minute, event in enumerate(events)]
        return folds[-1]


def told(folded: Folded) -> str | None:
    return folded.deserving.alert if folded.deserving else None


def changed(folded: Folded) -> list[tuple[str, EntryKind]]:
    return [(e.message.event, e.kind) for e in folded.changed]


def test_a_procedure_opens_at_its_start_when_its_first_message_happened() -> None:
    procedure = File().procedure
    assert (procedure.state, procedure.version) == ("RECEIVED", 0)
    assert procedure.opened_at == procedure.entered_at == NOON


def test_a_step_changes_the_procedure_and_its_own_entry_only() -> None:
    file = File()
    file.take("registered", 0)
    folded = file.take("channel_orange", 1)
    assert (folded.procedure.state, folded.procedure.version) == ("DOC_REVIEW", 2)
    assert changed(folded) == [("channel_orange", EntryKind.APPLIED)]


def test_a_step_with_an_alert_deserves_it_and_is_marked() -> None:
    file = File()
    assert told(file.take("registered", 0)) is None
    folded = file.take("channel_orange", 1)
    assert told(folded) == "A02"
    assert folded.changed[0].alerted


def test_a_message_that_changes_nothing_tells_nobody() -> None:
    file = File()
    file.take_all("registered", "channel_green", "liquidated")
    folded = file.take("channel_orange", 5)
    assert told(folded) is None
    assert changed(folded) == [("channel_orange", EntryKind.NOT_APPLIED)]
    assert folded.procedure.state == "LIQUIDATED"


def test_a_late_message_that_leaves_the_state_alone_tells_nobody() -> None:
    file = File()
    file.take_all("registered", "channel_orange", "escalate_visit", "visit_set", "visit_done")
    folded = file.take("visit_postponed", 10)
    assert folded.procedure.state == "VISIT_DONE"
    assert told(folded) is None


def test_a_late_message_that_lets_others_apply_tells_of_the_newest_step() -> None:
    file = File()
    file.take("registered", 0)
    file.take("liquidated", 3)
    assert file.procedure.state == "REGISTERED"
    folded = file.take("channel_green", 1)
    assert changed(folded) == [
        ("channel_green", EntryKind.LATE),
        ("liquidated", EntryKind.APPLIED),
    ]
    assert told(folded) == "A07"
    assert folded.deserving is not None
    assert folded.deserving.message.event == "liquidated"


def test_steps_that_others_have_overtaken_are_not_told_of() -> None:
    file = File()
    file.take("registered", 0)
    file.take("liquidated", 3)
    file.take("channel_green", 1)
    assert [e.message.event for e in file.entries.values() if e.alerted] == ["liquidated"]


def test_a_step_that_was_told_of_once_is_never_told_of_again() -> None:
    """A late hold undoes the assessment, its late lifting does it again: finance have heard of it already."""
    file = File()
    file.take_all("registered", "channel_green")
    assert told(file.take("liquidated", 8)) == "A07"
    assert told(file.take("agency_hold", 4)) == "A12"
    assert file.kind("e003") is EntryKind.NOT_APPLIED
    again = file.take("hold_lifted", 6)
    assert file.kind("e003") is EntryKind.APPLIED
    assert file.procedure.state == "LIQUIDATED"
    assert told(again) == "A29"


def test_a_message_that_becomes_illegal_is_shown_again() -> None:
    file = File()
    file.take("registered", 0)
    file.take("channel_green", 4)
    folded = file.take("channel_orange", 2)
    assert changed(folded) == [
        ("channel_orange", EntryKind.APPLIED),
        ("channel_green", EntryKind.NOT_APPLIED),
    ]


def test_an_entry_that_turns_late_without_moving_is_shown_again() -> None:
    file = File()
    file.take("registered", 0)
    file.take("liquidated", 9)
    folded = file.take("channel_green", 5)
    kinds = dict(changed(folded))
    assert kinds["channel_green"] is EntryKind.LATE


def dossier_of(procedures: Sequence[Procedure]) -> tuple[Status, str, str]:
    dossier = open_dossier(catalogue(), "d", IMPORTER.company, procedures[0], NOON)
    refreshed = refresh(catalogue(), dossier, procedures, NOON + MINUTE)
    assert refreshed.version == dossier.version + 1
    assert refreshed.updated_at == NOON + MINUTE
    return refreshed.status, refreshed.what_now.action, refreshed.reference


def test_a_dossier_opens_around_its_first_procedure() -> None:
    dossier = open_dossier(catalogue(), "d", IMPORTER.company, File().procedure, NOON)
    assert (dossier.company, dossier.broker, dossier.reference) == (
        IMPORTER.id,
        None,
        "309-0018538G",
    )
    assert (dossier.direction, dossier.phase, dossier.sandbox) == ("IMPORT", "CLEARANCE", True)


def test_a_dossier_is_named_after_the_procedure_that_began_first() -> None:
    onssa = catalogue().definition("ONSSA_IMPORT", 1)
    first = open_procedure(
        onssa,
        "q",
        "d",
        "ONSSA-7",
        said("ONSSA", "ONSSA_IMPORT.registered", at=NOON - MINUTE),
    )
    assert dossier_of([File().procedure, first])[2] == "ONSSA-7"


def test_a_dossier_follows_its_procedures() -> None:
    file = File()
    file.take_all("registered", "channel_green", "liquidated")
    assert dossier_of([file.procedure]) == (Status.ACTION_REQUIRED, "PAY", "309-0018538G")
