"""Who is asking."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.types.node import described
from portnet_graphql.types.viewer import Session, Viewer


@strawberry.type
class ViewerQueries:
    @strawberry.field
    def me(self, info: Info) -> Viewer:
        return Viewer.of(info.context.person)

    @described("Where the viewer is signed in, newest first.")
    async def sessions(self, info: Info) -> list[Session]:
        viewer = info.context.viewer
        opened = await info.context.services.revocations.opened(viewer)
        return [Session.of(each, viewer.session) for each in opened]
