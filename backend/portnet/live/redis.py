"""The relay between processes, over Redis publish/subscribe. Redis may be away: hints are lost, events are not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from portnet.live.relay import Hint, OnHint

_logger = logging.getLogger(__name__)

_CHANNEL = "portnet:hints"
#: Hints that wait for Redis; more are dropped, since a late hint is worth little.
_BACKLOG = 1_000
_RETRY_SECONDS = 1.0


class _Envelope(msgspec.Struct, frozen=True):
    sender: str
    hint: Hint


class RedisRelay:
    """Implements `Relay`: this process hears its own hints at once, the others through Redis."""

    def __init__(self, url: str) -> None:
        # The library types its keyword arguments as unknown; what is used here is Any, at this one place.
        connect: Any = Redis
        self._redis: Any = connect.from_url(url, socket_connect_timeout=2.0)
        self._name = secrets.token_hex(8)
        self._outgoing: asyncio.Queue[Hint] = asyncio.Queue(_BACKLOG)
        self._on_hint: OnHint | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = asyncio.Event()

    async def start(self, on_hint: OnHint) -> None:
        self._on_hint = on_hint
        self._tasks = [
            asyncio.create_task(self._forever(self._send), name="hints-out"),
            asyncio.create_task(self._forever(self._listen), name="hints-in"),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._on_hint = None
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    def publish(self, hint: Hint) -> None:
        if self._on_hint is not None:
            self._on_hint(hint)
        with contextlib.suppress(asyncio.QueueFull):
            self._outgoing.put_nowait(hint)

    async def listening(self) -> None:
        """Wait until other processes' hints arrive here."""
        await self._listening.wait()

    async def _send(self) -> None:
        hint = await self._outgoing.get()
        envelope = _Envelope(self._name, hint)
        await self._redis.publish(_CHANNEL, msgspec.json.encode(envelope))

    async def _listen(self) -> None:
        try:
            async with self._redis.pubsub() as subscription:
                await subscription.subscribe(_CHANNEL)
                async for message in subscription.listen():
                    if message["type"] == "message":
                        self._deliver(message["data"])
                    else:
                        # Redis confirms a subscription; the library also renews one by itself.
                        self._listening.set()
        finally:
            self._listening.clear()

    def _deliver(self, data: bytes) -> None:
        try:
            envelope = msgspec.json.decode(data, type=_Envelope)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _logger.warning("a hint that is not ours stands in %s", _CHANNEL)
            return
        if envelope.sender != self._name and self._on_hint is not None:
            self._on_hint(envelope.hint)

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except (RedisError, OSError) as error:
                _logger.warning("Redis is away, hints are lost meanwhile: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception:
                # A relay that ended silently would leave this process to its polls for good.
                _logger.exception("a hint could not be passed on")
                await asyncio.sleep(_RETRY_SECONDS)
