"""Documents of free text: parsed once, refused early, never slow."""

import contextlib

import pytest
import strawberry
from graphql import get_introspection_query
from hypothesis import given, settings
from hypothesis import strategies as st

from portnet_graphql.documents import Documents
from portnet_graphql.errors import ContractSchema, InvalidRequest


@strawberry.type
class Query:
    name: str = "n"

    @strawberry.field
    def me(self, first: int = 1) -> "Query":
        return Query()


SCHEMA = ContractSchema(Query)


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequest) as refused:
        Documents(SCHEMA).prepare(text)
    return str(refused.value.errors[0].get("extensions", {})["code"])


def test_a_text_is_prepared_once() -> None:
    documents = Documents(SCHEMA)
    assert documents.prepare("{ name }") is documents.prepare("{ name }")
    assert documents.prepare("{ name }") is not documents.prepare("{ name  }")


def test_an_invalid_text_is_remembered_too_and_each_refusal_is_its_own() -> None:
    documents = Documents(SCHEMA)
    refusals: list[InvalidRequest] = []
    for _ in range(2):
        with pytest.raises(InvalidRequest) as refused:
            documents.prepare("{ nobody }")
        refusals.append(refused.value)
    assert refusals[0] is not refusals[1]
    assert refusals[0].errors is refusals[1].errors


def test_the_cache_forgets_what_was_not_asked_for_longest() -> None:
    documents = Documents(SCHEMA, capacity=30)
    first, second = documents.prepare("{ a: name }"), documents.prepare("{ b: name }")
    assert documents.prepare("{ a: name }") is first
    documents.prepare("{ c: name }")
    assert documents.prepare("{ a: name }") is first
    assert documents.prepare("{ b: name }") is not second


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ('{ name(x: "\\uD800") }', "GRAPHQL_PARSE_FAILED"),
        ("{ nme }", "GRAPHQL_VALIDATION_FAILED"),
        ("type A { b: Int }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int) { name }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment F on Query { ...F }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ name " + "#" * 15_000 + "\n}", "DOCUMENT_TOO_LARGE"),
        ("{ me " * 60 + "{ name }" + "}" * 60, "DOCUMENT_TOO_LARGE"),
        ("{ me " * 2_400 + "}" * 2_400, "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_a_refused_document_says_why(text: str, code: str) -> None:
    assert refusal(text) == code


def test_no_refusal_suggests_a_name() -> None:
    with pytest.raises(InvalidRequest) as refused:
        Documents(SCHEMA).prepare("{ nam me(firs: 1) { name } }")
    assert "Did you mean" not in str(refused.value.errors)


def test_the_standard_introspection_query_fits() -> None:
    Documents(SCHEMA).prepare(get_introspection_query())


_BOMB = "{ ...F0 }" + "".join(
    f" fragment F{n} on Query {{ a: me {{ ...F{n + 1} }} b: me {{ ...F{n + 1} }} }}"
    for n in range(20)
)
HOSTILE = {
    "fragment bomb": _BOMB + " fragment F20 on Query { name }",
    "long chain": "{ ...F0 }"
    + "".join(f" fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(300))
    + " fragment F300 on Query { name }",
    "identical fields": "{" + "me{name} " * 250 + "}",
    "identical fields in an unused fragment": "{ name } fragment F on Query {"
    + "me{name} " * 250
    + "}",
    "equal fragments": "{"
    + " ".join(f"...F{n}" for n in range(200))
    + "}"
    + "".join(f" fragment F{n} on Query {{ me {{ name }} }}" for n in range(200)),
    "equal inline fragments": "{" + "...on Query{me{name}} " * 300 + "}",
    "aliases": "{" + " ".join(f"a{n}: name" for n in range(1_400)) + "}",
    "directives": "{ name " + "@skip(if: false) " * 500 + "}",
    "unknown fields": "{" + " ".join(f"x{n}" for n in range(2_000)) + "}",
    "deep value": "{ me(first: " + "[" * 3_000 + "]" * 3_000 + ") { name } }",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_before_it_costs_anything(name: str) -> None:
    # An exponential or quadratic path would take minutes here.
    assert refusal(HOSTILE[name]) in {
        "DOCUMENT_TOO_LARGE",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
    }


_PIECES = st.sampled_from(
    ["{", "}", "(", ")", "me", "name", "...", "F", "on Query", "fragment F", "query", "$n", ": Int",
     '"', '"""', "@skip(if: true)", "#", "\n", "!", "[", "]", "1", "\\u", "é", "\x00"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=40).map(" ".join) | st.text(max_size=200))
def test_no_text_does_anything_but_prepare_or_refuse(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        Documents(SCHEMA).prepare(text)
