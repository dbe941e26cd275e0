"""Small facts that messages bring: references, places, reasons."""

from __future__ import annotations

import strawberry

from portnet.domain.agency import Place as StatedPlace
from portnet.domain.agency import Reason as StatedReason
from portnet.domain.agency import Reference as KnownReference


@strawberry.type
class Reference:
    scheme: str
    value: str

    @classmethod
    def of(cls, reference: KnownReference) -> Reference:
        return cls(scheme=reference.scheme, value=reference.value)


@strawberry.type
class Place:
    """``kind`` says what names it: FACILITY, UNLOCODE or BUREAU."""

    code: str
    label: str
    kind: str

    @classmethod
    def of(cls, place: StatedPlace | None) -> Place | None:
        """As precisely as the message says; None when it says nothing."""
        if place is None:
            return None
        code = place.unlocode or place.bureau or place.facility
        if code is None:
            return None
        if place.facility is not None:
            return cls(code=code, label=place.facility, kind="FACILITY")
        return cls(code=code, label=code, kind="UNLOCODE" if place.unlocode else "BUREAU")


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
