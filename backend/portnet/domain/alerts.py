"""Alerts as facts: whom an event concerns, what each was told, and how it was delivered.

Who is told what is decided by the policy of the notifications component; the words are its too. Nothing here sends.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from portnet.domain.access import Role, User
from portnet.domain.identifiers import opaque_id
from portnet.domain.localised import Locale

#: The alert that corrects others: it goes to exactly those who had them, and takes their place on the phones.
CORRECTION = "A27"


class Channel(enum.StrEnum):
    IN_APP = "IN_APP"
    PUSH = "PUSH"
    SMS = "SMS"
    EMAIL = "EMAIL"


class AlertState(enum.StrEnum):
    NEW = "NEW"
    SEEN = "SEEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"


class DeliveryState(enum.StrEnum):
    """The recipient's ledger: a gateway's acceptance is SENT, never SEEN."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    SEEN = "SEEN"
    FAILED = "FAILED"
    UNCERTAIN = "UNCERTAIN"


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """An app that a push can reach: ``address`` is the gateway's token for it.

    It belongs to the sign-in that registered it and dies with it, or when somebody else signs in on the same phone, or
    when the gateway says so. Dead ones are kept, not used.
    """

    id: str
    user: str
    session: str
    channel: Channel
    kind: str
    address: str
    label: str
    locale: Locale
    registered_at: datetime
    last_seen_at: datetime
    dead_at: datetime | None = None


class AlertFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert's words are made of, as codes: the words are chosen when they are read.

    ``reference`` is short (12 characters at most); ``agency`` an agency's code; ``at`` the instant that the text names.
    ``code``, ``definition`` and ``state`` are a procedure's, None where the alert is about none.
    """

    reference: str
    code: str | None = None
    definition: int | None = None
    state: str | None = None
    agency: str | None = None
    at: datetime | None = None
    container: str | None = None
    place: str | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One person told of one event. ``chain`` is shared by all who were told: who acknowledges, acknowledges for all.

    ``kind`` is the alert catalogue's code (A14); ``level`` 1 in the app, 2 push, 3 push then SMS, 4 both
    at once. ``dossier``, ``procedure`` and ``entry`` are None where it is about none: a mandate. ``replaces`` is the
    alert of the same person that this one corrects.
    """

    id: str
    chain: str
    user: str
    dossier: str | None
    procedure: str | None
    entry: str | None
    kind: str
    level: int
    facts: AlertFacts
    collapse_key: str
    raised_at: datetime
    expires_at: datetime
    state: AlertState = AlertState.NEW
    seen_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    version: int = 1
    replaces: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address. ``fence`` grows with each claim: a sender that lost its lease cannot settle it."""

    id: str
    alert: str
    user: str
    channel: Channel
    address: str
    label: str
    locale: Locale
    due_at: datetime
    expires_at: datetime
    updated_at: datetime
    state: DeliveryState = DeliveryState.QUEUED
    device: str | None = None
    attempts: int = 0
    fence: int = 0
    leased_until: datetime | None = None
    provider_reference: str | None = None
    reason: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to send, and how the gateway answered; the attempts of a delivery are its log."""

    id: str
    delivery: str
    number: int
    at: datetime
    outcome: str
    detail: str | None = None


class Addressee(enum.StrEnum):
    """The letters of the alert catalogue: which role in the file an alert addresses."""

    DECLARANT = "D"
    BROKER = "B"
    MANAGER = "M"
    FINANCE = "F"
    LOGISTICS = "L"
    ADMINISTRATOR = "A"


_ROLE_OF = {
    Addressee.DECLARANT: Role.DECLARANT,
    Addressee.BROKER: Role.DECLARANT,
    Addressee.MANAGER: Role.MANAGER,
    Addressee.FINANCE: Role.FINANCE,
    Addressee.LOGISTICS: Role.LOGISTICS,
    Addressee.ADMINISTRATOR: Role.ADMINISTRATOR,
}


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be told: a user, and the live devices of theirs."""

    user: User
    devices: tuple[Device, ...] = ()


def concerned(
    levels: Mapping[Addressee, int], owner: str, broker: str | None, people: Iterable[Recipient]
) -> list[tuple[Recipient, int]]:
    """Whom an alert concerns and at which level; a person in several roles is told once, at the highest.

    Where no ``broker`` may hear of the file, what is for the broker is for the owner's declarants.

    When nobody of the owner's and the broker's companies holds an addressed role, everyone of the owner's is told: an
    agency acted, and somebody must know.
    """
    active = [person for person in people if person.user.active]
    told = [(person, _level(levels, owner, broker, person.user)) for person in active]
    found = [(person, level) for person, level in told if level is not None]
    if found:
        return found
    highest = max(levels.values())
    return [(person, highest) for person in active if person.user.company == owner]


def _level(
    levels: Mapping[Addressee, int], owner: str, broker: str | None, user: User
) -> int | None:
    own = [
        level
        for addressee, level in levels.items()
        if user.company == (broker or owner if addressee is Addressee.BROKER else owner)
        and _ROLE_OF[addressee] in user.roles
    ]
    return max(own, default=None)


def deep_link(alert: str) -> str:
    """Where the app opens an alert: a path, so that it holds on every address; it says nothing itself."""
    return f"/m/alerts/{opaque_id('Alert', alert)}"
