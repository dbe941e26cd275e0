"""Fold one more message into a procedure, and say what changed: its entries, its state, and what deserves an alert.

The alert is decided on the state change after the fold, so that a repeat or a late arrival never alerts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import Company
from portnet.domain.agency import AgencyEvent
from portnet.domain.alerts import CORRECTION
from portnet.domain.catalogue import Catalogue, Definition
from portnet.domain.dossier import Dossier, what_now
from portnet.domain.identifiers import short_reference
from portnet.domain.procedure import Caution, Entry, EntryKind, Fold, Procedure, fold
from portnet.domain.request import InformationRequest, changed_requests

#: How long a message waits for one that its source numbered before it.
GAP_WAIT = timedelta(seconds=2)


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """``changed`` are the entries that a phone has not seen as they are now; ``deserving`` the one to alert about.

    ``vanished`` were inferred before and are not any more. ``undone`` are the entries whose alerts hold no longer
    because of ``correction``, which whoever had them must hear of.
    ``requests`` are the agency's questions that the fold made, or ended.
    """

    procedure: Procedure
    changed: tuple[Entry, ...]
    deserving: Entry | None
    requests: tuple[InformationRequest, ...] = ()
    vanished: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()
    correction: Entry | None = None


def open_procedure(
    definition: Definition, procedure: str, dossier: str, identity: str, message: AgencyEvent
) -> Procedure:
    """A procedure at its start, opened from outside by ``message``."""
    return Procedure(
        id=procedure,
        dossier=dossier,
        code=definition.code,
        definition=definition.version,
        identity=identity,
        state=definition.start,
        entered_at=message.occurred_at,
        opened_at=message.occurred_at,
        updated_at=message.received_at,
        version=0,
    )


def open_dossier(
    catalogue: Catalogue, dossier: str, company: Company, procedure: Procedure, now: datetime
) -> Dossier:
    """A dossier around its first procedure."""
    definition = catalogue.definition(procedure.code, procedure.definition)
    status, advice = what_now(catalogue, [procedure])
    return Dossier(
        id=dossier,
        company=company.id,
        broker=None,
        reference=short_reference(definition.identity, procedure.identity),
        direction=definition.direction,
        phase=definition.phase,
        status=status,
        what_now=advice,
        sandbox=company.sandbox,
        opened_at=now,
        updated_at=now,
        version=0,
    )


def new_entry(
    entry: str, procedure: Procedure, message: AgencyEvent, warnings: tuple[Caution, ...] = ()
) -> Entry:
    """A message on a timeline before the fold has judged it."""
    return Entry(
        id=entry,
        procedure=procedure.id,
        dossier=procedure.dossier,
        message=message,
        kind=EntryKind.NOT_APPLIED,
        warnings=warnings,
    )


def fold_in(
    definition: Definition,
    procedure: Procedure,
    entries: Sequence[Entry],
    arrived: Entry,
    now: datetime,
) -> Folded:
    """Replay ``entries`` with ``arrived`` among them, which may be one of them that is tried again."""
    before = {entry.id: entry for entry in entries}
    others = [entry for entry in entries if entry.id != arrived.id]
    outcome = _needed(fold(definition, procedure.opened_at, [*others, arrived]))
    deserving = _deserving(procedure, before, outcome, arrived)
    undone = _undone(before, outcome, arrived, deserving)
    correction = _correction(procedure, outcome, arrived, deserving) if undone else None
    if deserving is not None and deserving.alert == CORRECTION:
        deserving = None
    changed = tuple(
        msgspec.structs.replace(entry, alerted=True)
        if entry is deserving or entry is correction
        else entry
        for entry in outcome.entries
        if entry.id == arrived.id or entry != before.get(entry.id)
    )
    present = {entry.id for entry in outcome.entries}
    standing = outcome.standing
    same_step = (standing.state, standing.entered_at) == (procedure.state, procedure.entered_at)
    folded = msgspec.structs.replace(
        procedure,
        state=standing.state,
        previous=standing.previous,
        entered_at=standing.entered_at,
        due_at=standing.due_at,
        reasons=standing.reasons,
        place=standing.place,
        expected_at=outcome.expected_at,
        amounts=standing.amounts,
        obligation=outcome.obligation,
        updated_at=now,
        version=procedure.version + 1,
        taken_by=procedure.taken_by if same_step else None,
        taken_at=procedure.taken_at if same_step else None,
    )
    return Folded(
        procedure=folded,
        changed=changed,
        deserving=deserving,
        requests=changed_requests(folded, entries, outcome.entries),
        vanished=tuple(entry for entry in entries if entry.id not in present),
        undone=undone if correction else (),
        correction=correction,
    )


def _needed(outcome: Fold) -> Fold:
    """Without what follows from another procedure's message and changes nothing here any more: the better news came
    late."""
    entries = tuple(
        entry
        for entry in outcome.entries
        if not (entry.message.derived and entry.kind is EntryKind.NOT_APPLIED)
    )
    return msgspec.structs.replace(outcome, entries=entries)


def waits_until(entries: Sequence[Entry], message: AgencyEvent) -> datetime | None:
    """Until when ``message`` waits for one that its source numbered before it; None where nothing is missing.

    ``entries`` are those of its procedure. What the source said first has nothing before it.
    """
    if message.seq is None:
        return None
    known = (e.message.seq for e in entries if e.message.source == message.source)
    highest = max((seq for seq in known if seq is not None), default=None)
    if highest is None or message.seq <= highest + 1:
        return None
    return message.received_at + GAP_WAIT


def refresh(
    catalogue: Catalogue, dossier: Dossier, procedures: Sequence[Procedure], now: datetime
) -> Dossier:
    """The dossier as its ``procedures`` make it now. It is named after the procedure that began first."""
    status, advice = what_now(catalogue, procedures)
    first = min(procedures, key=lambda p: (p.opened_at, p.id))
    definition = catalogue.definition(first.code, first.definition)
    return msgspec.structs.replace(
        dossier,
        status=status,
        what_now=advice,
        reference=short_reference(definition.identity, first.identity),
        updated_at=now,
        version=dossier.version + 1,
    )


def _deserving(
    procedure: Procedure, before: dict[str, Entry], outcome: Fold, arrived: Entry
) -> Entry | None:
    """The newest step that this fold brought about and that the catalogue hangs an alert on.

    A late message that leaves the state alone deserves none; a step that others have overtaken is superseded.
    """
    moved = [entry for entry in outcome.entries if entry.moved]
    fresh = [e for e in moved if e.id not in before or not before[e.id].moved]
    if not fresh:
        return None
    if outcome.standing.state == procedure.state and moved[-1].id != arrived.id:
        return None
    worthy = [entry for entry in fresh if entry.alert is not None and not entry.alerted]
    return worthy[-1] if worthy else None


def _undone(
    before: dict[str, Entry], outcome: Fold, arrived: Entry, deserving: Entry | None
) -> tuple[Entry, ...]:
    """The entries that somebody was alerted of, and that a correction makes untrue.

    A message that amends others undoes what counted and counts no more; a step that withdraws, what had led away from
    the state to which it returns.
    """
    if arrived.message.amends is not None:
        return tuple(
            entry
            for entry in outcome.entries
            if entry.alerted and not entry.counts and before[entry.id].counts
        )
    if deserving is None or deserving.alert != CORRECTION:
        return ()
    steps = [entry for entry in outcome.entries if entry.moved]
    undone: list[Entry] = []
    for entry in reversed(steps[: steps.index(deserving)]):
        if entry.to_state == deserving.to_state:
            break
        undone.append(entry)
    return tuple(entry for entry in undone if entry.alerted)


def _correction(
    procedure: Procedure, outcome: Fold, arrived: Entry, deserving: Entry | None
) -> Entry | None:
    """The entry that tells of what it undoes, if people see another state than before."""
    if outcome.standing.state == procedure.state:
        return None
    if arrived.message.amends is None:
        return deserving
    return next(entry for entry in outcome.entries if entry.id == arrived.id)
