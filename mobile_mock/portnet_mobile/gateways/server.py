"""What both mock gateways are: an HTTP server that keeps what it accepted and fails as it is told.

``GET /messages?after=n`` reads back what was accepted, ``POST /behaviour`` scripts faults by a
Behaviour as JSON. Nothing is kept on disk, nothing is forwarded.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec
from aiohttp import web

Accepted = TypeVar("Accepted", bound=msgspec.Struct)

#: A fault that lasts until the next script.
_ALWAYS = -1


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the next ``times`` messages are treated (-1: all, until told otherwise), then well again.

    Args:
        status: answer this and accept nothing, unless ``deliver``; None answers well.
        retry_after: the Retry-After header of a ``status``, in seconds or as an HTTP date.
        body: the answer's body with ``status``.
        delay: seconds before the answer.
        drop: cut the connection instead of answering.
        deliver: accept the message first, whatever the answer then says.
        dead_tokens: addresses that are gone (push only); they stay so until the next script.
    """

    status: int | None = None
    retry_after: str | None = None
    body: str = ""
    delay: float = 0.0
    drop: bool = False
    deliver: bool = False
    times: int = _ALWAYS
    dead_tokens: frozenset[str] = frozenset()

    @property
    def is_fault(self) -> bool:
        return self.status is not None or self.drop or self.delay > 0


class Refused(Exception):
    """A message that a well gateway does not take. ``body`` is the answer's JSON."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class Page(msgspec.Struct, Generic[Accepted], frozen=True, kw_only=True):
    """``last`` is the number to ask after next; a gap means that the oldest were dropped."""

    messages: list[Accepted]
    last: int


class GatewayServer(abc.ABC, Generic[Accepted]):
    """A mock gateway on ``host``: ``async with PushGateway() as gateway: gateway.url``.

    Args:
        port: 0 takes a free one.
        capacity: how many accepted messages are kept.
        on_accepted: called with each, for a demo to show.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        capacity: int = 10_000,
        on_accepted: Callable[[Accepted], None] | None = None,
    ) -> None:
        self.behaviour = Behaviour()
        self._host, self._port = host, port
        self._accepted: deque[Accepted] = deque(maxlen=capacity)
        self._count = 0
        self._on_accepted = on_accepted
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://{self.address}"

    @property
    def address(self) -> str:
        """Host and port, as an Apprise URL wants them."""
        return f"{self._host}:{self._port}"

    @property
    def accepted(self) -> tuple[Accepted, ...]:
        """The messages kept, oldest first."""
        return tuple(self._accepted)

    async def wait_for(self, count: int) -> tuple[Accepted, ...]:
        """The messages kept, once ``count`` were accepted since the start."""
        while self._count < count:
            self._news.clear()
            await self._news.wait()
        return self.accepted

    def behave(self, behaviour: Behaviour) -> None:
        """Replaces the script."""
        self.behaviour = behaviour

    @abc.abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """Where messages are posted, to ``take``."""

    @abc.abstractmethod
    def read(self, number: int, body: bytes) -> Accepted:
        """The message in ``body``. Raises Refused."""

    @abc.abstractmethod
    def thanks(self, message: Accepted) -> web.Response:
        """The answer to an accepted message."""

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Answers one posted message as the script says."""
        body = await request.read()
        behaviour = self._next_behaviour()
        delivered = self._answer(body) if behaviour.deliver else None
        await self._pause(behaviour.delay)
        if behaviour.drop and request.transport is not None:
            request.transport.abort()
        if behaviour.status is not None:
            return _scripted(behaviour, behaviour.status)
        if behaviour.drop or self._closing.is_set():
            return web.Response(status=503)
        return delivered or self._answer(body)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)

    def _answer(self, body: bytes) -> web.Response:
        try:
            message = self.read(self._count + 1, body)
        except Refused as refusal:
            return json_response(refusal.body, refusal.status)
        self._count += 1
        self._accepted.append(message)
        self._news.set()
        if self._on_accepted is not None:
            self._on_accepted(message)
        return self.thanks(message)

    def _next_behaviour(self) -> Behaviour:
        now = self.behaviour
        if now.times == 0 or not now.is_fault:
            return Behaviour(dead_tokens=now.dead_tokens)
        if now.times > 0:
            self.behaviour = msgspec.structs.replace(now, times=now.times - 1)
        return now

    async def _messages(self, request: web.Request) -> web.Response:
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit()):
            return json_response({"error": "after is a number"}, 400)
        oldest = self._count - len(self._accepted)
        skipped = min(max(int(after[:18]) - oldest, 0), len(self._accepted))
        return json_response(Page(messages=list(self._accepted)[skipped:], last=self._count))

    async def _script(self, request: web.Request) -> web.Response:
        try:
            self.behave(msgspec.json.decode(await request.read(), type=Behaviour))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response(self.behaviour)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/messages", self._messages),
                web.post("/behaviour", self._script),
                *self.routes(),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()


def json_response(body: object, status: int = 200) -> web.Response:
    """``body`` as JSON."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


def _scripted(behaviour: Behaviour, status: int) -> web.Response:
    headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
    return web.Response(text=behaviour.body, status=status, headers=headers)
