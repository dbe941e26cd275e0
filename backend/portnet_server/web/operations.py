"""What the GraphQL endpoints ask of the rest of the server; they know no schema and no service."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from portnet_graphql.transport import OperationRequest, Origin, PreparedOperation


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
