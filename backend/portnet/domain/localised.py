"""Words in the three languages of the single window; which one is shown is the viewer's choice."""

from __future__ import annotations

from typing import Literal, assert_never, get_args

import msgspec

Locale = Literal["fr", "ar", "en"]

LOCALES: tuple[Locale, ...] = get_args(Locale)
#: Languages of a header that are looked at.
_MOST = 20


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


def preferred_locale(accept_language: str | None) -> Locale:
    """The best of ours by an Accept-Language header (RFC 9110); French without one. Never raises."""
    best: tuple[float, Locale] = (0.0, "fr")
    for item in (accept_language or "").split(",")[:_MOST]:
        tag, _, weight = item.strip().partition(";")
        for locale in LOCALES:
            if tag.strip().lower().partition("-")[0] == locale:
                best = max(best, (_quality(weight), locale), key=lambda found: found[0])
    return best[1]


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
