"""Places of the trade and the offices that answer there: what a code in a message is called, and whom to call.

An office is a desk, never a person. Codes that nobody publishes are ours and begin with ``XX-``.
"""

from __future__ import annotations

import enum

import msgspec

from portnet.domain.business_hours import OpeningHours
from portnet.domain.localised import Localised


class PlaceKind(enum.StrEnum):
    PORT = "PORT"
    AIRPORT = "AIRPORT"
    BORDER = "BORDER"
    CITY = "CITY"


class KnownPlace(msgspec.Struct, frozen=True, kw_only=True):
    """``code`` is a UN/LOCODE, or one of ours where that list has none; ``source`` says who says so."""

    code: str
    label: Localised
    kind: PlaceKind
    source: str
    verified: bool


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """Where an agency answers: ``agency`` and ``place`` are codes of the catalogue and of the places.

    ``bureau`` is the three digits of a customs office; ``phone`` (E.164) is known only where somebody published it.
    """

    code: str
    agency: str
    place: str
    label: Localised
    bureau: str | None
    phone: str | None
    hours: OpeningHours
    source: str
    verified: bool
