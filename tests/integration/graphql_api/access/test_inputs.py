"""Every input of every mutation in the contract, with fields beside it that would say whose, who, or in which state."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from portnet.domain.identity.member import GRANTABLE
from tests.integration.graphql_api.access.places import Place, contract, document
from tests.integration.graphql_api.access.test_matrix import of_the_importer
from tests.integration.graphql_api.world import World

SCHEMA = contract()
assert SCHEMA.mutation_type is not None
MUTATIONS = sorted(SCHEMA.mutation_type.fields)
#: What only the server says.
_SERVERS = frozenset(
    {
        "company", "owner", "user", "author", "actor", "by", "onBehalfOf", "state", "status", "version",
        "sandbox", "createdAt", "updatedAt", "decidedBy", "decidedAt", "approval", "approvedBy",
        "contentHash", "passwordHash", "session", "isAdmin", "outgoing", "fingerprint",
    }
)  # fmt: skip
#: For whom a declaration is: one's own company, or one whose mandate the server looks up.
_MAY = {("SaveDeclarationInput", "company")}


def _bare(type_: Any) -> Any:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = _within(type_)
    return type_


def _within(wrapped: Any) -> Any:
    """What a list or a promise not to be null is of; graphql-core leaves its generics open."""
    return wrapped.of_type


def _inputs(type_: Any) -> Iterator[GraphQLInputObjectType]:
    """The input type and those inside it."""
    named = _bare(type_)
    if isinstance(named, GraphQLInputObjectType):
        yield named
        for field in named.fields.values():
            yield from _inputs(field.type)


def _items(given: Any) -> list[Any]:
    return list(given)


def _beside(type_: Any, given: Any) -> Iterator[Any]:
    """``given`` with one field that its type does not have, in turn for each field and each object in it."""
    named = _bare(type_)
    if isinstance(given, list):
        for item in _items(given):
            yield from ([other] for other in _beside(named, item))
    elif isinstance(named, GraphQLInputObjectType):
        yield from (given | {name: "x"} for name in sorted(_SERVERS - set(named.fields)))
        for name, value in given.items():
            yield from (given | {name: other} for other in _beside(named.fields[name].type, value))


def _argument(mutation: str) -> Any:
    assert SCHEMA.mutation_type is not None
    [argument] = SCHEMA.mutation_type.fields[mutation].args.values()
    return argument.type


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_no_input_says_what_only_the_server_says(mutation: str) -> None:
    named = {(t.name, field) for t in _inputs(_argument(mutation)) for field in t.fields}
    assert {(t, field) for t, field in named - _MAY if field in _SERVERS} == set()


async def test_no_field_beside_an_input_is_taken_anywhere(world: World) -> None:
    user = msgspec.structs.replace(world.users["chief"], roles=GRANTABLE)
    await world.write(user)
    token = await world.token("chief")
    tables = (
        "submission", "approval", "delegation", "user_account", "company", "document", "mutation_done",
    )  # fmt: skip
    before = await of_the_importer(world, tables)
    for mutation in MUTATIONS:
        place = Place("mutation", mutation, ("input",))
        text, variables = document(SCHEMA, place, "x", f"key-{mutation}")
        tried = list(_beside(_argument(mutation), variables["input"]))
        assert tried
        for given in tried:
            answer = await world.send(token, text, input=given)
            assert set(answer) == {"refused"}, (mutation, given, answer)
        literal = text.split("{ it:")[1].replace("$input", '{ company: "x" }')
        answer = await world.send(token, "mutation { it:" + literal)
        assert set(answer) == {"refused"}, (mutation, answer)
    assert await of_the_importer(world, tables) == before
