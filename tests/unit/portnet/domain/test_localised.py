"""Accept-Language, as browsers and phones send it and as they should not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.localised import preferred_locale


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "fr"),
        ("", "fr"),
        ("ar", "ar"),
        ("AR-ma", "ar"),
        ("en-GB,en;q=0.9", "en"),
        ("de, es;q=0.9", "fr"),
        ("de, en;q=0.1", "en"),
        ("fr;q=0.5, ar;q=0.8, en;q=0.7", "ar"),
        ("en;Q=0.2, ar;Q=0.3", "ar"),
        ("ar, fr", "ar"),
        ("en;q=0, ar;q=0", "fr"),
        ("*", "fr"),
        ("en;q=nan, ar;q=0.1", "ar"),
        ("en;q=much, ar;q=0.1", "ar"),
        ("en;q=-1, ar;q=0.1", "ar"),
        ("english", "fr"),
    ],
)
def test_the_best_of_our_languages_is_chosen(header: str | None, locale: str) -> None:
    assert preferred_locale(header) == locale


@given(st.text() | st.from_regex(r"([a-z]{2}(;q=[0-9.a-z]{0,5})?,?){0,30}", fullmatch=True))
def test_no_header_is_an_error(header: str) -> None:
    assert preferred_locale(header) in ("fr", "ar", "en")
