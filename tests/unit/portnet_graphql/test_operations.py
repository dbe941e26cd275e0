"""What is decided about an operation before it runs: its root fields."""

from graphql import OperationDefinitionNode, parse

from portnet_graphql.operations import root_fields


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
