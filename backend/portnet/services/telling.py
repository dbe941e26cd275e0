"""Who hears of what a message changed: the alert that it deserves, and the correction of those that it makes untrue.

A correction goes to exactly those who had been told. It sends nothing; it says what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from portnet.domain.agency import AgencyEvent
from portnet.domain.alerts import CORRECTION, Alert, AlertState
from portnet.domain.dossier import Dossier
from portnet.domain.events import AlertRaised, AlertSuperseded, Record, user_audience
from portnet.domain.filing import Files
from portnet.domain.folding import Folded
from portnet.domain.procedure import Entry
from portnet.ports.alerts import AlertPlanner, Occasion, Planned
from portnet.ports.unit_of_work import Change

#: What was acknowledged or has expired is over; what somebody may still act upon is not.
_STANDING = frozenset({AlertState.NEW, AlertState.SEEN})


def tell_people(
    planner: AlertPlanner,
    files: Files,
    dossier: Dossier,
    folded: Folded,
    heard_by: Sequence[str],
    now: datetime,
    new_id: Callable[[], str],
) -> Iterator[Change]:
    """The alerts with their deliveries and records; ``heard_by`` are the companies that may know of ``dossier``."""
    people = [person for person in files.people if person.user.company in heard_by]

    def planned(kind: str, entry: Entry, told: tuple[Alert, ...] = ()) -> Sequence[Planned]:
        occasion = Occasion(
            kind=kind,
            dossier=dossier,
            procedure=folded.procedure,
            entry=entry,
            broker=next((company for company in heard_by if company != dossier.company), None),
            container=_container(files, entry.message, dossier.id),
            told=told,
        )
        return planner.plan(occasion, people, now, new_id)

    if folded.correction is not None:
        undone = {entry.id for entry in folded.undone}
        told = tuple(alert for alert in files.told if alert.entry in undone)
        yield from _superseded(told, now, new_id)
        yield from _raised(planned(CORRECTION, folded.correction, told), now, new_id)
    entry = folded.deserving
    if entry is not None and entry.alert is not None:
        yield from _raised(planned(entry.alert, entry), now, new_id)


def _superseded(
    told: Sequence[Alert], now: datetime, new_id: Callable[[], str]
) -> Iterator[Change]:
    for alert in told:
        if alert.state in _STANDING:
            yield msgspec.structs.replace(
                alert, state=AlertState.SUPERSEDED, version=alert.version + 1
            )
            yield Record(
                id=new_id(),
                at=now,
                event=AlertSuperseded(alert=alert.id, at=now),
                subject=alert.id,
                audiences=(user_audience(alert.user),),
            )


def _raised(
    planned: Sequence[Planned], now: datetime, new_id: Callable[[], str]
) -> Iterator[Change]:
    for each in planned:
        yield each.alert
        yield Record(
            id=new_id(),
            at=now,
            event=AlertRaised(alert=each.alert),
            subject=each.alert.id,
            audiences=(user_audience(each.alert.user),),
        )
        yield from each.deliveries


def _container(files: Files, message: AgencyEvent, dossier: str) -> str | None:
    own = message.reference("CONTAINER")
    if own is not None:
        return own
    known = (
        link.ref.value
        for link in files.links
        if link.dossier == dossier and link.ref.scheme == "CONTAINER"
    )
    return next(known, None)
