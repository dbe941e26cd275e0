"""What the GraphQL endpoints ask of the rest of the server; they know no schema and no service."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

import msgspec
from graphql import GraphQLFormattedError


class OperationRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A GraphQL request as it comes, in a POST body or a `subscribe` message."""

    query: str
    operation_name: str | None = None
    variables: dict[str, object] | None = None
    extensions: dict[str, object] | None = None


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request comes from; sockets keep it, so it holds no other header."""

    address: str | None = None
    accept_language: str | None = None
    user_agent: str | None = None


class Single(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A query or mutation; `run` answers an encoded result and is called at most once."""

    run: Callable[[], Awaitable[bytes]]
    mutation: bool


class Stream(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A subscription: encoded results, which may be shared by many phones.

    It holds nothing before its first step, and gives all back when closed.
    """

    payloads: AsyncGenerator[bytes, None]


class Refused(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A request error: the answer has these errors and no `data`; at least one."""

    errors: Sequence[GraphQLFormattedError]


PreparedOperation: TypeAlias = Single | Stream | Refused


class Signed(Protocol):
    """What a socket must know of its viewer."""

    @property
    def session_id(self) -> str:
        """The user session; signing out closes all its sockets."""
        ...

    @property
    def session_expires_at(self) -> datetime:
        """Aware UTC; the socket closes then, unless the session is renewed."""
        ...


Viewer = TypeVar("Viewer", bound=Signed)


class Operations(Protocol[Viewer]):
    """The server behind the endpoints."""

    async def authenticate(self, payload: Mapping[str, object]) -> Viewer | None:
        """Who it is; None: nobody we know.

        Args:
            payload: of `connection_init`; over HTTP `{"authorization": "Bearer …"}` or nothing.
        """
        ...

    async def prepare(
        self, viewer: Viewer | None, request: OperationRequest, origin: Origin
    ) -> PreparedOperation:
        """Parse, validate, check access, coerce variables; an expected failure is `Refused`.

        Args:
            viewer: None only over HTTP, before signing in.
        """
        ...
