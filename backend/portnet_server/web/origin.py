"""Reads from an ASGI scope where a request comes from; trusts no forwarding header itself."""

from litestar.types import HTTPScope, WebSocketScope

from portnet_graphql.transport import Origin


def header(scope: HTTPScope | WebSocketScope, name: bytes) -> str | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None


def origin_of(scope: HTTPScope | WebSocketScope) -> Origin:
    """The peer as the server saw it: uvicorn applies its trusted proxies before us."""
    client = scope["client"]
    return Origin(
        address=client[0] if client else None,
        accept_language=header(scope, b"accept-language"),
        user_agent=header(scope, b"user-agent"),
    )
