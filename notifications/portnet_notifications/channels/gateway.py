"""The parent of our Apprise plugins: a gateway reached by HTTP, natively async, typed outcomes.

It must not retry, queue, split or throttle: the dispatcher does, with the outcome in hand.
"""

from __future__ import annotations

import abc
from typing import Any
from urllib.parse import quote

import msgspec
from apprise.plugins.base import NotifyBase

from portnet_notifications.channels.http import Answer, GatewayClient
from portnet_notifications.channels.message import OutgoingMessage
from portnet_notifications.channels.outcome import Accepted, Outcome
from portnet_notifications.channels.parcel import CURRENT

#: Requests under way to one gateway: what a provider's default quota and one small machine bear.
CONNECTIONS = 32


class GatewayUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin's Apprise URL. ``fullpath`` starts with a slash; timeouts are in seconds."""

    schema: str
    secure: bool
    host: str
    port: int | None
    fullpath: str
    password: str | None
    verify_certificate: bool
    socket_connect_timeout: float
    socket_read_timeout: float

    @property
    def place(self) -> str:
        """Host, port and path, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{host}{port}{self.fullpath}".rstrip("/")

    @property
    def origin(self) -> str:
        """The same with its HTTP scheme."""
        return f"{'https' if self.secure else 'http'}://{self.place}"


class GatewayPlugin(NotifyBase):  # type: ignore[no-untyped-call]  # Apprise's hook is untyped
    """A subclass says where the endpoint is, what a request is, and what an answer means."""

    # Apprise infers these from its own defaults, which are None.
    service_name: Any = None
    protocol: Any = None
    secure_protocol: Any = None
    # Apprise sleeps this long between calls, in a thread; the default is 5.5 s.
    request_rate_per_sec = 0
    # The URL's ?cto= and ?rto= override them, in seconds.
    socket_connect_timeout = 4.0
    socket_read_timeout = 4.0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)  # type: ignore[no-untyped-call]  # as above

    def __init__(self, **parts: Any) -> None:
        # Apprise would take any schema that ends in "s" for a secure one, pnsms too.
        parts["secure"] = parts.get("schema") == self.secure_protocol
        super().__init__(**parts)  # type: ignore[no-untyped-call]  # as above
        self.gateway = msgspec.convert(self, GatewayUrl, from_attributes=True)
        self._client = GatewayClient(
            url=self.endpoint(),
            headers=self._headers(),
            connections=CONNECTIONS,
            connect_timeout=self.gateway.socket_connect_timeout,
            read_timeout=self.gateway.socket_read_timeout,
            verify=self.gateway.verify_certificate,
        )

    async def async_notify(self, *_args: Any, **_options: Any) -> bool:
        """Apprise's entrance: sends the current parcel. A bare text has no address: not sent."""
        parcel = CURRENT.get()
        if parcel is None:
            self.logger.warning("%s needs a message with an address", self.service_name)
            return False
        try:
            parcel.outcome = await self.deliver(parcel.message)
        except Exception as error:
            # Apprise would turn it into one more False.
            parcel.error = error
            raise
        return isinstance(parcel.outcome, Accepted)

    async def deliver(self, message: OutgoingMessage) -> Outcome:
        """Sends one message, once. Raises TypeError for a message of another channel."""
        request = self.request(message)
        if not isinstance(request, bytes):
            return request
        answer = await self._client.post(request)
        return self.outcome(answer) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    def url(self, privacy: bool = False, *_args: Any, **_options: Any) -> str:
        """The Apprise URL, without its secret where ``privacy`` is asked."""
        secret = "****" if privacy else quote(self.gateway.password or "", safe="")
        login = f":{secret}@" if self.gateway.password else ""
        return f"{self.gateway.schema}://{login}{self.gateway.place}"

    def _headers(self) -> dict[str, str]:
        secret = self.gateway.password
        return {"Authorization": f"Bearer {secret}"} if secret else {}

    @abc.abstractmethod
    def endpoint(self) -> str:
        """Where requests go."""

    @abc.abstractmethod
    def request(self, message: OutgoingMessage) -> bytes | Outcome:
        """The body of the request; an outcome where the gateway would refuse it for sure."""

    @abc.abstractmethod
    def outcome(self, answer: Answer) -> Outcome:
        """What ``answer`` means for the message."""
