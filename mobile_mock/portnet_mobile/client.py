"""The phone's line to the server: signed requests over HTTP, the live feeds over one WebSocket.

It keeps the tokens fresh and turns every failure into one of `errors`; it holds no data and decides
nothing about it.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from gql import GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

from portnet_mobile.clock import Clock
from portnet_mobile.contract import (
    Frame,
    Problem,
    SyncPage,
    Tokens,
    read_frame,
    read_result,
    read_sync,
)
from portnet_mobile.errors import (
    NotSignedIn,
    Refused,
    SessionEnded,
    Unreachable,
    raise_for_errors,
    sorted_failures,
)
from portnet_mobile.operations import documents
from portnet_mobile.step_up import Code, proven

#: Seconds a request may take, on a bad network.
_REQUEST_TIMEOUT = 20
#: Seconds for each step of opening a socket, and for taking leave of it.
_OPENING_TIMEOUT, _CLOSING_TIMEOUT = 10, 2
#: Seconds between pings, and to wait for an answer: how soon a dead network is noticed.
_PING_EVERY, _PONG_WITHIN = 30, 15

#: An access token is renewed this long before it lapses; never again within the second.
_BEFORE_EXPIRY = timedelta(minutes=1)
_LEAST_LIFE = timedelta(seconds=30)

_FEEDS: Final[Mapping[str, str]] = {"COMPANY": "CompanyFeed", "ME": "MyFeed"}

T = TypeVar("T")
Variables = Mapping[str, object]


class Client:
    """A signed-in line to the server at ``url`` (http or https, without a path).

    Args:
        locale: sent along, for where the server does not know the person yet.
    """

    def __init__(self, url: str, *, locale: str, clock: Clock) -> None:
        self._url = url.rstrip("/") + "/graphql"
        self._locale = locale
        self._clock = clock
        self._http = AIOHTTPTransport(
            url=self._url,
            headers={
                "Accept": "application/graphql-response+json, application/json;q=0.9",
                "Accept-Language": locale,
            },
            timeout=_REQUEST_TIMEOUT,
        )
        self._tokens: Tokens | None = None
        self._renew_at: datetime | None = None
        self._refreshing = asyncio.Lock()

    async def open(self) -> None:
        """Ready to send; opens no connection yet."""
        await self._http.connect()

    async def close(self) -> None:
        """Drops the connections and forgets the tokens."""
        self._tokens = None
        await self._http.close()

    @property
    def signed_in(self) -> bool:
        """Whether a session is held; it may have ended on the server."""
        return self._tokens is not None

    @property
    def renew_at(self) -> datetime:
        """When the session should be refreshed, by this phone's clock."""
        if self._renew_at is None:
            raise SessionEnded("Nobody is signed in.", "SESSION_ENDED")
        return self._renew_at

    async def sign_in(self, login: str, password: str, code: Code | None = None) -> None:
        """Opens a session, with a ``code`` where the account asks for one.

        Raises Refused for wrong credentials, or an error of the line.
        """
        given = {"login": login, "password": password}
        await self._open_session("SignIn", "signIn", given, code)

    async def sign_out(self) -> None:
        """Ends the session on the server, then forgets it."""
        await self.execute("SignOut", {"input": {"clientMutationId": mutation_id()}})
        self._tokens = None

    async def refresh(self, stale: Tokens | None = None) -> None:
        """Hands the refresh token over for new ones; renews the life of the session's sockets.

        Args:
            stale: the tokens that were not accepted; if others are held by now, they will do.

        Raises:
            SessionEnded: it cannot be renewed any more.
        """
        async with self._refreshing:
            held = self._session()
            if stale is not None and stale is not held:
                return
            try:
                await self._open_session(
                    "RefreshSession", "refreshSession", {"refreshToken": held.refresh_token}
                )
            except Refused as refused:
                if refused.problem.code != "WRONG_CREDENTIALS":
                    raise Unreachable(str(refused)) from refused
                self._tokens = None
                raise SessionEnded(
                    "The session has ended; sign in again.", "SESSION_ENDED"
                ) from refused

    async def execute(self, operation: str, variables: Variables | None = None) -> dict[str, Any]:
        """The operation's data, all fields answered; a lapsed token is renewed once on the way."""
        await self._renew_if_due()
        return await self._once_more(lambda tokens: self._post(operation, variables, tokens))

    async def ask(self, operation: str, type_: type[T], variables: Variables | None = None) -> T:
        """The operation's data as a shape of `contract`."""
        data = await self.execute(operation, variables)
        with sorted_failures():
            return msgspec.convert(data, type_)

    async def act(
        self,
        operation: str,
        field: str,
        variables: Variables,
        type_: type[T],
        typename: str | frozenset[str],
        code: Code | None = None,
    ) -> T:
        """The member ``typename`` of a mutation's union; raises Refused for a Problem.

        Where the server asks for a second factor, ``code`` is asked for it, under the same mutation's id.
        """
        wish = {"clientMutationId": mutation_id(), **variables}

        async def attempt(proof: Variables) -> T | Problem:
            data = await self.execute(operation, {"input": {**wish, **proof}})
            with sorted_failures():
                return read_result(data[field], type_, typename)

        return _granted(await proven(attempt, code, self._clock))

    async def sync(self, after: str, first: int) -> SyncPage:
        """What came after a cursor, ``first`` frames at most."""
        data = await self.execute("Sync", {"after": after, "first": first})
        with sorted_failures():
            return read_sync(data["sync"])

    @asynccontextmanager
    async def socket(self) -> AsyncGenerator["Socket", None]:
        """An open WebSocket that knows who we are; closed when left."""
        await self._renew_if_due()
        socket = await self._once_more(self._connect)
        try:
            yield socket
        finally:
            await socket.close()

    async def _once_more(self, attempt: Callable[[Tokens], Awaitable[T]]) -> T:
        tokens = self._session()
        try:
            return await attempt(tokens)
        except NotSignedIn:
            await self.refresh(stale=tokens)
            return await attempt(self._session())

    async def _renew_if_due(self) -> None:
        tokens = self._session()
        if self._renew_at is not None and self._clock.now() >= self._renew_at:
            await self.refresh(stale=tokens)

    def _session(self) -> Tokens:
        if self._tokens is None:
            raise SessionEnded("Nobody is signed in.", "SESSION_ENDED")
        return self._tokens

    async def _open_session(
        self, operation: str, field: str, variables: Variables, code: Code | None = None
    ) -> None:
        async def attempt(proof: Variables) -> Tokens | Problem:
            sent = {"input": {"clientMutationId": mutation_id(), **variables, **proof}}
            data = await self._post(operation, sent, None)
            with sorted_failures():
                return read_result(data[field], Tokens, "SignedIn")

        session = _granted(await proven(attempt, code, self._clock))
        now = self._clock.now()
        self._tokens = session
        # A phone whose clock is wrong renews too often or too late, and neither breaks it.
        self._renew_at = now + max(session.expires_at - now - _BEFORE_EXPIRY, _LEAST_LIFE)

    async def _post(
        self, operation: str, variables: Variables | None, tokens: Tokens | None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens.access_token}"} if tokens else {}
        with sorted_failures():
            result = await self._http.execute(
                _request(operation, variables), extra_args={"headers": headers}
            )
        raise_for_errors(result.errors)
        return msgspec.convert(result.data, dict[str, Any])

    async def _connect(self, tokens: Tokens) -> "Socket":
        transport = WebsocketsTransport(
            url="ws" + self._url.removeprefix("http"),
            headers={"Accept-Language": self._locale},
            init_payload={"authorization": f"Bearer {tokens.access_token}"},
            connect_timeout=_OPENING_TIMEOUT,
            ack_timeout=_OPENING_TIMEOUT,
            close_timeout=_CLOSING_TIMEOUT,
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
            connect_args={
                "ping_interval": _PING_EVERY,
                "ping_timeout": _PONG_WITHIN,
                "close_timeout": _CLOSING_TIMEOUT,
                "compression": None,
            },
        )
        try:
            with sorted_failures():
                await transport.connect()
        except BaseException:
            await transport.close()
            raise
        return Socket(transport)


class Socket:
    """One connection of the subprotocol graphql-transport-ws."""

    def __init__(self, transport: WebsocketsTransport) -> None:
        self._transport = transport

    async def feed(self, audience: str, after: str) -> AsyncGenerator[Frame, None]:
        """What came after the cursor, then live; ends only by an error of the line."""
        request = _request(_FEEDS[audience], {"after": after})
        with sorted_failures():
            async with aclosing(self._transport.subscribe(request)) as results:
                async for result in results:
                    raise_for_errors(result.errors)
                    yield read_frame(msgspec.convert(result.data, dict[str, Any])["feed"])
        raise Unreachable("The server ended the feed.", "CLOSED")

    def cut(self) -> None:
        """Drops the connection without a word, as a network does."""
        websocket = self._transport.adapter.websocket
        if websocket is not None:
            websocket.transport.abort()

    async def close(self) -> None:
        """Takes leave, if anybody still listens."""
        await self._transport.close()


def mutation_id() -> str:
    """A new name for a write: the same name again replays the same answer."""
    return str(uuid.uuid4())


def _granted(result: T | Problem) -> T:
    if isinstance(result, Problem):
        raise Refused(result)
    return result


def _request(operation: str, variables: Variables | None) -> GraphQLRequest:
    return GraphQLRequest(
        documents()[operation],
        variable_values=dict(variables or {}),
        operation_name=operation,
    )
