"""Decides whom a change is told to, how urgently and at which addresses. Pure: no clock, no words.

Level 1 stays in the app; 2 and 3 push; 4 pushes and sends an SMS at once. The SMS that follows an
unseen level 3, like every other next step, is escalation's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import Mandate, User
from portnet.domain.agency import Place
from portnet.domain.alerts import Alert, AlertFacts, Channel, Device, Recipient, concerned
from portnet.domain.catalogue import CLOCK, Agency, Catalogue, Definition
from portnet.domain.identifiers import short_reference
from portnet.domain.localised import Locale
from portnet.ports.alerts import Occasion
from portnet.ports.approving.telling import OwnNews
from portnet_notifications.catalogue import ALERTED, ALERTS, AlertKind

HIGHEST = 4
HIGHEST_GOOD_NEWS = 3
PUSH_FROM = 2
SMS_FROM = 4

#: Characters of a mandate's id in a text.
_MANDATE_REFERENCE = 6

#: A critical alert is worth telling for a day: a phone may be off for a night and a flight. Others
#: are stale news the next half day; the app has them all the same.
CRITICAL_LIFETIME = timedelta(hours=24)
LIFETIME = timedelta(hours=12)

#: The time in these texts is when it happened; in the others it is a deadline or an appointment.
SAY_WHEN_IT_HAPPENED = frozenset({"A11", "A25", "A26", "A42"})


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where one message goes: ``device`` is None for an SMS; ``label`` names it to its owner."""

    channel: Channel
    address: str
    label: str
    locale: Locale
    device: str | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One person, and everywhere that they are told; in the app even where nothing else reaches."""

    user: str
    level: int
    addresses: tuple[Address, ...]


def tell(occasion: Occasion, people: Sequence[Recipient]) -> list[Told]:
    """Whom to tell of ``occasion``, each person once. Raises KeyError for an unknown alert."""
    kind = ALERTS[occasion.kind]
    return [
        _told(person, raised_level(level, kind, perishable=occasion.dossier.perishable))
        for person, level in _concerned(kind, occasion, people)
    ]


def tell_of_mandate(kind: str, mandate: Mandate, people: Sequence[Recipient]) -> list[Told]:
    """Whom of the company and its broker to tell of their mandate. Raises KeyError for an unknown alert."""
    levels = ALERTS[kind].levels
    found = concerned(levels, mandate.company, mandate.broker, people)
    return [_told(person, level) for person, level in found]


def tell_of_own_work(news: OwnNews, people: Sequence[Recipient]) -> list[Told]:
    """Whom to tell of a company's own work: those that are named, else those of the catalogue's roles.

    Raises KeyError for an unknown alert.
    """
    levels = ALERTS[news.kind].levels
    if news.only is None:
        return [_told(p, level) for p, level in concerned(levels, news.company, None, people)]
    highest = max(levels.values())
    named = (person for person in people if person.user.id in news.only and person.user.active)
    return [_told(person, highest) for person in named]


def mandate_facts(mandate: Mandate) -> AlertFacts:
    """A mandate has no reference of its own: the end of its id tells one from another."""
    reference = f"M-{mandate.id[-_MANDATE_REFERENCE:]}"
    return AlertFacts(reference=reference, at=mandate.ends_at)


def raised_level(level: int, kind: AlertKind, *, perishable: bool) -> int:
    """What the alert is worth here: one more for goods that spoil, and good news wakes nobody."""
    raised = min(level + perishable, HIGHEST)
    return min(raised, HIGHEST_GOOD_NEWS) if kind.good_news else raised


def replaced(occasion: Occasion, user: str) -> Alert | None:
    """The newest alert of ``user`` that a correction makes untrue: its place on their phones is the correction's."""
    own = (alert for alert in occasion.told if alert.user == user)
    return max(own, key=lambda alert: (alert.raised_at, alert.id), default=None)


def lifetime(level: int) -> timedelta:
    """How long after it was raised an alert is still sent."""
    return CRITICAL_LIFETIME if level >= HIGHEST else LIFETIME


def facts(catalogue: Catalogue, occasion: Occasion) -> AlertFacts:
    """What the alert says, as codes; states and times are those after the fold."""
    procedure, message = occasion.procedure, occasion.entry.message
    definition = catalogue.definition(procedure.code, procedure.definition)
    agency = _agency(catalogue, definition, occasion)
    return AlertFacts(
        reference=short_reference(definition.identity, procedure.identity),
        code=procedure.code,
        definition=procedure.definition,
        state=procedure.state,
        agency=agency.code if agency else None,
        at=_time(occasion),
        container=occasion.container,
        place=_place(message.place or procedure.place),
    )


def _agency(catalogue: Catalogue, definition: Definition, occasion: Occasion) -> Agency | None:
    """Who said it; of what our clock says, who holds the file, or whose it is."""
    source = occasion.entry.message.source
    if source != CLOCK:
        return catalogue.agency_of_source(source)
    holder = definition.state(occasion.procedure.state).holder
    holding = catalogue.agencies.get(holder) if holder is not None else None
    return holding or catalogue.agency_of(definition)


def _concerned(
    kind: AlertKind, occasion: Occasion, people: Sequence[Recipient]
) -> list[tuple[Recipient, int]]:
    owner, broker = occasion.dossier.company, occasion.broker
    # A correction goes to exactly those who were alerted of what it corrects, whatever their role is now.
    correcting = [audience.level for audience in kind.audiences if audience.role == ALERTED]
    if correcting:
        told = {alert.user for alert in occasion.told}
        own = [p for p in people if p.user.active and p.user.company in {owner, broker}]
        return [(person, max(correcting)) for person in own if person.user.id in told]
    return concerned(kind.levels, owner, broker, people)


def _told(person: Recipient, level: int) -> Told:
    addresses = tuple(_addresses(person, level))
    return Told(user=person.user.id, level=level, addresses=addresses)


def _addresses(person: Recipient, level: int) -> Iterator[Address]:
    if level >= PUSH_FROM:
        yield from (_push(device) for device in person.devices if _reached_by_push(device))
    if level >= SMS_FROM and person.user.phone is not None:
        yield _sms(person.user, person.user.phone)


def _reached_by_push(device: Device) -> bool:
    return device.channel is Channel.PUSH and device.dead_at is None


def _push(device: Device) -> Address:
    return Address(
        channel=Channel.PUSH,
        address=device.address,
        label=device.label,
        locale=device.locale,
        device=device.id,
    )


def _sms(user: User, phone: str) -> Address:
    # The ledger shows the label to its owner, who knows the rest of the number.
    label = f"•••• {phone[-4:]}"
    return Address(channel=Channel.SMS, address=phone, label=label, locale=user.locale)


def _time(occasion: Occasion) -> datetime | None:
    message = occasion.entry.message
    happened = occasion.kind in SAY_WHEN_IT_HAPPENED
    return message.occurred_at if happened else message.due_at


def _place(place: Place | None) -> str | None:
    # A UN/LOCODE first: it has a name in each language.
    return (place.unlocode or place.facility or place.bureau) if place else None
