"""What the reference tables say, ready to be asked: places by code or words, offices, banks, headings by code.

Rows come checked (`reference_table`); imported ones stand in the place of shipped ones with the same code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from portnet.domain.agency import Place
from portnet.domain.business_hours import OpeningHours, parse_week
from portnet.domain.localised import LOCALES, Locale, Localised
from portnet.domain.reference.letters import beginnings, fold, indexed
from portnet.domain.reference.place import KnownPlace, Office, PlaceKind
from portnet.domain.reference.reference_table import KnownCodes, ReferenceRow, Table


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A code and its name: a regime, a bank, a tariff heading, a document."""

    code: str
    label: Localised
    source: str
    verified: bool


class References(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All tables by code. Its mappings are never changed."""

    places: Mapping[str, KnownPlace]
    offices: Mapping[str, Office]
    regimes: Mapping[str, Listed]
    banks: Mapping[str, Listed]
    headings: Mapping[str, Listed]
    documents: Mapping[str, Listed]

    def office(self, agency: str, place: Place | None) -> Office | None:
        """The office of ``agency`` at ``place``: by the customs' own number, else by the place.

        A message that names neither is answered by the agency's only office, if it has but one; None: not known.
        """
        own = self._offices_of.get(agency, ())
        if place is None or (place.bureau is None and place.unlocode is None):
            return own[0] if len(own) == 1 else None
        numbered = (o for o in own if o.bureau is not None and o.bureau == place.bureau)
        there = (o for o in own if o.place == place.unlocode)
        return next(numbered, None) or next(there, None)

    def bureau(self, number: str) -> Office | None:
        """The customs office of three digits."""
        return self._bureaus.get(number)

    def search_places(self, text: str | None, locale: Locale, first: int) -> list[KnownPlace]:
        """By the beginning of a code, or by words of the name in any language; all of them without a text."""
        return search(self.places.values(), text or "", locale, first)

    def known_codes(self, agencies: Iterable[str]) -> KnownCodes:
        """What rows of an imported table may point at."""
        return KnownCodes(
            places=frozenset(self.places),
            agencies=frozenset(agencies),
            headings=frozenset(self.headings),
        )

    # Frames ask for an office each: both look-ups are made once.
    @cached_property
    def _offices_of(self) -> Mapping[str, tuple[Office, ...]]:
        agencies = {office.agency for office in self.offices.values()}
        return {a: tuple(o for o in self.offices.values() if o.agency == a) for a in agencies}

    @cached_property
    def _bureaus(self) -> Mapping[str, Office]:
        return {office.bureau: office for office in self.offices.values() if office.bureau}


def references(rows: Mapping[Table, Sequence[ReferenceRow]]) -> References:
    """The tables out of checked ``rows``; of two rows with one code the later one holds."""

    def by_code(table: Table) -> list[ReferenceRow]:
        return list({row.code: row for row in rows.get(table, ())}.values())

    return References(
        places={row.code: _place(row) for row in by_code(Table.PLACES)},
        offices={row.code: _office(row) for row in by_code(Table.OFFICES)},
        regimes={row.code: _listed(row) for row in by_code(Table.REGIMES)},
        banks={row.code: _listed(row) for row in by_code(Table.BANKS)},
        headings={row.code: _listed(row) for row in by_code(Table.HEADINGS)},
        documents={row.code: _listed(row) for row in by_code(Table.DOCUMENTS)},
    )


def search(known: Iterable[KnownPlace], text: str, locale: Locale, first: int) -> list[KnownPlace]:
    """The ``first`` whose code begins with ``text``, or whose name in one language has all its words.

    The reader's own language decides the order; accents and capitals do not count.
    """
    typed = beginnings(text)
    code = "".join(text.split()).upper()
    found = [
        row
        for row in known
        if not typed
        or row.code.startswith(code)
        or any(_named(row.label.in_(own), typed) for own in LOCALES)
    ]
    found.sort(
        key=lambda row: (not row.code.startswith(code), fold(row.label.in_(locale)), row.code)
    )
    return found[:first]


def _named(label: str, typed: Sequence[frozenset[str]]) -> bool:
    """Whether each typed word has a beginning of one of the label's."""
    own = indexed(label).split()
    return all(any(word.startswith(tuple(each)) for word in own) for each in typed)


def _label(row: ReferenceRow) -> Localised:
    return Localised(fr=row.cells["fr"], ar=row.cells["ar"], en=row.cells["en"])


def _listed(row: ReferenceRow) -> Listed:
    return Listed(
        code=row.code,
        label=_label(row),
        source=row.cells["source"],
        verified=row.cells["verified"] == "true",
    )


def _place(row: ReferenceRow) -> KnownPlace:
    return KnownPlace(
        code=row.code,
        label=_label(row),
        kind=PlaceKind(row.cells["kind"]),
        source=row.cells["source"],
        verified=row.cells["verified"] == "true",
    )


def _office(row: ReferenceRow) -> Office:
    ramadan = row.cells["ramadan_hours"]
    return Office(
        code=row.code,
        agency=row.cells["agency"],
        place=row.cells["place"],
        label=_label(row),
        bureau=row.cells["bureau"] or None,
        phone=row.cells["phone"] or None,
        hours=OpeningHours(
            usual=parse_week(row.cells["hours"]),
            ramadan=parse_week(ramadan) if ramadan else None,
        ),
        source=row.cells["source"],
        verified=row.cells["verified"] == "true",
    )
