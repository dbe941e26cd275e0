"""The payment provider over HTTP: orders leave through the gateway like all that leaves, and are asked about here.

``PSP`` among the gateways' addresses is where orders go; ``<that>/<reference>`` answers what became of one.
"""

from __future__ import annotations

from urllib.parse import quote

import aiohttp
import msgspec

from portnet.domain.outgoing import Outgoing
from portnet.domain.paying.obligation import PROVIDER
from portnet.ports.clock import Clock
from portnet.ports.gateway import Answer
from portnet.ports.paying.provider import Outcome, Unsettled
from portnet.security.signatures import SigningKey, sign
from portnet_server.gateway import AgencySystems, HttpGateway

_PATIENCE = aiohttp.ClientTimeout(total=15)
_LONGEST_ANSWER = 65_536
_OK = 200
_NOTHING = b"null"


class _Status(msgspec.Struct, frozen=True):
    """``message`` is the agency message that the provider sent about it last, if it sent one."""

    message: msgspec.Raw = msgspec.Raw(_NOTHING)


class _Named(msgspec.Struct, frozen=True):
    event_id: str


class HttpPaymentProvider:
    """Implements `PaymentProvider`. An answer is trusted as far as its address is, which the settings name."""

    def __init__(
        self, gateway: HttpGateway, systems: AgencySystems, key: SigningKey, clock: Clock
    ) -> None:
        self._gateway = gateway
        self._systems = systems
        self._key = key
        self._clock = clock

    async def start(self, order: Outgoing) -> Answer:
        return await self._gateway.send(order)

    async def status(self, reference: str, *, sandbox: bool) -> Outcome | Unsettled:
        url = self._systems.url(PROVIDER, sandbox)
        if url is None:
            return Unsettled(detail="the provider has no address")
        headers = {
            "PortNet-Key": self._key.id,
            "PortNet-Signature": sign(reference.encode(), self._key, self._clock.now()),
        }
        asked = f"{url}/{quote(reference, safe='')}"
        try:
            async with (
                aiohttp.ClientSession(timeout=_PATIENCE) as session,
                session.get(asked, headers=headers, allow_redirects=False) as response,
            ):
                return _read(response.status, await response.content.read(_LONGEST_ANSWER))
        except (aiohttp.ClientError, TimeoutError) as error:
            return Unsettled(detail=f"not reached: {type(error).__name__}")


def _read(status: int, body: bytes) -> Outcome | Unsettled:
    if status != _OK:
        return Unsettled(detail=f"answered {status}")
    try:
        message = bytes(msgspec.json.decode(body, type=_Status).message)
        if message == _NOTHING:
            return Unsettled(detail="nothing yet")
        event_id = msgspec.json.decode(message, type=_Named).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unsettled(detail=f"not understood: {error}")
    return Outcome(event_id=event_id, message=message)
