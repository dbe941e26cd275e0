"""Where the feeds stand, and what came since."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.cursors import FeedCursor
from portnet_graphql.feeds.frames import since
from portnet_graphql.types.feed import FeedPosition, SyncPage
from portnet_graphql.types.node import described, page_size
from portnet_graphql.types.scalars import FeedAudience


@strawberry.type
class FeedQueries:
    @described(
        "Taken before any other field of the operation is read: where the snapshot in"
        " the same answer stands in each feed."
    )
    async def feeds(self, info: Info) -> list[FeedPosition]:
        generation = await info.context.readers.feeds.generation()
        kinds = (FeedAudience.COMPANY, FeedAudience.ME)
        return [
            FeedPosition(
                audience=kind,
                cursor=FeedCursor(
                    generation=generation, audience=position.audience, seq=position.seq
                ),
            )
            for kind, position in zip(kinds, info.context.positions, strict=True)
        ]

    @described(
        "What came after a cursor, in that cursor's audience: the same frames as the"
        " live feed. `reset` means: refetch, then go on from `cursor`."
    )
    async def sync(self, info: Info, after: FeedCursor, first: int = 100) -> SyncPage:
        return await since(after, page_size(first, None).first, info.context)
