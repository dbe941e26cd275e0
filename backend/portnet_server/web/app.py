"""The web application: the routes, and nothing else. What a route needs is handed in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
from litestar import Litestar, asgi
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Receive, Scope, Send, WebSocketScope

from portnet_server.web.agencies import AgencyEndpoint
from portnet_server.web.health import Health
from portnet_server.web.rest.contents import Contents
from portnet_server.web.rest.raw_messages import RawMessages
from portnet_server.web.rest.uploads import Uploads

_RAW_PATH = re.compile(r"/(?P<anomaly>[^/]+)/raw/?")
_TOKEN_PATH = re.compile(r"/(?P<token>[A-Za-z0-9_-]{1,600})/?")
_AGENCY_PATH = re.compile(r"/(?P<source>[^/]+)/messages/?")

HttpApp = Callable[[HTTPScope, Receive, Send], Awaitable[None]]
SocketApp = Callable[[WebSocketScope, Receive, Send], Awaitable[None]]


def create_app(
    graphql: HttpApp,
    socket: SocketApp,
    agencies: AgencyEndpoint,
    page: HttpApp,
    health: Health,
    raw_messages: RawMessages,
    indicators: HttpApp,
    uploads: Uploads,
    contents: Contents,
) -> Litestar:
    """The ASGI application. Litestar routes; bodies, errors and sockets are our endpoints' own."""

    @asgi("/graphql", copy_scope=False)
    async def graphql_route(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await socket(scope, receive, send)
        else:
            await graphql(scope, receive, send)

    # Mounted: Litestar 2.25 answers 500 to every request of an ASGI route with a path parameter.
    @asgi("/agencies", is_mount=True, copy_scope=False)
    async def agency_route(scope: Scope, receive: Receive, send: Send) -> None:
        path = _AGENCY_PATH.fullmatch(scope["path"])
        if path is None:
            await _refuse(send, 404, "NOT_FOUND", "post to /agencies/<source>/messages")
        elif await _only("POST", scope, send):
            await agencies(cast("HTTPScope", scope), receive, send, path["source"])

    # Mounted for the same reason.
    @asgi("/anomalies", is_mount=True, copy_scope=False)
    async def raw_route(scope: Scope, receive: Receive, send: Send) -> None:
        path = _RAW_PATH.fullmatch(scope["path"])
        if path is None:
            await _refuse(send, 404, "NOT_FOUND", "get /anomalies/<id>/raw")
        elif await _only("GET", scope, send):
            await raw_messages(cast("HTTPScope", scope), receive, send, path["anomaly"])

    # Mounted for the same reason, as the next one.
    @asgi("/uploads", is_mount=True, copy_scope=False)
    async def upload_route(scope: Scope, receive: Receive, send: Send) -> None:
        path = _TOKEN_PATH.fullmatch(scope["path"])
        if path is None:
            await _refuse(send, 404, "NOT_FOUND", "put to /uploads/<token>")
        elif scope["type"] != ScopeType.WEBSOCKET and scope["method"] in ("GET", "HEAD"):
            await uploads.tell(scope, send, path["token"])
        elif await _only("PUT", scope, send):
            await uploads.take(cast("HTTPScope", scope), receive, send, path["token"])

    @asgi("/documents", is_mount=True, copy_scope=False)
    async def document_route(scope: Scope, receive: Receive, send: Send) -> None:
        path = _TOKEN_PATH.fullmatch(scope["path"])
        if path is None:
            await _refuse(send, 404, "NOT_FOUND", "get /documents/<token>")
        elif await _only("GET", scope, send):
            await contents(cast("HTTPScope", scope), receive, send, path["token"])

    @asgi("/health/live", copy_scope=False)
    async def live_route(scope: Scope, receive: Receive, send: Send) -> None:
        if await _only("GET", scope, send):
            await health.live(cast("HTTPScope", scope), receive, send)

    @asgi("/health/ready", copy_scope=False)
    async def ready_route(scope: Scope, receive: Receive, send: Send) -> None:
        if await _only("GET", scope, send):
            await health.ready(cast("HTTPScope", scope), receive, send)

    @asgi("/", copy_scope=False)
    async def page_route(scope: Scope, receive: Receive, send: Send) -> None:
        if await _only("GET", scope, send):
            await page(cast("HTTPScope", scope), receive, send)

    @asgi("/indicators", copy_scope=False)
    async def indicators_route(scope: Scope, receive: Receive, send: Send) -> None:
        if await _only("GET", scope, send):
            await indicators(cast("HTTPScope", scope), receive, send)

    routes = [
        graphql_route,
        agency_route,
        raw_route,
        live_route,
        ready_route,
        page_route,
        indicators_route,
        upload_route,
        document_route,
    ]
    return Litestar(route_handlers=routes, openapi_config=None, logging_config=None)


async def _only(method: str, scope: Scope, send: Send) -> bool:
    """Whether the request is of that method; otherwise it is answered."""
    if scope["type"] == ScopeType.WEBSOCKET:
        await send({"type": "websocket.close", "code": 1000, "reason": "no socket here"})
        return False
    allowed = {"GET", "HEAD"} if method == "GET" else {method}
    if scope["method"] in allowed:
        return True
    await _refuse(send, 405, "METHOD_NOT_ALLOWED", f"use {method}", (b"allow", method.encode()))
    return False


async def _refuse(
    send: Send, status: int, code: str, message: str, *headers: tuple[bytes, bytes]
) -> None:
    body = msgspec.json.encode({"code": code, "message": message})
    own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body, "more_body": False})
