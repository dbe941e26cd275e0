"""What a typed text looks for in the tariff: a code, or words."""

import pytest

from portnet.domain.reference.tariff import ByCode, ByWords, wanted


@pytest.mark.parametrize(
    ("text", "digits"),
    [("0702", "0702"), ("07.02", "0702"), ("0702.00 10", "07020010"), ("7", "7"), ("٠٧٠٢", "0702")],
)
def test_digits_are_the_beginning_of_a_code_whatever_parts_them(text: str, digits: str) -> None:
    assert wanted(text) == ByCode(digits=digits)


@pytest.mark.parametrize("text", ["", "  ", "?!", "🍅", "\0", "07020000000"])
def test_no_word_looks_for_nothing_and_neither_does_what_no_code_is(text: str) -> None:
    assert wanted(text) is None


def test_words_with_numbers_among_them_are_words() -> None:
    assert wanted("moteur 1500") == ByWords(words=(frozenset({"moteur"}), frozenset({"1500"})))
    assert wanted("0702-x") == ByWords(words=(frozenset({"0702"}),))


def test_a_long_text_is_cut() -> None:
    found = wanted("ab " * 10_000)
    assert found == ByWords(words=(frozenset({"ab"}),))
