"""Values of the phone, with everything a test does not care for filled in."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from portnet_mobile.contract import (
    Agency,
    Alert,
    Dossier,
    DossierChanged,
    Entry,
    Frame,
    Holder,
    Identified,
    Item,
    Mandate,
    Named,
    Person,
    ServerClock,
    WhatNow,
)
from portnet_mobile.store import Heard, Store

NOON = datetime(2025, 11, 23, 12, 0, tzinfo=UTC)
OURS = Named(id="ours", name="Agro Atlas")
THEIRS = Named(id="theirs", name="Souss Primeurs")


def dossier(
    id_: str = "d1",
    version: int = 1,
    *,
    status: str = "WAITING_AGENCY",
    company: str = OURS.id,
    title: str = "Additifs",
    warning: str | None = None,
    deadline: datetime | None = None,
    action: str = "Attendez.",
    outcome: str | None = None,
) -> Dossier:
    at = NOON + timedelta(minutes=version)
    return Dossier(
        id=id_,
        version=version,
        reference=f"309-{id_}",
        title=title,
        company=Identified(id=company),
        status=status,
        updated_at=at,
        outcome=outcome,
        what_now=WhatNow(
            action=action,
            warning=warning,
            holder=Holder(label="ONSSA"),
            since=at,
            deadline=deadline,
        ),
    )


def alert(id_: str = "a1", state: str = "NEW", *, level: int = 3, text: str = "Visite.") -> Alert:
    return Alert(
        id=id_,
        code="A04",
        level=level,
        text=text,
        state=state,
        dossier=None,
        raised_at=NOON,
        expires_at=None,
        acknowledged_by="Salma" if state == "ACKNOWLEDGED" else None,
        acknowledged_at=NOON if state == "ACKNOWLEDGED" else None,
    )


def entry(id_: str = "e1", kind: str = "APPLIED", label: str = "Prélèvement") -> Entry:
    return Entry(id=id_, kind=kind, label=label, agency=Agency(code="ONSSA"))


def frame(cursor: str, item: Item | None) -> Frame:
    return Frame(cursor=cursor, item=item)


def moved(cursor: str, after: Dossier, entry_: Entry | None = None) -> Frame:
    return frame(cursor, DossierChanged(dossier=after, entry=entry_))


def person(*, sandbox: bool = False, speed: float = 1.0, paused: bool = False) -> Person:
    return Person(
        id="u1",
        name="Salma Idrissi",
        roles=["DECLARANT"],
        locale="FR",
        sandbox=sandbox,
        company=OURS,
        mandates=[Mandate(id="m1", company=THEIRS, broker=OURS)],
        clock=ServerClock(now=NOON, speed=speed, paused=paused),
    )


def store(
    dossiers: Iterable[Dossier] = (), alerts: Iterable[Alert] = (), person_: Person | None = None
) -> Store:
    return Store(
        person=person_ or person(),
        received_at=NOON,
        dossiers={held.id: held for held in dossiers},
        alerts={held.id: held for held in alerts},
        heard={"COMPANY": Heard(cursor="c0"), "ME": Heard(cursor="m0")},
    )
