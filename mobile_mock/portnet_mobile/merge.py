"""How what is heard becomes what is held: pure, so that no order, repeat or cut can spoil it.

A dossier is taken when its `version` is newer than the one held; an alert never goes back to an
earlier state; a frame is told from another by its cursor, which is only ever compared for equality.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar, assert_never

import msgspec

from portnet_mobile.changes import (
    AlertArrived,
    AlertUpdated,
    Change,
    DossierRemoved,
    DossierUpdated,
    SnapshotNeeded,
)
from portnet_mobile.contract import (
    AccessChanged,
    Alert,
    AlertChanged,
    Dossier,
    DossierChanged,
    Frame,
    Home,
    Item,
    Removed,
    Reset,
)
from portnet_mobile.store import Heard, Store

#: How many cursors of a feed are remembered; a server repeats the last few, if any.
_REMEMBERED = 256

#: An alert's states in the order in which it can pass through them.
_PROGRESS = ("NEW", "SEEN", "SUPERSEDED", "ACKNOWLEDGED", "EXPIRED")

T = TypeVar("T")
Outcome = tuple[Store, tuple[Change, ...]]


def snapshot(home: Home, received_at: datetime) -> Store:
    """The store that a fresh answer makes."""
    return Store(
        person=home.me,
        received_at=received_at,
        dossiers={dossier.id: dossier for dossier in home.dossiers.nodes},
        alerts={alert.id: alert for alert in home.alerts.nodes},
        heard={position.audience: Heard(cursor=position.cursor) for position in home.feeds},
    )


def with_page(
    store: Store, dossiers: Iterable[Dossier] = (), alerts: Iterable[Alert] = ()
) -> Store:
    """A further page of the snapshot's lists."""
    for dossier in dossiers:
        store = _hold_dossier(store, dossier)
    for alert in alerts:
        store = _hold_alert(store, alert)
    return store


def apply(store: Store, audience: str, frame: Frame) -> Outcome:
    """The store after one frame of an audience's feed, and what the person should notice."""
    heard = store.heard[audience]
    if frame.cursor == heard.cursor or frame.cursor in heard.latest:
        return store, ()
    heard = Heard(cursor=frame.cursor, latest=(*heard.latest, frame.cursor)[-_REMEMBERED:])
    store = msgspec.structs.replace(store, heard={**store.heard, audience: heard})
    return (store, ()) if frame.item is None else _take(store, frame.item)


def alert_answered(store: Store, alert: Alert) -> Outcome:
    """An alert as the answer to the person's own act shows it."""
    return _alert(store, alert)


def differences(before: Store, after: Store) -> tuple[Change, ...]:
    """What a new snapshot tells that the old store did not."""
    dossiers = [
        DossierUpdated(before=before.dossiers.get(d.id), after=d, entry=None)
        for d in after.dossiers.values()
        if _newer(before.dossiers.get(d.id), d)
    ]
    gone = [
        DossierRemoved(before=d) for d in before.dossiers.values() if d.id not in after.dossiers
    ]
    alerts = [
        change
        for alert in after.alerts.values()
        for change in _noticed(before.alerts.get(alert.id), alert)
    ]
    return (*dossiers, *gone, *alerts)


def _take(store: Store, item: Item) -> Outcome:
    match item:
        case DossierChanged():
            return _dossier(store, item)
        case AlertChanged():
            return _alert(store, item.alert)
        case Removed():
            return _removed(store, item.id)
        case AccessChanged():
            return _access(store, frozenset(item.companies))
        case Reset():
            return store, (SnapshotNeeded(reason=item.reason),)
        case _:
            assert_never(item)


def _dossier(store: Store, item: DossierChanged) -> Outcome:
    before = store.dossiers.get(item.dossier.id)
    store = _hold_dossier(store, item.dossier)
    if item.entry is None and store.dossiers[item.dossier.id] is before:
        return store, ()
    after = store.dossiers[item.dossier.id]
    return store, (DossierUpdated(before=before, after=after, entry=item.entry),)


def _alert(store: Store, alert: Alert) -> Outcome:
    before = store.alerts.get(alert.id)
    store = _hold_alert(store, alert)
    return store, _noticed(before, store.alerts[alert.id])


def _removed(store: Store, id_: str) -> Outcome:
    gone = store.dossiers.get(id_)
    store = msgspec.structs.replace(
        store, dossiers=_without(store.dossiers, {id_}), alerts=_without(store.alerts, {id_})
    )
    return store, () if gone is None else (DossierRemoved(before=gone),)


def _access(store: Store, companies: frozenset[str]) -> Outcome:
    gone = [d for d in store.dossiers.values() if d.company.id not in companies]
    kept = _without(store.dossiers, {d.id for d in gone})
    # A company may have been added: its files are not in any frame.
    needed = SnapshotNeeded(reason="ACCESS_CHANGED")
    removed = (DossierRemoved(before=dossier) for dossier in gone)
    return msgspec.structs.replace(store, dossiers=kept), (*removed, needed)


def _hold_dossier(store: Store, dossier: Dossier) -> Store:
    if not _newer(store.dossiers.get(dossier.id), dossier):
        return store
    return msgspec.structs.replace(store, dossiers={**store.dossiers, dossier.id: dossier})


def _hold_alert(store: Store, alert: Alert) -> Store:
    held = store.alerts.get(alert.id)
    if held is not None and _progress(alert) <= _progress(held):
        return store
    return msgspec.structs.replace(store, alerts={**store.alerts, alert.id: alert})


def _newer(held: Dossier | None, dossier: Dossier) -> bool:
    return held is None or dossier.version > held.version


def _noticed(before: Alert | None, after: Alert) -> tuple[Change, ...]:
    if before is None and after.state == "NEW":
        return (AlertArrived(alert=after),)
    return () if before == after else (AlertUpdated(before=before, after=after),)


def _progress(alert: Alert) -> int:
    # A state unknown here is newer than this app.
    return _PROGRESS.index(alert.state) if alert.state in _PROGRESS else len(_PROGRESS)


def _without(held: Mapping[str, T], gone: set[str]) -> Mapping[str, T]:
    return {id_: value for id_, value in held.items() if id_ not in gone}
