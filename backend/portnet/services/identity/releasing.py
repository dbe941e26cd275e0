"""What somebody was on when they left is nobody's again: the files say so, and another may take it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from portnet.domain.access import User
from portnet.domain.dossier import with_taker
from portnet.domain.events import Record, StepTaken, company_audience
from portnet.domain.filing import hearers
from portnet.ports.clock import Ids
from portnet.ports.unit_of_work import AcknowledgedStep, Change, UnitOfWork


async def released(work: UnitOfWork, member: User, ids: Ids, now: datetime) -> tuple[Change, ...]:
    """What makes the steps free of which ``member`` had said "I am on it", as files and phones will show."""
    changes: list[Change] = []
    steps = {step.dossier.id: step for step in await work.taken_steps(member)}
    for step in steps.values():
        changes += _freed(step, member, ids, now)
    return tuple(changes)


def _freed(step: AcknowledgedStep, member: User, ids: Ids, now: datetime) -> Iterator[Change]:
    dossier = step.dossier
    audiences = tuple(map(company_audience, hearers(dossier, step.mandates, now)))
    for procedure in step.procedures:
        if procedure.taken_by != member.name:
            continue
        freed = msgspec.structs.replace(
            procedure, taken_by=None, taken_at=None, updated_at=now, version=procedure.version + 1
        )
        dossier = with_taker(dossier, freed, now)
        event = StepTaken(
            dossier=dossier.id,
            procedure=freed.id,
            state=freed.state,
            entered_at=freed.entered_at,
            by=None,
            at=now,
        )
        yield freed
        yield Record(
            id=ids.new(),
            at=now,
            event=event,
            subject=dossier.id,
            audiences=audiences,
            procedure=freed.id,
        )
    yield dossier
