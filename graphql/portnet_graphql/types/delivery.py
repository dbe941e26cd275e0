"""How somebody was told of an alert; never the whole address."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.alerts import Channel, DeliveryState
from portnet.domain.alerts import Delivery as KnownDelivery
from portnet_graphql.types.node import Kind, node_id

_SHOWN = 2


@strawberry.type
class AlertDelivery:
    alert: strawberry.ID
    channel: Channel
    state: DeliveryState
    recipient: str = strawberry.field(description="a masked number or a device label")
    at: datetime
    reason: str | None

    @classmethod
    def of(cls, delivery: KnownDelivery) -> AlertDelivery:
        return cls(
            alert=node_id(Kind.ALERT, delivery.alert),
            channel=delivery.channel,
            state=delivery.state,
            recipient=recipient(delivery),
            at=delivery.updated_at,
            reason=delivery.reason,
        )


def recipient(delivery: KnownDelivery) -> str:
    """Whom it went to, as its owner recognises it and nobody else can use it."""
    if delivery.channel in (Channel.SMS, Channel.EMAIL):
        return masked(delivery.address)
    return delivery.label


def masked(address: str) -> str:
    """The last two characters of a number, the first two and the domain of an e-mail address."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:_SHOWN]}•••@{domain}"
    return f"•••{address[-_SHOWN:]}"
