"""The way out of the house: one finished message to its channel's gateway, through Apprise.

One try per gateway and no waiting: claims, backoff and escalation are the dispatcher's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from apprise import Apprise, AppriseAsset, ContentLocation

from portnet.domain.alerts import Channel
from portnet_notifications.channels.gateway import GatewayPlugin
from portnet_notifications.channels.message import OutgoingMessage
from portnet_notifications.channels.outcome import Outcome, Throttled, Transient, Uncertain
from portnet_notifications.channels.parcel import CURRENT, Parcel
from portnet_notifications.channels.urls import gateways


class Channels:
    """The configured gateways. Each has its own connections: a stuck one delays nobody else's.

    Args:
        urls: Apprise URLs by channel name (PUSH, SMS), the preferred gateway first. A later one is
            tried only when the one before surely did not take the message.

    Raises:
        WrongChannelUrls: with everything that is wrong in ``urls``.
    """

    def __init__(self, urls: Mapping[str, Sequence[str]]) -> None:
        asset = AppriseAsset(async_mode=True, http_redirects=False, secure_logging=True)
        self._plugins = gateways(urls, asset)
        self._routes = {
            channel: [_route(plugin, asset) for plugin in plugins]
            for channel, plugins in self._plugins.items()
        }

    @property
    def configured(self) -> frozenset[Channel]:
        """The channels that have a gateway."""
        return frozenset(self._routes)

    async def send(self, channel: Channel, message: OutgoingMessage) -> Outcome:
        """Sends ``message``. Raises TypeError where its type is not the channel's."""
        outcome: Outcome = Transient(detail=f"no gateway is configured for {channel}")
        for route in self._routes.get(channel, ()):
            outcome = await _sent(route, message)
            if not isinstance(outcome, Transient | Throttled):
                break
        return outcome

    async def close(self) -> None:
        """Closes every gateway's connections. Sends under way end as uncertain."""
        plugins = (plugin for listed in self._plugins.values() for plugin in listed)
        await asyncio.gather(*(plugin.close() for plugin in plugins))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _route(plugin: GatewayPlugin, asset: AppriseAsset) -> Apprise:
    # No attachments from anywhere: Apprise can read local files and fetch URLs.
    route = Apprise(asset=asset, location=ContentLocation.INACCESSIBLE)
    route.add(plugin)  # pyright: ignore[reportUnknownMemberType]  # it also takes bare dicts
    return route


async def _sent(route: Apprise, message: OutgoingMessage) -> Outcome:
    parcel = Parcel(message)
    token = CURRENT.set(parcel)
    try:
        result = await route.async_notify(body=message.body)
    finally:
        CURRENT.reset(token)
    if parcel.error is not None:
        raise parcel.error
    return parcel.outcome or Uncertain(detail=f"Apprise says {result.status}, and no outcome")
