"""A simulated payment provider at the other end of our orders: a real server that takes each key once and, by what it
was told to do, confirms, fails, says nothing for now, refuses, or takes an order and never answers.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Self

import msgspec
from aiohttp import web

from portnet.domain.agency import Amount, Party, Reference
from portnet.domain.agency_key import AgencyKey
from portnet.ports.clock import Clock
from portnet.security.signatures import Verdict, verify

_ORDER = "PAYMENT.start"


class Behaviour(enum.Enum):
    """What becomes of the next new orders. SILENT: taken, the answer never comes; PENDING: no outcome until told."""

    CONFIRM = "confirmed"
    FAIL = "failed"
    PENDING = "pending"
    SILENT = "silent"
    REFUSE = "refused"


class TakenOrder(msgspec.Struct, frozen=True):
    """An order as the provider reads it; see docs/reference/outgoing-messages.md."""

    id: str
    type: str
    refs: tuple[Reference, ...]
    parties: tuple[Party, ...]
    amounts: tuple[Amount, ...] = ()


class SimulatedProvider:
    """Takes orders signed by ``key``. ``taken`` are they by their key; ``requests`` counts what came under each.

    ``said`` is the last message about each, by its key: post it to the inbox, or wait to be asked. ``on_other`` is
    called with the key of what is no order: what is withdrawn is acknowledged like any act.
    """

    def __init__(
        self,
        key: AgencyKey,
        clock: Clock,
        host: str = "127.0.0.1",
        on_other: Callable[[str], None] | None = None,
    ) -> None:
        self._on_other = on_other
        self._key = key
        self._clock = clock
        self._host = host
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.behaviour = Behaviour.PENDING
        self.taken: dict[str, TakenOrder] = {}
        self.requests: dict[str, int] = {}
        self.said: dict[str, bytes] = {}

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/payments", self._receive)
        app.router.add_get("/payments/{reference}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/payments"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def settle(self, key: str, event: str, code: str = "", text: str = "") -> bytes:
        """The provider makes up its mind about an order: its message, which it also gives to whoever asks."""
        order = self.taken[key]
        message: dict[str, object] = {
            "event_id": f"{key}-{event}",
            "type": f"PAYMENT.{event}",
            "occurred_at": self._clock.now(),
            "refs": [ref for ref in order.refs if ref.scheme != "SUBMISSION"],
            "parties": order.parties,
        }
        if code:
            message["reasons"] = [{"code": code, "text": text, "lang": "fr"}]
        self.said[key] = msgspec.json.encode(message)
        return self.said[key]

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        key = request.headers.get("Idempotency-Key", "")
        self.requests[key] = self.requests.get(key, 0) + 1
        if not self._ours(request, body):
            return web.Response(status=401)
        known = key in self.taken
        if not known and self.behaviour is Behaviour.REFUSE:
            return web.json_response({"code": "ACCOUNT", "message": "Compte clos"}, status=422)
        self.taken[key] = order = msgspec.json.decode(body, type=TakenOrder)
        if order.type != _ORDER:
            if self._on_other is not None and not known:
                self._on_other(key)
            return web.Response(status=202)
        if not known and self.behaviour in (Behaviour.CONFIRM, Behaviour.FAIL):
            self.settle(key, self.behaviour.value)
        if self.behaviour is Behaviour.SILENT and request.transport is not None:
            # Cut off in the middle: the caller cannot know that it was taken.
            request.transport.abort()
        return web.json_response({"reference": f"PSP-{key}"}, status=202)

    async def _answer(self, request: web.Request) -> web.Response:
        reference = request.match_info["reference"]
        if not self._ours(request, reference.encode()):
            return web.Response(status=401)
        key = reference.removeprefix("PSP-")
        if key not in self.taken:
            return web.Response(status=404)
        message = msgspec.Raw(self.said.get(key, b"null"))
        body = msgspec.json.encode({"reference": reference, "message": message})
        return web.Response(body=body, content_type="application/json")

    def _ours(self, request: web.Request, signed: bytes) -> bool:
        header = request.headers.get("PortNet-Signature", "")
        return verify(header, signed, self._key, self._clock.now()) is Verdict.VALID
