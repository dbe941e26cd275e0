"""Which of our three languages a request prefers."""

from __future__ import annotations

from portnet.domain.localised import Locale

_OURS: tuple[Locale, ...] = ("fr", "ar", "en")
_MOST = 20


def preferred_locale(accept_language: str | None) -> Locale:
    """The best of ours by an Accept-Language header (RFC 9110); French without one. Never raises."""
    best: tuple[float, Locale] = (0.0, "fr")
    for item in (accept_language or "").split(",")[:_MOST]:
        tag, _, weight = item.strip().partition(";")
        for locale in _OURS:
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
