"""Who is asking."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.types.viewer import Viewer


@strawberry.type
class ViewerQueries:
    @strawberry.field
    def me(self, info: Info) -> Viewer:
        return Viewer.of(info.context.person)
