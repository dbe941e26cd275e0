"""Lists of options that standards and libraries keep: countries, currencies and their decimals.

What they are called comes from CLDR, in the three languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pycountry
from babel import Locale as Cldr
from iso4217 import Currency

from portnet.domain.declaring.form import Option
from portnet.domain.localised import LOCALES, Locale, Localised

#: ISO 3166 entries that are not offered: goods from and for the southern provinces are Moroccan here, as `places` has
#: them (MAEUN, MAVIL).
_NOT_OFFERED = frozenset({"EH"})


@cache
def currency_decimals() -> Mapping[str, int]:
    """How many decimals amounts have, by ISO 4217 code. Metals and test codes have none and are left out."""
    return {c.code: c.exponent for c in Currency if c.exponent is not None}


@cache
def standard_lists() -> Mapping[str, tuple[Option, ...]]:
    """``countries`` (ISO 3166, two letters) and ``currencies`` (ISO 4217), by code."""
    names = {locale: Cldr.parse(locale) for locale in LOCALES}
    countries = sorted(country.alpha_2 for country in pycountry.countries)
    return {
        "countries": tuple(
            _option(code, {lang: cldr.territories.get(code) for lang, cldr in names.items()})
            for code in countries
            if code not in _NOT_OFFERED
        ),
        "currencies": tuple(
            _option(code, {lang: _currency(cldr, code) for lang, cldr in names.items()})
            for code in sorted(currency_decimals())
        ),
    }


def _currency(cldr: Cldr, code: str) -> str:
    name = cldr.currencies.get(code)
    return f"{code} – {name}" if name else code


def _option(code: str, names: Mapping[Locale, str | None]) -> Option:
    """A code that CLDR has no name for is called by itself."""
    label = Localised(fr=names["fr"] or code, ar=names["ar"] or code, en=names["en"] or code)
    return Option(value=code, label=label)
