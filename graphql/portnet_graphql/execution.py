"""Prepared documents run into bytes: once for a request, once per group for a subscription's frame.

Knows no transport and no hub: frames come in, encoded results go out.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any

import msgspec
from graphql import ExecutionResult, FieldNode, GraphQLError, OperationType, VariableNode

from portnet_graphql.core import Bound, RootField, bound, run, run_event
from portnet_graphql.documents import Prepared
from portnet_graphql.errors import (
    ErrorCode,
    InvalidRequest,
    invalid_request,
    masked,
    presented,
    request_error,
)

#: The one argument that differs on every phone of a group: where its feed goes on.
CURSOR_ARGUMENT = "after"


class Execution:
    """One query or mutation with its variables, coerced; it runs once."""

    def __init__(self, executor: Bound) -> None:
        self._executor = executor

    async def run(self) -> bytes:
        """The encoded result: `data`, and `errors` if there are any. Never raises for a bug."""
        return encoded(await run(self._executor))


def bind(
    prepared: Prepared,
    variables: Mapping[str, object] | None,
    operation_name: str | None,
    context: object,
) -> Execution:
    """Choose a query or mutation and coerce its variables.

    Raises:
        InvalidRequest: no such operation, a subscription, or variables that do not fit.
    """
    if prepared.kind(operation_name) is OperationType.SUBSCRIPTION:
        raise _bad_request("A subscription has no single result.")
    return Execution(_executor(prepared, variables, operation_name, context))


async def execute(
    prepared: Prepared,
    variables: Mapping[str, object] | None,
    operation_name: str | None,
    context: object,
) -> bytes:
    """`bind` and run in one go; raises like `bind`."""
    return await bind(prepared, variables, operation_name, context).run()


class GroupKey(msgspec.Struct, frozen=True, kw_only=True):
    """Subscriptions of one key get the same bytes."""

    digest: str
    operation_name: str | None
    #: JSON of the declared variables that were given, the cursor's left out, keys sorted.
    variables: bytes
    locale: str
    audience: str


class Renderer:
    """Renders frames of one subscription, or of like ones, without keeping any of them.

    Args:
        prepared: a document whose chosen operation is a subscription.
        variables: those of any phone of the group; the cursor's value is not used.

    Raises:
        InvalidRequest: no such subscription, or variables that do not fit.
    """

    def __init__(
        self,
        prepared: Prepared,
        variables: Mapping[str, object] | None,
        operation_name: str | None = None,
    ) -> None:
        if prepared.kind(operation_name) is not OperationType.SUBSCRIPTION:
            raise _bad_request("This operation is not a subscription.")
        self._executor = _executor(prepared, variables, operation_name, None)
        try:
            self.root = RootField(self._executor)
        except LookupError:
            raise _bad_request("The subscription selects nothing.") from None
        except GraphQLError as error:
            raise invalid_request(ErrorCode.BAD_REQUEST, [error]) from None

    async def render(self, frame: object, context: object) -> bytes:
        """One frame as an encoded result.

        Args:
            frame: the value of the subscription's root field.
            context: made for this batch of frames: an older one's loaders hold stale rows.
        """
        payload = self.begin(frame, context)
        return payload if isinstance(payload, bytes) else await payload

    def begin(self, frame: object, context: object) -> bytes | Coroutine[None, None, bytes]:
        """The same, at once if no resolver waits for anything."""
        result = run_event(self._executor, self.root, frame, context)
        return encoded(result) if isinstance(result, ExecutionResult) else _encoded_later(result)


class Subscription(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A phone's subscription, bound to its variables."""

    prepared: Prepared
    operation_name: str | None
    #: The root field's name in the schema.
    field: str
    #: Its arguments as a resolver would get them, defaults filled in.
    arguments: Mapping[str, Any]
    shared_variables: bytes
    renderer: Renderer

    def group(self, *, audience: str, locale: str) -> GroupKey | None:
        """Whose bytes it can share; None: a field depends on the viewer, so nobody's."""
        if self.prepared.viewer_dependent:
            return None
        return GroupKey(
            digest=self.prepared.digest,
            operation_name=self.operation_name,
            variables=self.shared_variables,
            locale=locale,
            audience=audience,
        )


class Renderers:
    """Renderers of like subscriptions: one for all, since each keeps what it collected of its document.

    Args:
        capacity: how many are kept for phones to come; those in use live on.
    """

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str | None, bytes], Renderer] = OrderedDict()

    def shared(self, subscription: Subscription) -> Renderer:
        """The renderer that serves all subscriptions like this one."""
        key = (
            subscription.prepared.digest,
            subscription.operation_name,
            subscription.shared_variables,
        )
        renderer = self._known.setdefault(key, subscription.renderer)
        self._known.move_to_end(key)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return renderer


def subscribe(
    prepared: Prepared,
    variables: Mapping[str, object] | None,
    operation_name: str | None,
) -> Subscription:
    """Choose a subscription and read its root field; raises like `Renderer`."""
    renderer = Renderer(prepared, variables, operation_name)
    root = renderer.root
    return Subscription(
        prepared=prepared,
        operation_name=operation_name,
        field=root.node.name.value,
        arguments=root.arguments,
        shared_variables=_shared_variables(prepared, root, variables or {}),
        renderer=renderer,
    )


def encoded(result: ExecutionResult) -> bytes:
    """A result as JSON; one that JSON cannot say is our bug, masked like any other."""
    answer: dict[str, object] = {"data": result.data}
    if result.errors:
        answer["errors"] = presented(result.errors)
    try:
        return _encoder.encode(answer)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return _encoder.encode({"data": None, "errors": [masked(error)]})


async def _encoded_later(result: Awaitable[ExecutionResult]) -> bytes:
    return encoded(await result)


def _plain(value: object) -> object:
    # msgspec refuses subclasses of str, such as the markers that libraries make.
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def _executor(
    prepared: Prepared,
    variables: Mapping[str, object] | None,
    operation_name: str | None,
    context: object,
) -> Bound:
    executor = bound(prepared.schema, prepared.document, variables or {}, operation_name, context)
    if isinstance(executor, list):
        raise invalid_request(ErrorCode.BAD_REQUEST, executor)
    return executor


def _shared_variables(
    prepared: Prepared, root: RootField, variables: Mapping[str, object]
) -> bytes:
    cursor = _cursor_variable(root.node)
    if cursor is not None and prepared.variable_uses[cursor] != 1:
        # Used elsewhere too, its value may show in the frame: it stays in the key.
        cursor = None
    definitions = root.operation.variable_definitions or ()
    declared = {definition.variable.name.value for definition in definitions} - {cursor}
    given = {name: value for name, value in variables.items() if name in declared}
    return msgspec.json.encode(given, order="deterministic")


def _cursor_variable(root: FieldNode) -> str | None:
    for argument in root.arguments or ():
        if argument.name.value == CURSOR_ARGUMENT and isinstance(argument.value, VariableNode):
            return argument.value.name.value
    return None


def _bad_request(message: str) -> InvalidRequest:
    return InvalidRequest([request_error(ErrorCode.BAD_REQUEST, message)])
