"""`GET /anomalies/{id}/raw`: an agency's message as it came, for the help desk alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

import msgspec
from litestar.types import HTTPScope, Receive, Send

from portnet.domain.identifiers import OpaqueId, read_opaque_id
from portnet.ports.reading import AnomalyReader
from portnet.services.desk.anomaly import Helper
from portnet.storage.engines import DatabaseError
from portnet_server.web.origin import header

_logger = logging.getLogger(__name__)

_KIND = "Anomaly"
_REFUSALS = {
    401: ("UNAUTHENTICATED", "sign in first"),
    403: ("FORBIDDEN", "this is for the help desk"),
    404: ("NOT_FOUND", "there is no such anomaly"),
    503: ("UNAVAILABLE", "try again later"),
}

Headers = list[tuple[bytes, bytes]]


class SignedIn(Protocol):
    @property
    def helper(self) -> Helper | None:
        """Them as one of the help desk, if they are."""
        ...


class Doorkeeper(Protocol):
    async def authenticate(self, payload: Mapping[str, object]) -> SignedIn | None:
        """Who holds the bearer token."""
        ...


class RawMessages:
    """Never shown as a page: an agency's bytes are nothing that a browser may interpret."""

    def __init__(self, doorkeeper: Doorkeeper, anomalies: AnomalyReader) -> None:
        self._doorkeeper = doorkeeper
        self._anomalies = anomalies

    async def __call__(self, scope: HTTPScope, _receive: Receive, send: Send, anomaly: str) -> None:
        try:
            found = await self._found(scope, anomaly)
        except DatabaseError:
            _logger.warning("a raw message could not be read", exc_info=True)
            found = 503
        if isinstance(found, int):
            await _refuse(send, found)
            return
        headers: Headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-disposition", b'attachment; filename="message.txt"'),
            (b"content-security-policy", b"default-src 'none'; sandbox"),
        ]
        await _answer(send, 200, headers, found)

    async def _found(self, scope: HTTPScope, anomaly: str) -> bytes | int:
        """The body, or the status of a refusal."""
        person = await self._doorkeeper.authenticate(
            {"authorization": header(scope, b"authorization") or ""}
        )
        if person is None:
            return 401
        helper = person.helper
        if helper is None:
            return 403
        match read_opaque_id(anomaly):
            case OpaqueId(kind=kind, key=key) if kind == _KIND:
                found = await self._anomalies.anomaly_message(key)
            case _:
                return 404
        if found is None or helper.sandbox not in (None, found.message.sandbox):
            return 404
        return found.message.body


async def _refuse(send: Send, status: int) -> None:
    code, message = _REFUSALS[status]
    body = msgspec.json.encode({"code": code, "message": message})
    await _answer(send, status, [(b"content-type", b"application/json")], body)


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    always: Headers = [
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers + always})
    await send({"type": "http.response.body", "body": body, "more_body": False})
