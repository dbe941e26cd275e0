"""Fold one more message into a procedure, and say what changed: its entries, its state, and what deserves an alert.

The alert is decided on the state change after the fold, so that a repeat or a late arrival never alerts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Company
from portnet.domain.agency import AgencyEvent
from portnet.domain.catalogue import Catalogue, Definition
from portnet.domain.dossier import Dossier, what_now
from portnet.domain.identifiers import short_reference
from portnet.domain.procedure import Entry, EntryKind, Fold, Procedure, fold
from portnet.domain.request import InformationRequest, changed_requests


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """``changed`` are the entries that a phone has not seen as they are now; ``deserving`` the one to alert about.

    ``requests`` are the agency's questions that the fold made, or ended.
    """

    procedure: Procedure
    changed: tuple[Entry, ...]
    deserving: Entry | None
    requests: tuple[InformationRequest, ...] = ()


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


def new_entry(entry: str, procedure: Procedure, message: AgencyEvent) -> Entry:
    """A message on a timeline before the fold has judged it."""
    return Entry(
        id=entry,
        procedure=procedure.id,
        dossier=procedure.dossier,
        message=message,
        kind=EntryKind.NOT_APPLIED,
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
    outcome = fold(definition, procedure.opened_at, [*others, arrived])
    deserving = _deserving(procedure, before, outcome)
    changed = tuple(
        msgspec.structs.replace(entry, alerted=True) if entry is deserving else entry
        for entry in outcome.entries
        if entry.id == arrived.id or entry != before.get(entry.id)
    )
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
    )


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


def _deserving(procedure: Procedure, before: dict[str, Entry], outcome: Fold) -> Entry | None:
    """The newest step that this fold brought about and that the catalogue hangs an alert on.

    A late message that leaves the state alone deserves none; a step that others have overtaken is superseded.
    """
    moved = [entry for entry in outcome.entries if entry.moved]
    fresh = [e for e in moved if e.id not in before or not before[e.id].moved]
    if not fresh:
        return None
    if outcome.standing.state == procedure.state and fresh[-1] is not moved[-1]:
        return None
    worthy = [entry for entry in fresh if entry.alert is not None and not entry.alerted]
    return worthy[-1] if worthy else None
