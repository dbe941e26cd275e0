"""GraphQL over WebSocket as a raw ASGI application: I/O around the protocol's state machine.

A phone that goes away takes its operations with it; nothing of it outlives `__call__`.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any, Generic, assert_never

import msgspec
from litestar.types import Receive, WebSocketScope
from litestar.types import Send as AsgiSend

from portnet_graphql.errors import ErrorCode, masked, request_error
from portnet_graphql.transport import OperationRequest, Origin, Refused, Single, Stream
from portnet_server.web.operations import Operations, Viewer
from portnet_server.web.origin import origin_of
from portnet_server.web.protocol import (
    FORBIDDEN,
    INIT_TIMEOUT,
    INTERNAL_ERROR,
    SESSION_ENDED,
    SUBPROTOCOL,
    WRONG_SUBPROTOCOL,
    Action,
    Authenticate,
    Close,
    Conversation,
    Send,
    Start,
    Stop,
    complete_frame,
    error_frame,
    next_prefix,
)
from portnet_server.web.sockets import Sockets

_logger = logging.getLogger(__name__)


class SocketLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on one socket; times in seconds."""

    #: From the handshake to the acknowledgement, authentication included.
    initialisation: float = 5.0
    #: At once, those still unwinding included; an app opens two feeds.
    operations: int = 32
    #: For running queries and mutations to answer when the server ends the socket.
    drain: float = 2.0
    #: For a slow phone to take its close frame.
    farewell: float = 2.0


class SocketEndpoint(Generic[Viewer]):
    """Serves the subprotocol graphql-transport-ws; every socket is in `sockets` while it is open.

    Args:
        now: the current time, aware UTC.
    """

    def __init__(
        self,
        operations: Operations[Viewer],
        sockets: Sockets,
        *,
        now: Callable[[], datetime],
        limits: SocketLimits | None = None,
    ) -> None:
        self.operations = operations
        self.sockets = sockets
        self.now = now
        self.limits = limits or SocketLimits()

    async def __call__(self, scope: WebSocketScope, receive: Receive, send: AsgiSend) -> None:
        await receive()
        acceptable = SUBPROTOCOL in scope["subprotocols"]
        try:
            await send(
                {
                    "type": "websocket.accept",
                    "subprotocol": SUBPROTOCOL if acceptable else None,
                    "headers": [],
                }
            )
        except OSError:
            # Gone during the handshake.
            return
        socket = _Socket(self, origin_of(scope), receive, send)
        if acceptable:
            await socket.serve()
        else:
            await socket.close(WRONG_SUBPROTOCOL)


class _Socket(Generic[Viewer]):
    def __init__(
        self, endpoint: SocketEndpoint[Viewer], origin: Origin, receive: Receive, send: AsgiSend
    ) -> None:
        self._endpoint = endpoint
        self._origin = origin
        self._receive = receive
        self._send = send
        self._conversation = Conversation()
        self._viewer: Viewer | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        #: Every task, those told to stop included, until it has ended.
        self._tasks: set[asyncio.Task[None]] = set()
        #: Queries and mutations whose answer is on its way.
        self._answering: set[asyncio.Task[Any] | None] = set()
        self._sending = asyncio.Lock()
        self._silent = False
        #: Why the deadline was moved to now, if it was.
        self._ending: Close | None = None
        #: One timer for all that can end a socket: a late init, the session's end, a request.
        self._deadline = asyncio.timeout(endpoint.limits.initialisation)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a socket is served by a task")
        self.task: asyncio.Task[None] = task

    async def serve(self) -> None:
        """Until either side closes."""
        self._endpoint.sockets.add(self)
        close: Close | None = None
        try:
            async with self._deadline:
                close = await self._listen()
        except TimeoutError:
            close = self._ending or (SESSION_ENDED if self._conversation.accepted else INIT_TIMEOUT)
            await self._drain()
        finally:
            self._endpoint.sockets.discard(
                self, self._viewer.session_id if self._viewer is not None else None
            )
            await self._stop(self._tasks)
        if close is not None:
            await self.close(close)

    async def close(self, close: Close) -> None:
        """Send the close frame, if the phone still takes it."""
        self._silent = True
        try:
            async with asyncio.timeout(self._endpoint.limits.farewell):
                await self._send(
                    {"type": "websocket.close", "code": close.code, "reason": close.reason}
                )
        except (OSError, RuntimeError):
            # It has gone, has closed first, or reads too slowly (TimeoutError is an OSError).
            return

    # ------------------------------------------------------------ what the registry calls

    def end(self, close: Close) -> None:
        """Close from outside the socket's own task."""
        if self._ending is None:
            self._ending = close
            self._reschedule(0.0)

    def renew(self, until: datetime) -> None:
        """The session ends then."""
        if self._ending is None:
            self._reschedule((until - self._endpoint.now()).total_seconds())

    def _reschedule(self, seconds: float) -> None:
        # One that has fired is already ending the socket.
        if self._deadline.when() is not None and not self._deadline.expired():
            loop = self.task.get_loop()
            self._deadline.reschedule(loop.time() + max(seconds, 0.0))

    # ------------------------------------------------------------ the socket's own task

    async def _listen(self) -> Close | None:
        while True:
            event = await self._receive()
            match event["type"]:
                case "websocket.receive":
                    text = event.get("text")
                    frame = text if text is not None else event.get("bytes") or b""
                    close = await self._act(self._conversation.receive(frame))
                    if close is not None:
                        return close
                case "websocket.disconnect":
                    return None
                case _:
                    continue

    async def _act(self, action: Action | None) -> Close | None:
        match action:
            case None:
                return None
            case Send():
                await self._transmit(action.text)
            case Close():
                return action
            case Authenticate():
                return await self._authenticate(action)
            case Start():
                await self._start(action)
            case Stop():
                self._running.pop(action.id).cancel()
            case _:
                assert_never(action)
        return None

    async def _authenticate(self, action: Authenticate) -> Close | None:
        # Awaited here, so a phone may send `subscribe` without waiting for the acknowledgement:
        # it is read after it, and saves a round trip.
        try:
            viewer = await self._endpoint.operations.authenticate(action.payload)
        except Exception:
            _logger.exception("authentication of a socket failed")
            return INTERNAL_ERROR
        if viewer is None:
            return FORBIDDEN
        self._viewer = viewer
        self._endpoint.sockets.sign_in(viewer.session_id, self)
        await self._transmit(self._conversation.accept().text)
        self.renew(viewer.session_expires_at)
        return None

    async def _start(self, action: Start) -> None:
        if len(self._tasks) >= self._endpoint.limits.operations:
            refusal = request_error(
                ErrorCode.RATE_LIMITED, "Too many operations at once on this socket."
            )
            await self._transmit(error_frame(action.id, [refusal]))
            self._conversation.finish(action.id)
            return
        task = asyncio.create_task(self._run(action.id, action.request))
        self._running[action.id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------ each operation's task

    async def _run(self, operation_id: str, request: OperationRequest) -> None:
        try:
            await self._answer(operation_id, request)
        except Exception as error:
            await self._transmit(error_frame(operation_id, [masked(error)]))
        finally:
            # After a `complete` from the phone the id may already name another operation. No local
            # variable may hold the task: a cancelled one keeps this frame, and would keep itself.
            if self._running.get(operation_id) is asyncio.current_task():
                del self._running[operation_id]
                self._conversation.finish(operation_id)

    async def _answer(self, operation_id: str, request: OperationRequest) -> None:
        operation = await self._endpoint.operations.prepare(self._viewer, request, self._origin)
        match operation:
            case Refused():
                await self._transmit(error_frame(operation_id, operation.errors))
            case Single():
                await self._answer_once(operation_id, operation)
            case Stream():
                await self._answer_stream(operation_id, operation)
            case _:
                assert_never(operation)

    async def _answer_once(self, operation_id: str, operation: Single) -> None:
        self._answering.add(asyncio.current_task())
        try:
            payload = await operation.run()
            await self._transmit(f"{next_prefix(operation_id)}{payload.decode()}}}")
            await self._transmit(complete_frame(operation_id))
        finally:
            self._answering.discard(asyncio.current_task())

    async def _answer_stream(self, operation_id: str, operation: Stream) -> None:
        prefix = next_prefix(operation_id)
        async with aclosing(operation.payloads) as payloads:
            async for payload in payloads:
                if not await self._transmit(f"{prefix}{payload.decode()}}}"):
                    return
        await self._transmit(complete_frame(operation_id))

    async def _transmit(self, text: str) -> bool:
        """Send one frame when the phone can take it; False: it has gone."""
        async with self._sending:
            if self._silent:
                return False
            try:
                await self._send({"type": "websocket.send", "text": text, "bytes": None})
            except (OSError, RuntimeError):
                # OSError is ASGI's word for a phone that has gone; uvicorn raises RuntimeError
                # after closing a socket itself, for bad UTF-8 or a missing pong.
                self._silent = True
            return not self._silent

    # ------------------------------------------------------------ the end

    async def _drain(self) -> None:
        """Signed out or shutting down: streams stop now, running mutations may still answer."""
        await self._stop(self._tasks - self._answering)
        answering = {task for task in self._answering if task is not None}
        if answering:
            await asyncio.wait(answering, timeout=self._endpoint.limits.drain)

    async def _stop(self, tasks: set[asyncio.Task[None]]) -> None:
        stopping = tuple(tasks)
        for task in stopping:
            task.cancel()
        if stopping:
            await asyncio.wait(stopping)
