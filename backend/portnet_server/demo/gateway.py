"""A simulated agency system at the other end of our gateway: a real server that checks, keeps and acknowledges.

It stands for any of them; it acknowledges over the agencies' door like the real one, in its own time or when told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Self

import msgspec
from aiohttp import web

from portnet.domain.agency import Reference
from portnet.domain.agency_key import AgencyKey
from portnet.ports.clock import Clock
from portnet.security.signatures import Verdict, verify
from portnet_server.demo.agency_client import AgencyClient, Unreachable

_logger = logging.getLogger(__name__)

#: Seconds before an acknowledgement is posted again.
_ONCE_MORE = 1.0


class Received(msgspec.Struct, frozen=True):
    """A message as an agency's system reads it; see docs/reference/outgoing-messages.md."""

    id: str
    type: str
    occurred_at: datetime
    refs: tuple[Reference, ...]
    text: str | None = None
    content_hash: str | None = None


class _Acknowledgement(msgspec.Struct, frozen=True):
    event_id: str
    type: str
    occurred_at: datetime
    refs: tuple[Reference, ...]
    reasons: tuple[dict[str, str], ...] = ()


class SimulatedSystem:
    """Takes messages signed by ``key``; each key once, whatever comes twice.

    ``taken`` are the messages by their idempotency key; ``requests`` counts what came under each. ``refuses`` is the
    status that the next requests get instead, with ``refusal`` as the answer. ``on_taken`` is called with each message
    that is new.
    """

    def __init__(
        self,
        key: AgencyKey,
        clock: Clock,
        host: str = "127.0.0.1",
        on_taken: Callable[[Received], None] | None = None,
    ) -> None:
        self._key = key
        self._clock = clock
        self._host = host
        self._on_taken = on_taken
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.taken: dict[str, Received] = {}
        self.requests: dict[str, int] = {}
        self.refuses: int | None = None
        self.refusal: bytes = b""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/messages", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/messages"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def acknowledgement(self, id: str, *refs: Reference, times: int = 1) -> bytes:
        """The body of an ack of message ``id``, which names the references that the file has from now on."""
        return self._answer("ack", id, refs, (), times)

    def rejection(self, id: str, code: str, text: str) -> bytes:
        """The body of a nack of message ``id``."""
        return self._answer("nack", id, (), ({"code": code, "text": text, "lang": "fr"},), 1)

    def _answer(
        self,
        event: str,
        id: str,
        refs: tuple[Reference, ...],
        reasons: tuple[dict[str, str], ...],
        times: int,
    ) -> bytes:
        answer = _Acknowledgement(
            event_id=f"{id}-{event}-{times}",
            type=f"ENVELOPE.{event}",
            occurred_at=self._clock.now(),
            refs=(Reference(scheme="SUBMISSION", value=id), *refs),
            reasons=reasons,
        )
        return msgspec.json.encode(answer)

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        key = request.headers.get("Idempotency-Key", "")
        self.requests[key] = self.requests.get(key, 0) + 1
        header = request.headers.get("PortNet-Signature", "")
        if verify(header, body, self._key, self._clock.now()) is not Verdict.VALID:
            return web.Response(status=401)
        if self.refuses is not None:
            return web.Response(
                status=self.refuses, body=self.refusal, content_type="application/json"
            )
        known = key in self.taken
        self.taken[key] = message = msgspec.json.decode(body, type=Received)
        if self._on_taken is not None and not known:
            self._on_taken(message)
        return web.Response(status=202)


class Acknowledging:
    """An agency's system that has what it takes at once, and says so over the agencies' door once that is open.

    Use ``taken`` as the system's ``on_taken``, and `run` while messages are to be acknowledged.
    """

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    def taken(self, message: Received) -> None:
        self.has(message.id)

    def has(self, id: str) -> None:
        """Acknowledge the message of that id."""
        self._waiting.put_nowait(id)

    async def run(self, system: SimulatedSystem, client: AgencyClient) -> None:
        """Until cancelled. One that does not get through is tried again."""
        while True:
            taken = await self._waiting.get()
            try:
                await client.post("PORTNET", system.acknowledgement(taken))
            except Unreachable:
                _logger.warning("an acknowledgement did not get through; once more")
                self._waiting.put_nowait(taken)
                await asyncio.sleep(_ONCE_MORE)
