"""Our one typed edge to the executor of graphql-core: its generics are open, some of its names not quite public.

Nothing else may touch a private name of graphql-core or Strawberry; the pins in pyproject.toml and
the tests beside this module guard them.
"""

from __future__ import annotations

# graphql-core's Executor, its predicates and collectors are annotated with bare generics.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from collections.abc import Awaitable, Mapping
from typing import Any, TypeAlias, TypeGuard

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution import (
    Executor,
    execute_root_selection_set,
    get_argument_values,
)
from graphql.execution.collect_fields import collect_fields
from strawberry.execution import optimized_is_awaitable

#: A chosen operation with its variables coerced.
Bound: TypeAlias = Executor[Any]


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """graphql-core's schema under Strawberry's, which gives it no public name."""
    return schema._schema  # pyright: ignore[reportPrivateUsage]  # see above


def bound(
    schema: strawberry.Schema,
    document: DocumentNode,
    variables: Mapping[str, object],
    operation_name: str | None,
    context: object,
) -> Bound | list[GraphQLError]:
    """Choose the operation and coerce its variables; the errors if they do not fit."""
    return schema.execution_context_class.build(
        core_schema(schema),
        document,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=operation_name,
        max_coercion_errors=10,
        is_awaitable=_is_awaitable,
        hide_suggestions=True,
    )


async def run(executor: Bound) -> ExecutionResult:
    """Execute a query or mutation; synchronous where its resolvers are."""
    result = execute_root_selection_set(executor)
    return result if isinstance(result, ExecutionResult) else await result


def run_event(
    executor: Bound, root: RootField, frame: object, context: object
) -> ExecutionResult | Awaitable[ExecutionResult]:
    """Execute a subscription's selections once, over one value of its root field; at once if no resolver waits.

    graphql-core's own function collects the root's selections anew for each event, and keeps what it
    collects below them for ever (15 KiB an event in 3.3.2). Collected once, they are found again.
    """
    event: Bound = executor.build_per_event_executor(frame)
    event.context_value = context
    try:
        executed = event.execute_root_grouped_field_set(
            root.type, frame, root.selected, False, None
        )
    except GraphQLError as error:
        return _failed(event, error)
    return (
        _awaited(event, executed) if isinstance(executed, Awaitable) else _result(event, executed)
    )


async def _awaited(event: Bound, executed: Awaitable[dict[str, Any]]) -> ExecutionResult:
    try:
        return _result(event, await executed)
    except GraphQLError as error:
        return _failed(event, error)


def _failed(event: Bound, error: GraphQLError) -> ExecutionResult:
    event.collected_errors.add(error, None)
    return _result(event, None)


def _result(event: Bound, data: dict[str, Any] | None) -> ExecutionResult:
    result = event.build_response(data)
    if not isinstance(result, ExecutionResult):
        raise TypeError("a frame cannot come in parts")
    return result


class RootField:
    """The one field that a subscription selects; its selections are collected once for all events.

    Args:
        executor: bound to a valid subscription.

    Raises:
        LookupError: @skip or @include left nothing to select.
        GraphQLError: an argument does not fit.
    """

    def __init__(self, executor: Bound) -> None:
        root = executor.schema.subscription_type
        if root is None:
            raise LookupError("no subscriptions")
        selected = collect_fields(
            executor.schema,
            executor.fragments,
            executor.variable_values,
            root,
            executor.operation,
            True,
        ).grouped_field_set
        details = next(iter(selected.values()), None)
        field = executor.schema.get_field(root, details[0].node.name.value) if details else None
        if details is None or field is None:
            raise LookupError("nothing selected")
        self.type: GraphQLObjectType = root
        self.selected = selected
        self.node: FieldNode = details[0].node
        self.field: GraphQLField = field
        self.operation: OperationDefinitionNode = executor.operation
        self.arguments: dict[str, Any] = get_argument_values(
            field, self.node, executor.variable_values
        )


def _is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)
