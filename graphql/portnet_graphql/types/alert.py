"""What one person is told of one change, and how it reached them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.alerts import Alert as KnownAlert
from portnet.domain.alerts import AlertState, deep_link
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import optional
from portnet_graphql.types.delivery import AlertDelivery
from portnet_graphql.types.dossier import Dossier, Procedure
from portnet_graphql.types.node import Kind, Node, PageInfo, described, node_id


@strawberry.type
class Alert(Node):
    code: str
    level: int = strawberry.field(
        description="1 in the app, 2 push, 3 push then SMS, 4 push and SMS at once."
    )
    text: str
    state: AlertState
    deep_link: str = strawberry.field(description="A path of this server; it says nothing itself.")
    raised_at: datetime
    expires_at: datetime | None
    collapse_key: str
    replaces: strawberry.ID | None = strawberry.field(
        description="The viewer's alert that this one corrects: it is SUPERSEDED."
    )
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    record: strawberry.Private[KnownAlert]

    @classmethod
    def of(cls, alert: KnownAlert, context: Context) -> Alert:
        return cls(
            id=node_id(Kind.ALERT, alert.id),
            code=alert.kind,
            level=alert.level,
            text=context.texts.text(alert, context.locale),
            state=alert.state,
            deep_link=deep_link(alert.id),
            raised_at=alert.raised_at,
            expires_at=alert.expires_at,
            collapse_key=alert.collapse_key,
            replaces=None if alert.replaces is None else node_id(Kind.ALERT, alert.replaces),
            acknowledged_by=alert.acknowledged_by,
            acknowledged_at=alert.acknowledged_at,
            record=alert,
        )

    @described("Null once the viewer may no longer see it, and where it is about no file.")
    def dossier(self, info: Info) -> Dossier | None:
        context = info.context
        if self.record.dossier is None:
            return None
        return context.files.dossiers.then(
            self.record.dossier,
            lambda row: None if row is None else Dossier.of(row, context),
        )

    @described("Null once the viewer may no longer see it, and where it is about no file.")
    async def procedure(self, info: Info) -> Procedure | None:
        procedure = await optional(info.context.files.procedures, self.record.procedure)
        return None if procedure is None else Procedure.of(procedure, info.context)

    @strawberry.field
    async def deliveries(self, info: Info) -> list[AlertDelivery]:
        deliveries = await info.context.alerts.deliveries_of.load(self.record.id)
        return [AlertDelivery.of(delivery) for delivery in deliveries]


@strawberry.type
class AlertConnection:
    nodes: list[Alert]
    page_info: PageInfo
