"""The phone's own words exist in its three languages."""

import pytest

from portnet_mobile.words import LOCALES, words


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_exists(locale: str) -> None:
    groups = words(locale).groups
    assert {group: set(keys) for group, keys in groups.items()} == {
        group: set(keys) for group, keys in words("fr").groups.items()
    }
    assert all(word for keys in groups.values() for word in keys.values())


def test_a_code_of_a_later_contract_is_shown_as_it_is() -> None:
    assert words("fr")("status", "PARKED") == "PARKED"


def test_a_language_that_is_not_ours_is_answered_in_french() -> None:
    assert words("es") is not None
    assert words("es")("status", "DONE") == words("fr")("status", "DONE")
