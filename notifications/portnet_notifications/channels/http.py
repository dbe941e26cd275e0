"""One POST to a gateway over a bounded pool, telling "never left" from "may have arrived".

What an answer means is not read here.
"""

from __future__ import annotations

import ssl
from types import SimpleNamespace

import aiohttp
import msgspec
from aiohttp.tracing import TraceConfig, TraceRequestHeadersSentParams

from portnet_notifications.channels.outcome import Transient, Uncertain

#: Enough for any gateway's answer; more is somebody's web page.
_LONGEST_ANSWER = 64 * 1024


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``retry_after`` and ``date`` are the raw headers, empty when absent."""

    status: int
    body: bytes
    retry_after: str
    date: str


class GatewayClient:
    """A connection pool to one gateway, opened by its first use: it belongs to the loop that uses
    it.

    Args:
        url: the gateway's endpoint.
        headers: sent with each request.
        connections: how many requests may be under way; others wait for ``connect_timeout`` at
        most.
        connect_timeout: seconds to a free connection.
        read_timeout: seconds from then to the answer.
        verify: whether the gateway's certificate is checked.
    """

    def __init__(
        self,
        *,
        url: str,
        headers: dict[str, str],
        connections: int,
        connect_timeout: float,
        read_timeout: float,
        verify: bool,
    ) -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json", **headers}
        self._connections = connections
        self._ssl: ssl.SSLContext | bool = verify
        self._timeout = aiohttp.ClientTimeout(
            total=connect_timeout + read_timeout,
            connect=connect_timeout,
            sock_connect=connect_timeout,
            sock_read=read_timeout,
        )
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Answer | Transient | Uncertain:
        """The gateway's answer, whatever its status; redirects are answers, not followed."""
        # One flag decides: once the request is being written, the gateway may have acted on it.
        sending = SimpleNamespace(written=False)
        try:
            async with self._opened().post(
                self._url,
                data=body,
                headers=self._headers,
                allow_redirects=False,
                trace_request_ctx=sending,
            ) as response:
                return Answer(
                    status=response.status,
                    body=await response.content.read(_LONGEST_ANSWER),
                    retry_after=response.headers.get("Retry-After", ""),
                    date=response.headers.get("Date", ""),
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            detail = f"{type(error).__name__}: {error}".rstrip(": ")
            return Uncertain(detail=detail) if sending.written else Transient(detail=detail)

    async def close(self) -> None:
        """Closes the pool; a later post opens another."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            tracing = TraceConfig()
            tracing.on_request_headers_sent.append(_written)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._ssl),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing],
            )
        return self._session


async def _written(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: TraceRequestHeadersSentParams,
) -> None:
    context.trace_request_ctx.written = True
