"""Durations as people say them."""

import pytest

from portnet.domain.localised import Locale
from portnet_server.web.pages.indicator_words import duration


@pytest.mark.parametrize(
    ("seconds", "locale", "text"),
    [
        (0.44, "fr", "0,4 s"),
        (0.44, "en", "0.4 s"),
        (45, "fr", "45 s"),
        (59.7, "en", "1 min"),
        (150, "en", "2 min 30 s"),
        (9_000, "fr", "2 h 30 min"),
        (3_600, "en", "1 h"),
        (604_800, "fr", "7 j"),
        (630_000, "en", "7 d 7 h"),
        (9_000, "ar", "2 س 30 د"),
    ],
)
def test_a_duration_is_its_two_largest_units(seconds: float, locale: Locale, text: str) -> None:
    assert duration(seconds, locale) == text
