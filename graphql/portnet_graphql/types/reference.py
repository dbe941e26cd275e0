"""Small facts that messages bring (references, places, reasons), and what our tables know of them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.agency import Place as StatedPlace
from portnet.domain.agency import Reason as StatedReason
from portnet.domain.agency import Reference as KnownReference
from portnet.domain.business_hours import opening
from portnet.domain.localised import Locale
from portnet.domain.reference.place import KnownPlace, Office
from portnet.domain.reference.references import References
from portnet.domain.reference.tariff import TariffLine as KnownLine


@strawberry.type
class Reference:
    scheme: str
    value: str

    @classmethod
    def of(cls, reference: KnownReference) -> Reference:
        return cls(scheme=reference.scheme, value=reference.value)


@strawberry.type
class Place:
    code: str
    label: str
    kind: str = strawberry.field(
        description="PORT, AIRPORT, BORDER or CITY; FACILITY as the message names it, BUREAU for a"
        " customs office, UNLOCODE where the code is all that is known."
    )

    @classmethod
    def of(cls, place: StatedPlace | None, tables: References, locale: Locale) -> Place | None:
        """As precisely as the message says; None when it says nothing."""
        if place is None:
            return None
        code = place.unlocode or place.bureau or place.facility
        if code is None:
            return None
        if place.facility is not None:
            return cls(code=code, label=place.facility, kind="FACILITY")
        known = tables.places.get(code)
        if known is not None:
            return cls.known(known, locale)
        if place.unlocode is not None:
            return cls(code=code, label=code, kind="UNLOCODE")
        office = tables.bureau(code)
        label = code if office is None else office.label.in_(locale)
        return cls(code=code, label=label, kind="BUREAU")

    @classmethod
    def known(cls, place: KnownPlace, locale: Locale) -> Place:
        return cls(code=place.code, label=place.label.in_(locale), kind=place.kind.value)


@strawberry.type(description="An office, never a person.")
class Contact:
    label: str
    phone: str | None
    open_now: bool = strawberry.field(
        description="When this was read. A phone that keeps it counts from opensAt and closesAt."
    )
    opens_at: datetime | None = strawberry.field(
        description="Of the opening that holds now, or else of the next one."
    )
    closes_at: datetime | None = strawberry.field(description="Of the same opening.")

    @classmethod
    def of(cls, office: Office, locale: Locale, now: datetime) -> Contact:
        window = opening(office.hours, now)
        return cls(
            label=office.label.in_(locale),
            phone=office.phone,
            open_now=window is not None and window.open_at(now),
            opens_at=None if window is None else window.opens_at,
            closes_at=None if window is None else window.closes_at,
        )


@strawberry.type
class TariffLine:
    code: str
    label: str
    verified: bool

    @classmethod
    def of(cls, line: KnownLine, locale: Locale) -> TariffLine:
        return cls(code=line.code, label=line.label.in_(locale), verified=line.verified)


@strawberry.type(
    description="lang (BCP 47): the language an agency or a person wrote in; the screen sets"
    " direction and voice from it."
)
class Reason:
    code: str
    text: str
    lang: str

    @classmethod
    def of(cls, reason: StatedReason) -> Reason:
        return cls(code=reason.code, text=reason.text, lang=reason.lang)
