"""A server behind the endpoints and a phone before them, both in memory."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
from litestar.types import HTTPScope, Message, WebSocketScope

from portnet_graphql.errors import ErrorCode, request_error
from portnet_graphql.transport import (
    OperationRequest,
    Origin,
    PreparedOperation,
    Refused,
    Single,
    Stream,
)
from portnet_server.web.http import HttpEndpoint
from portnet_server.web.socket import SocketEndpoint, SocketLimits
from portnet_server.web.sockets import Sockets

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class FakeViewer(msgspec.Struct, frozen=True, kw_only=True):
    """Signed in until one o'clock."""

    session_id: str = "s1"
    session_expires_at: datetime = NOON + timedelta(hours=1)


class FakeOperations:
    """Knows its operations by their text, `query` of the request."""

    def __init__(self) -> None:
        self.viewer: FakeViewer | None = FakeViewer()
        self.seen: list[tuple[FakeViewer | None, OperationRequest, Origin]] = []
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        self.open_streams = 0
        self.stream_closed = asyncio.Event()
        self.go_on = asyncio.Event()
        self.reached = asyncio.Event()
        self.sockets = Sockets()

    async def authenticate(self, payload: Mapping[str, object]) -> FakeViewer | None:
        match payload.get("authorization"):
            case "broken":
                raise TimeoutError("no database")
            case "never":
                await asyncio.Event().wait()
            case _:
                pass
        return self.viewer if payload.get("authorization") == "Bearer good" else None

    async def prepare(
        self, viewer: FakeViewer | None, request: OperationRequest, origin: Origin
    ) -> PreparedOperation:
        self.seen.append((viewer, request, origin))
        match request.query:
            case "stream":
                return Stream(payloads=self._stream())
            case "bad":
                error = request_error(ErrorCode.GRAPHQL_VALIDATION_FAILED, "No such field.")
                return Refused(errors=[error])
            case "private":
                return Refused(errors=[request_error(ErrorCode.UNAUTHENTICATED, "Sign in.")])
            case "bug":
                raise KeyError("secret")
            case "mutation" | "slow" | "sign out":
                return Single(run=lambda: self._mutate(request.query), mutation=True)
            case _:
                return Single(run=lambda: self._mutate("query"), mutation=False)

    async def _mutate(self, text: str) -> bytes:
        if text == "sign out":
            self.sockets.close_session("s1")
        if text == "slow":
            self.reached.set()
            await self.go_on.wait()
        return msgspec.json.encode({"data": text})

    async def _stream(self) -> AsyncGenerator[bytes, None]:
        self.open_streams += 1
        try:
            while frame := await self.frames.get():
                yield frame
        finally:
            self.open_streams -= 1
            self.stream_closed.set()


class FakePhone:
    """One socket, from the phone's side. `block` makes it a phone that reads nothing more."""

    def __init__(
        self, operations: FakeOperations, limits: SocketLimits | None = None, **scope: Any
    ) -> None:
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.readable = asyncio.Event()
        self.readable.set()
        self.gone = False
        endpoint = SocketEndpoint(
            operations, operations.sockets, now=lambda: NOON, limits=limits or SocketLimits()
        )
        scope = {"subprotocols": ["graphql-transport-ws"], "client": None, "headers": [], **scope}
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(
            endpoint(cast(WebSocketScope, scope), self._inbox.get, self._deliver)
        )

    async def _deliver(self, message: Message) -> None:
        await self.readable.wait()
        if self.gone:
            raise ConnectionResetError
        self._outbox.put_nowait(cast(dict[str, Any], message))

    def say(self, **message: Any) -> None:
        """Send one message as JSON."""
        self.send_text(msgspec.json.encode(message).decode())

    def send_text(self, text: str) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "bytes": data})

    def hang_up(self) -> None:
        """Vanish, as in a tunnel."""
        self.gone = True
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def hear(self) -> dict[str, Any]:
        """The next ASGI message."""
        return await asyncio.wait_for(self._outbox.get(), 5)

    async def read(self) -> dict[str, Any]:
        """The next frame, decoded."""
        message = await self.hear()
        assert message["type"] == "websocket.send", message
        return cast(dict[str, Any], msgspec.json.decode(message["text"]))

    async def closed(self) -> int:
        """The close code, once the server's task has ended."""
        while (message := await self.hear())["type"] != "websocket.close":
            pass
        await asyncio.wait_for(self.task, 5)
        assert self._outbox.empty()
        return int(message["code"])

    async def sign_in(self) -> None:
        assert (await self.hear())["type"] == "websocket.accept"
        self.say(type="connection_init", payload={"authorization": "Bearer good"})
        assert await self.read() == {"type": "connection_ack"}

    def subscribe(self, operation_id: str, query: str) -> None:
        self.say(type="subscribe", id=operation_id, payload={"query": query})


class Answer(msgspec.Struct, frozen=True):
    """What an HTTP client got."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.raw)

    @property
    def code(self) -> str:
        assert "data" not in self.json
        return str(self.json["errors"][0]["extensions"]["code"])


async def fetch(
    operations: FakeOperations,
    body: bytes | list[bytes] = b"",
    *,
    method: str = "POST",
    query_string: bytes = b"",
    max_body: int = 262_144,
    **headers: str | None,
) -> Answer:
    """One request; header names with underscores."""
    given = {"content_type": "application/json", **headers}
    scope = {
        "method": method,
        "query_string": query_string,
        "client": ("10.0.0.1", 5),
        "headers": [
            (name.replace("_", "-").encode(), value.encode())
            for name, value in given.items()
            if value is not None
        ],
    }
    chunks = [body] if isinstance(body, bytes) else body
    events = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks) - 1}
        for n, chunk in enumerate(chunks)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return events.pop(0) if events else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(cast(dict[str, Any], message))

    await HttpEndpoint(operations, max_body=max_body)(cast(HTTPScope, scope), receive, send)
    start, end = sent
    names = {key.decode(): value.decode() for key, value in start["headers"]}
    assert names["content-length"] == str(len(end["body"]))
    return Answer(start["status"], names, end["body"])
