"""Folding, whatever people type: nothing is left that an engine could read in its own way."""

import re

from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.reference.letters import beginnings, fold, indexed
from portnet.domain.reference.tariff import wanted

_FOLDED = re.compile(r"[a-z0-9\u0620-\u064a ]*")
_ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_OURS = st.text("abcdeéèçÉœ 0123٣٤'-.النوطماةىئؤءـًّ", max_size=40)


@given(_ANY | _OURS)
def test_folded_text_holds_only_its_own_letters_and_folding_it_again_changes_nothing(
    text: str,
) -> None:
    folded = fold(text)
    assert _FOLDED.fullmatch(folded)
    assert fold(folded) == folded
    assert _FOLDED.fullmatch(indexed(text))


@given(_OURS)
def test_a_name_is_found_by_itself(text: str) -> None:
    own = indexed(text).split()
    for each in beginnings(text):
        assert any(word.startswith(tuple(each)) for word in own)


@given(_OURS, st.integers(min_value=0, max_value=40))
def test_a_name_is_found_as_it_is_typed(text: str, typed: int) -> None:
    own = indexed(text).split()
    for each in beginnings(text[:typed]):
        assert any(word.startswith(tuple(each)) for word in own)


@given(_ANY)
def test_whatever_is_typed_is_understood_or_looks_for_nothing(text: str) -> None:
    wanted(text)
