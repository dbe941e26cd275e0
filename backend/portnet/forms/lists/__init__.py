"""Lists of options that standards and libraries keep: countries, currencies and their decimals.

What they are called comes from CLDR, in the three languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast

import pycountry
from babel import Locale as Cldr
from iso4217 import Currency

from portnet.domain.declaring.form import Option
from portnet.domain.localised import LOCALES, Locale, Localised

_Names = Mapping[str, str]

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
    territories = {locale: _names(locale, "territories") for locale in LOCALES}
    currencies = {locale: _names(locale, "currencies") for locale in LOCALES}
    countries = sorted({country.alpha_2 for country in pycountry.countries} - _NOT_OFFERED)
    return {
        "countries": tuple(_option(code, territories, "{name}") for code in countries),
        "currencies": tuple(
            _option(code, currencies, "{code} – {name}") for code in sorted(currency_decimals())
        ),
    }


def _names(locale: Locale, table: str) -> _Names:
    """One of CLDR's tables of names; babel says nothing of what is in them."""
    return cast("_Names", getattr(Cldr.parse(locale), table))


def _option(code: str, spoken: Mapping[Locale, _Names], pattern: str) -> Option:
    """A code that CLDR has no name for is called by itself."""

    def called(locale: Locale) -> str:
        name = spoken[locale].get(code)
        return pattern.format(code=code, name=name) if name else code

    return Option(value=code, label=Localised(fr=called("fr"), ar=called("ar"), en=called("en")))
