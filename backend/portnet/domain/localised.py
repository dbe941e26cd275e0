"""Words in the three languages of the single window; which one is shown is the viewer's choice."""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec

Locale = Literal["fr", "ar", "en"]


class Localised(msgspec.Struct, frozen=True, kw_only=True):
    """One text in French, Arabic and English."""

    fr: str
    ar: str
    en: str

    def in_(self, locale: Locale) -> str:
        match locale:
            case "fr":
                return self.fr
            case "ar":
                return self.ar
            case "en":
                return self.en
            case _:
                assert_never(locale)
