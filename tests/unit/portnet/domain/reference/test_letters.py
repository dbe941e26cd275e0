"""Words as searches compare them: what people leave out or write otherwise makes no difference."""

import pytest

from portnet.domain.reference.letters import beginnings, fold, indexed


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Œufs à l'état RÉFRIGÉRÉ", "oeufs a l etat refrigere"),
        ("Straße, ﬁlet", "strasse filet"),
        ("أَخْطُبُوط", "اخطبوط"),
        ("إضافات", "اضافات"),
        ("مبردة", "مبرده"),
        ("مستشفى", "مستشفي"),
        ("سـمـك", "سمك"),
        ("غذاء", "غذا"),
        ("٠٧٠٢", "0702"),
        ("کیک", "كيك"),
        ("番茄 🍅 tomate", "tomate"),
        ("", ""),
    ],
)
def test_accents_vowels_hamzas_and_capitals_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_an_arabic_word_is_found_with_and_without_what_stands_before_it() -> None:
    assert indexed("لتغذية الحيوان والطيور") == "لتغذيه الحيوان والطيور حيوان طيور الطيور"
    assert beginnings("الحيوان") == (frozenset({"الحيوان", "حيوان"}),)


def test_a_plural_finds_its_singular_and_an_elided_article_is_left_out() -> None:
    assert beginnings("tomates") == (frozenset({"tomat"}),)
    assert beginnings("l'huile") == (frozenset({"huile"}),)
    assert beginnings("gas") == (frozenset({"gas"}),)
    assert beginnings("t") == (frozenset({"t"}),)
