"""The viewer's own alerts."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.types.alert import Alert, AlertConnection
from portnet_graphql.types.node import PageInfo, described, page_size


@strawberry.type
class AlertQueries:
    @described("Newest first.")
    async def alerts(
        self,
        info: Info,
        unseen_only: bool = False,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> AlertConnection:
        size, context = page_size(first, after), info.context
        page = await context.readers.alerts.alerts(context.viewer, context.now, unseen_only, size)
        return AlertConnection(
            nodes=[Alert.of(alert, context) for alert in page.items], page_info=PageInfo.of(page)
        )
