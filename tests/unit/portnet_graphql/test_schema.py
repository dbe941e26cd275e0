"""The contract's text, and rules that every part of it keeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
)

from portnet.domain.procedure import Refusal
from portnet_graphql.core import core_schema
from portnet_graphql.documents import Documents
from portnet_graphql.schema import build_schema, printed_schema
from portnet_graphql.types.node import Kind
from portnet_graphql.types.procedure import REFUSED

CONTRACT = Path(__file__).parents[3] / "graphql/schema.graphql"
SCHEMA = build_schema()


def types() -> Iterator[GraphQLNamedType]:
    return (t for t in core_schema(SCHEMA).type_map.values() if not t.name.startswith("__"))


def test_the_contract_in_the_repository_is_the_code_s() -> None:
    assert CONTRACT.read_text(encoding="utf-8") == printed_schema()


def test_the_text_of_the_contract_is_the_same_every_time() -> None:
    assert printed_schema() == printed_schema()


def test_every_kind_of_id_is_a_node_and_every_node_has_one() -> None:
    nodes = {
        t.name
        for t in types()
        if isinstance(t, GraphQLObjectType) and "Node" in {i.name for i in t.interfaces}
    }
    assert nodes == {kind.value for kind in Kind}


def test_every_mutation_takes_one_input_with_the_apps_own_id() -> None:
    mutations = core_schema(SCHEMA).mutation_type
    assert mutations is not None
    for field in mutations.fields.values():
        [argument] = field.args.values()
        shape = f"{argument.type}"
        assert shape.endswith("Input!")
        taken = core_schema(SCHEMA).get_type(shape.removesuffix("!"))
        assert isinstance(taken, GraphQLInputObjectType)
        assert str(taken.fields["clientMutationId"].type) == "ID!"


def test_every_refusal_of_a_result_is_a_problem() -> None:
    for union in (t for t in types() if isinstance(t, GraphQLUnionType) and "Result" in t.name):
        problems = [t for t in union.types if "message" in t.fields]
        assert problems, union.name
        assert {i.name for t in problems for i in t.interfaces} == {"Problem"}


def test_no_list_knows_offsets() -> None:
    for name, field in _fields():
        assert not {"offset", "skip", "page"} & set(field.args), name


def test_what_two_viewers_of_a_company_see_differently_is_marked() -> None:
    text = "{ dossiers { nodes { alertLedger { at } } } }"
    assert Documents(SCHEMA).prepare(text).viewer_dependent
    assert not Documents(SCHEMA).prepare("{ dossiers { nodes { title } } }").viewer_dependent


def test_there_is_a_sentence_for_every_refused_message() -> None:
    assert set(REFUSED) == set(Refusal)


@pytest.mark.parametrize("name", ["officer", "inspector", "agentName"])
def test_nothing_names_an_officer(name: str) -> None:
    assert name not in printed_schema()


def _fields() -> Iterator[tuple[str, GraphQLField]]:
    for type_ in types():
        if isinstance(type_, GraphQLObjectType):
            yield from ((f"{type_.name}.{name}", f) for name, f in type_.fields.items())
