"""Every issue has a sentence in each language, with the same things named in all of them."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from portnet.domain.declaring.checking import check
from portnet.domain.declaring.issue import IssueCode
from portnet.domain.declaring.sentences import SENTENCES, sentence
from portnet.domain.localised import LOCALES
from tests.support.declaring.published import declaration, facts, form, line

ARABIC = re.compile(r"[\u0600-\u06ff]")


def named(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", IssueCode)
def test_every_code_has_a_sentence_in_three_languages(code: IssueCode) -> None:
    words = SENTENCES[code]
    assert ARABIC.search(words.ar)
    assert all(words.in_(locale).endswith((".", ").")) for locale in LOCALES)
    assert named(words.fr) == named(words.ar) == named(words.en)


def test_a_sentence_says_the_line_the_field_and_what_is_wrong() -> None:
    values = declaration(2, {f"goods/lines/{line(1)}/net": "99"})
    said = sentence(check(form(), values, facts())[0])
    assert said.fr == "Ligne 2 : Poids net (kg) : dépasse le poids brut."
    assert said.en == "Line 2: Net weight (kg): is more than the gross weight."
    assert said.ar == "السطر 2: الوزن الصافي (كلغ): يتجاوز الوزن الإجمالي."


def test_what_the_issue_found_stands_in_its_sentence() -> None:
    issues = check(form(), declaration(2, {"operation/invoice/amount": "250"}), facts())
    assert [sentence(issue).fr for issue in issues] == [
        "Montant de la facture : les lignes font 200.00, la facture 250."
    ]


def test_an_unknown_path_is_cut_and_never_read_as_a_pattern() -> None:
    issues = check(form(), {"{0}/" + "x" * 5_000: "1"}, facts())
    assert len(sentence(issues[0]).fr) < 200
