"""Every place of the contract that takes an id, found in its text, and an operation that puts one there."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from portnet_graphql.schema import printed_schema

#: Made by the app and nobody's.
OWN = "clientMutationId"
#: Where a value of the right type is not enough to get as far as the id.
LIKELY: Mapping[str, Any] = {
    "code": "123456",
    "action": "cancel",
    "score": 4,
    "until": "2027-03-01T00:00:00Z",
    "text": "Voici.",
}
BY_TYPE: Mapping[str, Any] = {
    "String": "x",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "DateTime": "2026-11-24T00:00:00Z",
    "Date": "2026-11-24",
    "LocalTime": "08:00",
    "Cursor": "x",
}
#: Of these, the optional ones help as well.
_WANTED = frozenset({"proof", "code"})


class Place(NamedTuple):
    """``path`` leads from the field's arguments to the id."""

    operation: str
    field: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}({'.'.join(self.path)})"


def contract() -> GraphQLSchema:
    return build_schema(printed_schema())


def places(schema: GraphQLSchema) -> Iterator[Place]:
    """Of the queries and mutations; a subscription takes none, and a test says so."""
    for operation, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert root is not None
        for name, field in root.fields.items():
            for argument, given in field.args.items():
                yield from (
                    Place(operation, name, (argument, *rest)) for rest in _ids(_type(given), ())
                )


def document(schema: GraphQLSchema, place: Place, id_: str, key: str) -> tuple[str, dict[str, Any]]:
    """The operation's text and variables, ``id_`` at the place, and ``key`` as the app's own."""
    root = schema.query_type if place.operation == "query" else schema.mutation_type
    assert root is not None
    field = root.fields[place.field]
    given = {
        name: _value(_type(argument), name, place.path, (name,), id_, key)
        for name, argument in field.args.items()
        if isinstance(_type(argument), GraphQLNonNull) or name == place.path[0]
    }
    declared = ", ".join(f"${name}: {field.args[name].type}" for name in given)
    passed = ", ".join(f"{name}: ${name}" for name in given)
    text = f"{place.operation} ({declared}) {{ it: {place.field}({passed}) {_selected(schema, field)} }}"
    return text, given


def _type(given: Any) -> Any:
    """An argument's or an input field's type; graphql-core leaves its generics open."""
    return given.type


def _named(type_: Any) -> GraphQLNamedType:
    """Without the lists and the promises not to be null around it."""
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = _within(type_)
    assert isinstance(type_, GraphQLNamedType)
    return type_


def _within(wrapped: Any) -> Any:
    """What a list or a promise not to be null is of."""
    return wrapped.of_type


def _ids(type_: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    named = _named(type_)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            if name != OWN:
                yield from _ids(_type(field), (*path, name))
    elif named.name == "ID":
        yield path


def _value(
    type_: Any,
    name: str,
    target: tuple[str, ...],
    path: tuple[str, ...],
    id_: str,
    key: str,
) -> Any:
    nullable: Any = _within(type_) if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(nullable, GraphQLList):
        return [_value(_within(nullable), name, target, path, id_, key)]
    if isinstance(nullable, GraphQLInputObjectType):
        return {
            each: _value(_type(field), each, target, (*path, each), id_, key)
            for each, field in nullable.fields.items()
            if isinstance(_type(field), GraphQLNonNull)
            or each in _WANTED
            or target[: len(path) + 1] == (*path, each)
        }
    if isinstance(nullable, GraphQLEnumType):
        return next(iter(nullable.values))
    named = str(nullable)
    if named == "ID":
        return key if name == OWN else id_
    return LIKELY.get(name, BY_TYPE[named])


def _selected(schema: GraphQLSchema, field: GraphQLField) -> str:
    """What names the answer: its type and id, or its refusal's code and sentence."""
    named = _named(_type(field))
    if isinstance(named, GraphQLObjectType) and "nodes" in named.fields:
        return "{ nodes { __typename id } }"
    if isinstance(named, GraphQLObjectType):
        shown = " ".join(name for name in ("id", OWN) if name in named.fields)
        return f"{{ __typename {shown} }}"
    if isinstance(named, GraphQLInterfaceType):
        return "{ __typename id }"
    if not isinstance(named, GraphQLUnionType):
        return ""
    fragments = [
        f"... on {interface} {{ {fields} }}"
        for interface, fields in (("Node", "id"), ("Problem", "code message"))
        if any(interface in {i.name for i in member.interfaces} for member in named.types)
    ]
    return f"{{ __typename {' '.join(fragments)} }}"
