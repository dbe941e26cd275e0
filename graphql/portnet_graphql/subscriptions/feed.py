"""The live feed as the contract names it. Frames come from the hub, rendered once for a group of phones."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry

from portnet_graphql.cursors import FeedCursor
from portnet_graphql.types.feed import FeedFrame
from portnet_graphql.types.scalars import FeedAudience


@strawberry.type
class FeedSubscriptions:
    @strawberry.subscription(  # type: ignore[untyped-decorator]  # with arguments, Strawberry's is
        description="Everything after `after`, then live. Without `after`: live from now. One"
        " stream per audience, so that all its phones can share the bytes; an app opens COMPANY"
        " and ME on one socket."
    )
    def feed(
        self,
        audience: FeedAudience = FeedAudience.COMPANY,  # noqa: ARG002  # the contract's
        after: FeedCursor | None = strawberry.UNSET,  # noqa: ARG002  # the contract's
    ) -> AsyncGenerator[FeedFrame, None]:
        """Never runs: `operations` hands the hub's bytes out."""
        raise RuntimeError("a feed is followed through the hub")
