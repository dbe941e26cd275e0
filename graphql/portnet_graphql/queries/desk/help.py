"""Questions to the help desk: one's own, and for the help desk everybody's."""

from __future__ import annotations

import strawberry

from portnet.domain.desk.help import HelpState
from portnet_graphql.context import Info
from portnet_graphql.types.help import HelpCase
from portnet_graphql.types.node import described, page_size


@strawberry.type
class HelpQueries:
    @described("What the viewer asked the help desk, newest first.")
    async def my_help_cases(self, info: Info, first: int = 20) -> list[HelpCase]:
        readers, viewer = info.context.readers, info.context.viewer
        size = page_size(first, None).first
        found = await readers.anomalies.help_cases_of(viewer.user, size)
        return [HelpCase.of(case) for case in found]

    @described("For the help desk, newest first; without `states` those that are OPEN.")
    async def help_cases(
        self,
        info: Info,
        states: list[HelpState] | None = strawberry.UNSET,
        first: int = 20,
    ) -> list[HelpCase]:
        sandbox, size = info.context.helper.sandbox, page_size(first, None).first
        wanted = tuple(states) if states else (HelpState.OPEN,)
        found = await info.context.readers.anomalies.help_cases(wanted, size, sandbox)
        return [HelpCase.of(case) for case in found]
