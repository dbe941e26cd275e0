"""What is decided about an operation before it runs: its root fields and its language."""

import pytest
from graphql import OperationDefinitionNode, parse

from portnet_graphql.operations import preferred, root_fields


def fields(text: str) -> set[str]:
    document = parse(text)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return set(root_fields(document, operation))


def test_root_fields_are_found_under_any_alias_and_in_any_fragment() -> None:
    text = """query { x: me { feeds } ...A ... { b } ... on Query { ...B @skip(if: true) } }
      fragment A on Query { c ...B } fragment B on Query { feeds } fragment C on Query { unused }"""
    assert fields(text) == {"me", "b", "c", "feeds"}


def test_fragments_that_spread_each_other_end() -> None:
    many = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))
    assert fields("{ ...F0 } " + many + " fragment F200 on Query { me { id } ...F0 }") == {"me"}
    assert fields("{ ...Nowhere }") == set()


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "fr"),
        ("", "fr"),
        ("en", "en"),
        ("AR-ma", "ar"),
        ("de-DE, en;q=0.8, fr;q=0.9", "fr"),
        ("fr;q=0.2, ar;q=0.3", "ar"),
        ("fr, en", "fr"),
        ("en;q=0", "fr"),
        ("en;q=x, ar;q=0.1", "ar"),
        ("english, french", "fr"),
        ("*", "fr"),
        (";;;,,,q=1", "fr"),
    ],
)
def test_the_phones_first_language_of_ours_is_taken(header: str | None, locale: str) -> None:
    assert preferred(header) == locale
