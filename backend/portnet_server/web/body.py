"""Reads a request's body up to a limit; a longer one is refused as soon as that is known."""

from __future__ import annotations

from litestar.types import HTTPScope, Receive

from portnet_server.web.origin import header


class BodyTooLarge(Exception):
    """The body is longer than the limit, announced or found."""


class ClientGone(Exception):
    """The client left before its request was complete."""


async def read_body(scope: HTTPScope, receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: more than ``limit`` bytes.
        ClientGone: it will never be complete.
    """
    announced = header(scope, b"content-length")
    if announced and announced.isdecimal() and (len(announced) >= 20 or int(announced) > limit):
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise ClientGone
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge
        chunks.append(chunk)
        if not event.get("more_body", False):
            return b"".join(chunks)
