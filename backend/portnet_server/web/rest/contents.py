"""`GET /documents/{token}`: a stored paper, for the session that was given the link, while it may see it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec
from litestar.types import HTTPScope, Receive, Send

from portnet.domain.access import Viewer
from portnet.domain.localised import Localised, preferred_locale
from portnet.ports.clock import Clock
from portnet.services.declaring.receiving import Receiving
from portnet.storage.engines import DatabaseError
from portnet_server.web.origin import header

_logger = logging.getLogger(__name__)

_ENDINGS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
}
_GONE = Localised(
    fr="Ce lien n'est plus valable : ouvrez de nouveau le document.",
    ar="لم يعد هذا الرابط صالحا: افتحوا الوثيقة من جديد.",
    en="This link is no longer good: open the document again.",
)
_AWAY = Localised(
    fr="Le service est indisponible : réessayez dans un instant.",
    ar="الخدمة غير متاحة: أعيدوا المحاولة بعد لحظات.",
    en="The service is unavailable: try again in a moment.",
)

Headers = list[tuple[bytes, bytes]]


class ContentLinks(Protocol):
    def read_content(self, token: str, now: datetime) -> tuple[str, Viewer] | None:
        """The paper, and who reads it."""
        ...


class Contents:
    """Never shown as a page: a paper is somebody's file, and nothing that a browser may interpret here."""

    def __init__(self, receiving: Receiving, links: ContentLinks, clock: Clock) -> None:
        self._receiving = receiving
        self._links = links
        self._clock = clock

    async def __call__(self, scope: HTTPScope, _receive: Receive, send: Send, token: str) -> None:
        now = self._clock.now()
        read = self._links.read_content(token, now)
        try:
            found = None if read is None else await self._receiving.content(*read, now)
        except (DatabaseError, OSError):
            _logger.warning("a paper could not be read", exc_info=True)
            await _refuse(scope, send, 503, "UNAVAILABLE", _AWAY)
            return
        if found is None:
            await _refuse(scope, send, 404, "NOT_FOUND", _GONE)
            return
        document, content = found
        name = f"{document.kind}-{document.sha256[:8]}.{_ENDINGS[document.media_type]}"
        headers: Headers = [
            (b"content-type", document.media_type.encode()),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
            (b"content-security-policy", b"default-src 'none'; sandbox"),
            (b"cross-origin-resource-policy", b"same-site"),
        ]
        await _answer(scope, send, 200, headers, content)


async def _refuse(
    scope: HTTPScope, send: Send, status: int, code: str, sentence: Localised
) -> None:
    locale = preferred_locale(header(scope, b"accept-language"))
    body = msgspec.json.encode({"code": code, "message": sentence.in_(locale)})
    await _answer(scope, send, status, [(b"content-type", b"application/json")], body)


async def _answer(scope: HTTPScope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    always: Headers = [
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"private, no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers + always})
    shown = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": shown, "more_body": False})
