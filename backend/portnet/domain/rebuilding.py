"""The read model out of the log: a dossier with all that hangs on it, or an alert, as their events leave them.

Messages are folded again, so that it does not matter in which order several workers' events were written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import msgspec

from portnet.domain.alerts import Alert, AlertState
from portnet.domain.catalogue import Catalogue
from portnet.domain.dossier import Dossier
from portnet.domain.events import (
    AlertAcknowledged,
    AlertRaised,
    AlertSeen,
    BrokerNamed,
    DossierOpened,
    Event,
    MandateGranted,
    MandateRevoked,
    MessageFolded,
    ProcedureOpened,
    ReferencesLinked,
)
from portnet.domain.filing import Link
from portnet.domain.folding import refresh
from portnet.domain.procedure import Entry, Procedure, fold


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """An event and when it was written."""

    at: datetime
    event: Event


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the read model; a dossier's or an alert's."""

    dossiers: tuple[Dossier, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    entries: tuple[Entry, ...] = ()
    links: tuple[Link, ...] = ()
    alerts: tuple[Alert, ...] = ()


def rebuild(catalogue: Catalogue, logged: Sequence[Logged]) -> Rebuilt:
    """What the events of one subject, in the order of their ids, make of it; nothing for a mandate's."""
    subject = _Subject()
    for each in logged:
        subject.take(each)
    return subject.rebuilt(catalogue)


class _Subject:
    def __init__(self) -> None:
        self.dossier: Dossier | None = None
        self.procedures: dict[str, Procedure] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self.entries: dict[str, Entry] = {}
        self.folded_at: dict[str, datetime] = {}
        self.alert: Alert | None = None

    def take(self, logged: Logged) -> None:
        event = logged.event
        match event:
            case DossierOpened():
                self.dossier = event.dossier
            case BrokerNamed():
                self.dossier = _known(self.dossier, broker=event.broker)
            case ProcedureOpened():
                self.procedures[event.procedure.id] = event.procedure
            case ReferencesLinked():
                self._link(event)
            case MessageFolded():
                self._folded(event.entry, logged.at)
            case AlertRaised():
                self.alert = event.alert
            case AlertSeen():
                self.alert = _seen(self.alert, event)
            case AlertAcknowledged():
                self.alert = _acknowledged(self.alert, event)
            case MandateGranted() | MandateRevoked():
                return
            case _ as unreachable:
                assert_never(unreachable)

    def rebuilt(self, catalogue: Catalogue) -> Rebuilt:
        if self.alert is not None:
            return Rebuilt(alerts=(self.alert,))
        if self.dossier is None:
            return Rebuilt()
        procedures: list[Procedure] = []
        entries: list[Entry] = []
        for procedure in self.procedures.values():
            own = [entry for entry in self.entries.values() if entry.procedure == procedure.id]
            definition = catalogue.definition(procedure.code, procedure.definition)
            outcome = fold(definition, procedure.opened_at, own)
            entries += outcome.entries
            standing = outcome.standing
            procedures.append(
                msgspec.structs.replace(
                    procedure,
                    state=standing.state,
                    previous=standing.previous,
                    entered_at=standing.entered_at,
                    due_at=standing.due_at,
                    reasons=standing.reasons,
                    place=standing.place,
                    updated_at=self.folded_at.get(procedure.id, procedure.updated_at),
                    version=procedure.version + len(own),
                )
            )
        return Rebuilt(
            dossiers=(self._refreshed(catalogue, self.dossier, procedures),),
            procedures=tuple(procedures),
            entries=tuple(entries),
            links=tuple(self.links.values()),
        )

    def _link(self, event: ReferencesLinked) -> None:
        for ref in event.refs:
            link = Link(dossier=event.dossier, procedure=event.procedure, ref=ref)
            self.links[ref.key, event.procedure] = link

    def _folded(self, entry: Entry, at: datetime) -> None:
        known = self.entries.get(entry.id)
        alerted = entry.alerted or (known is not None and known.alerted)
        self.entries[entry.id] = msgspec.structs.replace(entry, alerted=alerted)
        self.folded_at[entry.procedure] = max(at, self.folded_at.get(entry.procedure, at))

    def _refreshed(
        self, catalogue: Catalogue, dossier: Dossier, procedures: Sequence[Procedure]
    ) -> Dossier:
        """As the last message left it: each message that touched it was one version."""
        if not procedures:
            return dossier
        messages = {entry.message.receipt for entry in self.entries.values()}
        now = max(procedure.updated_at for procedure in procedures)
        version = dossier.version + len(messages)
        refreshed = refresh(catalogue, dossier, procedures, now)
        return msgspec.structs.replace(refreshed, version=version)


def _known(dossier: Dossier | None, broker: str) -> Dossier | None:
    return None if dossier is None else msgspec.structs.replace(dossier, broker=broker)


def _seen(alert: Alert | None, event: AlertSeen) -> Alert | None:
    if alert is None:
        return None
    return msgspec.structs.replace(
        alert, state=AlertState.SEEN, seen_at=event.at, version=alert.version + 1
    )


def _acknowledged(alert: Alert | None, event: AlertAcknowledged) -> Alert | None:
    if alert is None:
        return None
    return msgspec.structs.replace(
        alert,
        state=AlertState.ACKNOWLEDGED,
        acknowledged_by=event.by,
        acknowledged_at=event.at,
        seen_at=alert.seen_at or (event.at if event.own else None),
        version=alert.version + 1,
    )
