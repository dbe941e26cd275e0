"""A small server on our endpoints: one Strawberry schema, one hub that renders once per group."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import strawberry
import uvicorn
from graphql import OperationType
from litestar import Litestar, asgi
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send
from strawberry.schema.config import StrawberryConfig

from portnet_graphql.documents import Documents, Prepared
from portnet_graphql.errors import ContractError, ContractSchema, ErrorCode, InvalidRequest
from portnet_graphql.execution import GroupKey, Renderer, bind, subscribe
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


class ToyViewer(msgspec.Struct, frozen=True, kw_only=True):
    """A user session named by its token."""

    session_id: str
    session_expires_at: datetime


class Context(msgspec.Struct, kw_only=True):
    """What resolvers see; a shared frame's has no viewer."""

    server: "ToyServer"
    viewer: ToyViewer | None


Info = strawberry.Info[Context, None]


@strawberry.type
class Frame:
    cursor: str
    text: str


@strawberry.type
class Query:
    @strawberry.field
    async def hello(self, name: str = "world") -> str:
        await asyncio.sleep(0)
        return f"hello {name}"

    @strawberry.field
    def me(self, info: Info) -> str:
        if info.context.viewer is None:
            raise ContractError(ErrorCode.UNAUTHENTICATED, "Sign in first.")
        return info.context.viewer.session_id

    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError("secret")


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def publish(self, info: Info, text: str) -> int:
        return await info.context.server.publish(text)

    @strawberry.mutation
    async def sign_out(self, info: Info) -> bool:
        if info.context.viewer is not None:
            info.context.server.sockets.close_session(info.context.viewer.session_id)
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def feed(self, after: str | None = None) -> AsyncGenerator[Frame, None]:
        # The hub feeds it; this resolver only gives the field its type.
        nothing: tuple[Frame, ...] = ()
        for frame in nothing:
            yield frame


SCHEMA = ContractSchema(
    Query, Mutation, Subscription, config=StrawberryConfig(disable_field_suggestions=True)
)


class ToyServer:
    """`Operations`, and a hub: a frame is rendered once for each group, the bytes go to all."""

    def __init__(self) -> None:
        self.sockets = Sockets()
        self.documents = Documents(SCHEMA)
        self.renders = 0
        self.sequence = 0
        self._renderers: dict[GroupKey, Renderer] = {}
        self.queues: dict[asyncio.Queue[bytes], GroupKey] = {}
        self._changed = asyncio.Condition()

    async def authenticate(self, payload: Mapping[str, object]) -> ToyViewer | None:
        scheme, _, token = str(payload.get("authorization", "")).partition(" ")
        if scheme != "Bearer" or not token.startswith("token-"):
            return None
        until = datetime.now(UTC) + timedelta(hours=1)
        return ToyViewer(session_id=token, session_expires_at=until)

    async def prepare(
        self, viewer: ToyViewer | None, request: OperationRequest, origin: Origin
    ) -> PreparedOperation:
        try:
            return self._prepared(viewer, request)
        except InvalidRequest as refused:
            return Refused(errors=refused.errors)

    def _prepared(self, viewer: ToyViewer | None, request: OperationRequest) -> PreparedOperation:
        document = self.documents.prepare(request.query)
        kind = document.kind(request.operation_name)
        if kind is OperationType.SUBSCRIPTION:
            return self._stream(document, request)
        context = Context(server=self, viewer=viewer)
        execution = bind(document, request.variables, request.operation_name, context)
        return Single(run=execution.run, mutation=kind is OperationType.MUTATION)

    def _stream(self, document: Prepared, request: OperationRequest) -> Stream:
        subscription = subscribe(document, request.variables, request.operation_name)
        key = subscription.group(audience="all", locale="fr")
        assert key is not None
        return Stream(payloads=self._frames(key, subscription.renderer))

    async def _frames(self, key: GroupKey, renderer: Renderer) -> AsyncGenerator[bytes, None]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._renderers.setdefault(key, renderer)
        self.queues[queue] = key
        await self._notify()
        try:
            while payload := await queue.get():
                yield payload
        finally:
            del self.queues[queue]
            await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, fact: Callable[[], bool]) -> None:
        """Wait for a change of the subscribers that makes the fact true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(fact), 10)

    async def publish(self, text: str) -> int:
        """Render once per group, give everyone the bytes; how many got them."""
        self.sequence += 1
        frame = Frame(cursor=f"c{self.sequence}", text=text)
        for key in set(self.queues.values()):
            self.renders += 1
            context = Context(server=self, viewer=None)
            payload = await self._renderers[key].render(frame, context)
            for queue, group in self.queues.items():
                if group == key:
                    queue.put_nowait(payload)
        return len(self.queues)

    def finish_streams(self) -> None:
        """Complete every subscription from our side."""
        for queue in self.queues:
            queue.put_nowait(b"")

    def application(self) -> Litestar:
        """Both endpoints on one route, as in the real server."""
        http = HttpEndpoint(self)
        websocket = SocketEndpoint(
            self,
            self.sockets,
            now=lambda: datetime.now(UTC),
            limits=SocketLimits(initialisation=2.0),
        )

        @asgi("/graphql", copy_scope=False)
        async def graphql(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.WEBSOCKET:
                await websocket(scope, receive, send)
            else:
                await http(scope, receive, send)

        return Litestar([graphql], openapi_config=None)


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(server: ToyServer) -> AsyncGenerator[str]:
    """The authority (`127.0.0.1:port`) of a real uvicorn in this process."""
    config = uvicorn.Config(
        cast(Any, server.application()),
        port=0,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=262_144,
        log_level="warning",
        lifespan="on",
    )
    running = _Uvicorn(config)
    task = asyncio.create_task(running.serve())
    await asyncio.wait_for(running.ready.wait(), 10)
    try:
        yield f"127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        await server.sockets.close_all()
        running.should_exit = True
        await task


class Running:
    """The server and where it listens."""

    def __init__(self, server: ToyServer, authority: str) -> None:
        self.server = server
        self.http = f"http://{authority}/graphql"
        self.websocket = f"ws://{authority}/graphql"
