"""`PUT /uploads/{token}`: a paper's bytes, in parts or at once. `HEAD` and `GET` say how many are there.

Holding the link is the permission: it was given to who may send this paper, and is good for nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import datetime
from typing import Protocol

import msgspec
from litestar.types import HTTPScope, Receive, Send

from portnet.domain.localised import preferred_locale
from portnet.ports.clock import Clock
from portnet.services.declaring.receiving import Progress, Receiving, Refused
from portnet.storage.engines import DatabaseError
from portnet_server.web.body import ClientGone
from portnet_server.web.origin import header
from portnet_server.web.rest.upload_words import (
    EMPTY,
    MALFORMED,
    REFUSED,
    SLOW,
    UNAVAILABLE,
    Answer,
)

_logger = logging.getLogger(__name__)

#: Bytes that are written at a time: what a phone sends in some seconds, so that a cut loses little.
_PART = 256 * 1024
#: Seconds without a byte after which a sender is told to come back; what came is kept.
_SILENCE = 60.0
_RANGE = re.compile(r"bytes ([0-9]{1,9})-([0-9]{1,9})/([0-9]{1,9}|\*)")
_OFFSET = re.compile(r"[0-9]{1,9}")


class UploadLinks(Protocol):
    def read_upload(self, token: str, now: datetime) -> str | None:
        """The paper whose bytes are put there."""
        ...


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request's body begins; None: it is the whole file, anew. ``length`` and ``total`` where it says so."""

    offset: int | None
    length: int | None
    total: int | None


class Silent(Exception):
    """The sender stopped in the middle of its body."""


class Uploads:
    """Never says more than a holder of the link knows."""

    def __init__(
        self, receiving: Receiving, links: UploadLinks, clock: Clock, silence: float = _SILENCE
    ) -> None:
        self._receiving = receiving
        self._links = links
        self._clock = clock
        self._silence = silence

    async def tell(self, scope: HTTPScope, send: Send, token: str) -> None:
        """Answer where a sending goes on."""
        try:
            found = await self._progress(token)
        except DatabaseError:
            await _refuse(scope, send, "UNAVAILABLE", UNAVAILABLE)
            return
        await _conclude(scope, send, found, None)

    async def take(self, scope: HTTPScope, receive: Receive, send: Send, token: str) -> None:
        """Take a body in."""
        try:
            found = await self._progress(token)
            if isinstance(found, Progress) and not found.stored:
                taken = await self._take(scope, receive, found)
                if isinstance(taken, Answer):
                    code = "EMPTY" if taken is EMPTY else "MALFORMED"
                    await _refuse(scope, send, code, taken, found.received)
                    return
                found = taken
        except ClientGone:
            return
        except Silent:
            await _refuse(scope, send, "SLOW", SLOW)
            return
        except (DatabaseError, OSError):
            _logger.exception("a paper's bytes could not be taken")
            await _refuse(scope, send, "UNAVAILABLE", UNAVAILABLE)
            return
        # Where another sending has come meanwhile.
        at = await self._progress(token) if found is Refused.OFFSET_MOVED else None
        await _conclude(scope, send, found, at if isinstance(at, Progress) else None)

    async def _progress(self, token: str) -> Progress | Refused:
        document = self._links.read_upload(token, self._clock.now())
        return Refused.UNKNOWN if document is None else await self._receiving.progress(document)

    async def _take(
        self, scope: HTTPScope, receive: Receive, before: Progress
    ) -> Progress | Refused | Answer:
        part = _part(scope)
        if part is None or part.total not in (None, before.document.bytes):
            return MALFORMED
        if (part.offset or 0) + (part.length or 0) > before.document.bytes:
            return Refused.TOO_LARGE
        if part.offset is None and before.received:
            before = await self._receiving.restart(before)
        elif (part.offset or 0) != before.received:
            return Refused.OFFSET_MOVED
        progress = await self._taken_in(receive, before)
        if isinstance(progress, Refused):
            return progress
        if progress.received == before.received < before.document.bytes:
            return EMPTY
        return await self._receiving.complete(progress)

    async def _taken_in(self, receive: Receive, progress: Progress) -> Progress | Refused:
        """Add a body as it comes; what came before a cut is added too."""
        read = _Read(more=True)
        while read.more:
            read = await _read(receive, self._silence)
            if read.data:
                appended = await self._receiving.append(progress, read.data)
                if isinstance(appended, Refused):
                    return appended
                progress = appended
            if read.cut is not None:
                raise read.cut
        return progress


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a body; ``cut`` is why no more will."""

    data: bytes = b""
    more: bool = False
    cut: Exception | None = None


async def _read(receive: Receive, silence: float) -> _Read:
    parts: list[bytes] = []
    size = 0
    while size < _PART:
        try:
            event = await asyncio.wait_for(receive(), silence)
        except TimeoutError:
            return _Read(data=b"".join(parts), cut=Silent())
        if event["type"] != "http.request":
            return _Read(data=b"".join(parts), cut=ClientGone())
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if not event.get("more_body", False):
            return _Read(data=b"".join(parts))
    return _Read(data=b"".join(parts), more=True)


def _part(scope: HTTPScope) -> Part | None:
    """What the headers say of a body: `Content-Range`, or `Upload-Offset`, or neither; None when they make no sense."""
    announced = header(scope, b"content-length")
    length = None
    if announced is not None:
        if not re.fullmatch(r"[0-9]{1,15}", announced):
            return None
        length = int(announced)
    content_range, offset = header(scope, b"content-range"), header(scope, b"upload-offset")
    if content_range is None:
        if offset is None:
            return Part(offset=None, length=length, total=None)
        known = _OFFSET.fullmatch(offset.strip())
        return Part(offset=int(known[0]), length=length, total=None) if known else None
    found = _RANGE.fullmatch(content_range.strip())
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    if last < first or length not in (None, last - first + 1) or offset not in (None, found[1]):
        return None
    total = None if found[3] == "*" else int(found[3])
    return Part(offset=first, length=last - first + 1, total=total)


async def _conclude(
    scope: HTTPScope, send: Send, found: Progress | Refused, at: Progress | None
) -> None:
    if isinstance(found, Refused):
        received = None if at is None else at.received
        await _refuse(scope, send, found.value, REFUSED[found], received)
        return
    document = found.document
    said: dict[str, object] = {
        "received": found.received,
        "bytes": document.bytes,
        "stored": found.stored,
        "expiresAt": document.expires_at,
    }
    headers = [(b"upload-length", b"%d" % document.bytes)]
    await _send(scope, send, 200, said, found.received, headers)


async def _refuse(
    scope: HTTPScope, send: Send, code: str, answer: Answer, received: int | None = None
) -> None:
    locale = preferred_locale(header(scope, b"accept-language"))
    said: dict[str, object] = {"code": code, "message": answer.sentence.in_(locale)}
    if received is not None:
        said["received"] = received
    retry = answer.retry_after
    headers = [] if retry is None else [(b"retry-after", b"%d" % retry)]
    await _send(scope, send, answer.status, said, received, headers)


async def _send(
    scope: HTTPScope,
    send: Send,
    status: int,
    said: dict[str, object],
    received: int | None,
    headers: list[tuple[bytes, bytes]],
) -> None:
    body = msgspec.json.encode(said)
    always = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *([] if received is None else [(b"upload-offset", b"%d" % received)]),
    ]
    await send({"type": "http.response.start", "status": status, "headers": always + headers})
    shown = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": shown, "more_body": False})
