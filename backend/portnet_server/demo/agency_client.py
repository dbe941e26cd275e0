"""An agency's side of the wire: sign a message and post it as `docs/reference/agency-messages.md` tells agencies to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from portnet.ports.clock import Clock
from portnet.security.signatures import SigningKey, sign

#: Seconds; less than servers keep an idle connection, or a message meets one that is being closed.
_KEPT_OPEN = 2.0


class Unreachable(Exception):
    """Nobody listens at the address, or the answer never came."""


class NoKey(Exception):
    """We hold no key of that source."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    body: str

    @property
    def accepted(self) -> bool:
        return self.status == 202


class AgencyClient:
    """Posts for every source whose key it holds."""

    def __init__(self, url: str, keys: Mapping[str, SigningKey], clock: Clock) -> None:
        self._url = url
        self._keys = keys
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=15),
            connector=aiohttp.TCPConnector(keepalive_timeout=_KEPT_OPEN),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def require(self, sources: Iterable[str]) -> None:
        """Check before a story begins that all of it can be told.

        Raises:
            NoKey: of one of ``sources``.
        """
        missing = sorted(set(sources) - self._keys.keys())
        if missing:
            known = ", ".join(sorted(self._keys))
            raise NoKey(f"no key of {', '.join(missing)}; there are keys of {known}")

    async def post(self, source: str, body: bytes) -> Answer:
        """Sign and post one message.

        Raises:
            NoKey: of that source.
            Unreachable: try again later; the same message is taken once.
        """
        self.require([source])
        key = self._keys[source]
        if self._session is None:
            raise RuntimeError("the client was not entered")
        headers = {
            "Content-Type": "application/json",
            "PortNet-Key": key.id,
            "PortNet-Signature": sign(body, key, self._clock.now()),
        }
        try:
            async with self._session.post(
                f"{self._url}/agencies/{source}/messages", data=body, headers=headers
            ) as response:
                return Answer(status=response.status, body=await response.text())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"{self._url} does not answer: {error}") from error
