"""Messages that could not be applied, for the help desk."""

from __future__ import annotations

import strawberry

from portnet.domain.desk.anomaly import AnomalyState
from portnet_graphql.context import Info
from portnet_graphql.types.anomaly import Anomaly, AnomalyConnection
from portnet_graphql.types.node import PageInfo, described, page_size


@strawberry.type
class AnomalyQueries:
    @described("For the help desk, newest first; without `states` those that are OPEN.")
    async def anomalies(
        self,
        info: Info,
        states: list[AnomalyState] | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> AnomalyConnection:
        size, context = page_size(first, after), info.context
        wanted = tuple(states) if states else (AnomalyState.OPEN,)
        sandbox = context.helper.sandbox
        page = await context.readers.anomalies.anomalies(wanted, size, sandbox)
        nodes = [Anomaly.of(anomaly, context) for anomaly in page.items]
        return AnomalyConnection(nodes=nodes, page_info=PageInfo.of(page))
