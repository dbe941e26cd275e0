"""The server behind the GraphQL endpoints: who it is, what they may start, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.language import InlineFragmentNode

from portnet.domain.localised import preferred_locale
from portnet.ports.live import Group
from portnet.ports.reading import FeedPage
from portnet_graphql.context import Context, Dependencies, Person, person_of
from portnet_graphql.cursors import FeedCursor
from portnet_graphql.documents import Documents, Prepared
from portnet_graphql.errors import (
    ContractError,
    ErrorCode,
    InvalidRequest,
    masked,
    request_error,
)
from portnet_graphql.execution import Execution, Renderers, bind, subscribe
from portnet_graphql.feeds.alike import Alike
from portnet_graphql.schema import build_schema
from portnet_graphql.transport import (
    OperationRequest,
    Origin,
    PreparedOperation,
    Refused,
    Single,
    Stream,
)
from portnet_graphql.types.feed import audience_of
from portnet_graphql.types.scalars import FeedAudience

#: Root fields that need no sign-in; the contract describes itself to everyone who may ask.
OPEN_FIELDS = frozenset(
    {"signIn", "refreshSession", "acceptInvitation", "__typename", "__schema", "__type"}
)

#: Read before all others, so that snapshot and events leave no gap.
_FEEDS = "feeds"

#: No feed gets that far, so the hub answers it with one RESET frame.
_UNREACHABLE = 2**62

_BEARER = re.compile(r"Bearer ([!-~]+)", re.IGNORECASE)
#: PostgreSQL's text cannot hold it. In a document it can only stand escaped.
_ESCAPED_NUL = re.compile(r"\\u(0000|\{0+\})|\x00")


class GraphQLOperations:
    """Implements the transports' `Operations` over our schema.

    Args:
        documents: parsed and validated against it; shared by all who serve the same schema.
    """

    def __init__(self, dependencies: Dependencies, documents: Documents | None = None) -> None:
        self._dependencies = dependencies
        self._documents = documents or Documents(build_schema())
        self._renderers = Renderers()
        self._alike = Alike()

    async def authenticate(self, payload: Mapping[str, object]) -> Person | None:
        """Who holds the bearer token, while their session lives."""
        authorization = payload.get("authorization")
        bearer = _BEARER.fullmatch(authorization) if isinstance(authorization, str) else None
        if bearer is None:
            return None
        now = self._dependencies.clock.now()
        session = self._dependencies.access.session(bearer[1], now)
        return None if session is None else await person_of(self._dependencies, session, now)

    async def prepare(
        self, viewer: Person | None, request: OperationRequest, origin: Origin
    ) -> PreparedOperation:
        """Everything that can be refused before the operation runs."""
        try:
            return await self._prepared(viewer, request, origin)
        except InvalidRequest as refused:
            return Refused(errors=refused.errors)
        except ContractError as error:
            return Refused(errors=[masked(error)])

    async def _prepared(
        self, person: Person | None, request: OperationRequest, origin: Origin
    ) -> PreparedOperation:
        _refuse_nul(request)
        prepared = self._documents.prepare(request.query)
        operation = prepared.operation(request.operation_name)
        fields = frozenset(root_fields(prepared.document, operation))
        if operation.operation is OperationType.SUBSCRIPTION:
            return await self._stream(_signed_in(person), prepared, request)
        if not fields <= OPEN_FIELDS:
            _signed_in(person)
        locale = person.user.locale if person else preferred_locale(origin.accept_language)
        context = Context(self._dependencies, person, locale, address=origin.address)
        execution = bind(prepared, request.variables, request.operation_name, context)

        async def run() -> bytes:
            return await _run(execution, context, takes_positions=_FEEDS in fields)

        return Single(run=run, mutation=operation.operation is OperationType.MUTATION)

    async def _stream(
        self, person: Person, prepared: Prepared, request: OperationRequest
    ) -> Stream:
        subscription = subscribe(prepared, request.variables, request.operation_name)
        renderer = self._renderers.shared(subscription)
        kind: FeedAudience = subscription.arguments["audience"]
        audience = audience_of(kind, person.viewer)
        shared = subscription.group(audience=audience, locale=person.user.locale)
        hides_viewer = shared is not None and kind is FeedAudience.COMPANY

        async def render(page: FeedPage) -> Sequence[bytes]:
            context = Context(self._dependencies, person, person.user.locale, shared=hides_viewer)
            return await self._alike.rendered(renderer, page, context)

        group = Group(audience=audience, key=shared or object(), render=render)
        after = await self._seq(subscription.arguments.get("after"), audience)
        return Stream(payloads=self._dependencies.live.follow(group, after))

    async def _seq(self, cursor: FeedCursor | None, audience: str) -> int | None:
        """Where the phone stands in ``audience``; a cursor of anything else is of no use."""
        if not cursor:
            return None
        generation = await self._dependencies.readers.feeds.generation()
        usable = cursor.audience == audience and cursor.generation == generation
        return cursor.seq if usable else _UNREACHABLE


async def _run(execution: Execution, context: Context, *, takes_positions: bool) -> bytes:
    if takes_positions:
        await context.take_positions()
    return await execution.run()


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Iterator[str]:
    """The names of the root fields, fragments included; what @skip leaves out counts too."""
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    left: list[SelectionSetNode] = [operation.selection_set]
    while left:
        for node in left.pop().selections:
            match node:
                case FieldNode():
                    yield node.name.value
                case FragmentSpreadNode():
                    # Popped: a fragment that was spread once has been counted.
                    fragment = fragments.pop(node.name.value, None)
                    left += [fragment.selection_set] if fragment else []
                case InlineFragmentNode():
                    left.append(node.selection_set)
                case _:
                    raise AssertionError(f"no selection: {node.kind}")


def _signed_in(person: Person | None) -> Person:
    if person is None:
        raise ContractError(ErrorCode.UNAUTHENTICATED, "Sign in first.")
    return person


def _refuse_nul(request: OperationRequest) -> None:
    left: list[object] = [request.variables]
    found = _ESCAPED_NUL.search(request.query) is not None
    # No recursion: variables may be nested as deeply as JSON lets them.
    while left and not found:
        value = left.pop()
        if isinstance(value, dict):
            left.extend(cast("dict[str, object]", value).values())
        elif isinstance(value, list):
            left.extend(cast("list[object]", value))
        else:
            found = isinstance(value, str) and "\x00" in value
    if found:
        message = "A text contains the character U+0000."
        raise InvalidRequest([request_error(ErrorCode.BAD_REQUEST, message)])
