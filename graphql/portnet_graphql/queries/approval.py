"""What waits for the viewer's decision."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.loaders import optional
from portnet_graphql.types.approving.approval import Approval, ApprovalConnection
from portnet_graphql.types.node import Kind, PageInfo, described, key_of, page_size


@strawberry.type
class ApprovalQueries:
    @described("Those that the viewer may decide, the first to lapse first.")
    async def approvals(
        self, info: Info, first: int = 20, after: str | None = strawberry.UNSET
    ) -> ApprovalConnection:
        size, context = page_size(first, after), info.context
        page = await context.services.approving.inbox.page(context.viewer, size)
        return ApprovalConnection(
            nodes=[Approval.of(approval) for approval in page.items], page_info=PageInfo.of(page)
        )

    @described("The last that was asked for of a declaration, or of an act in a procedure.")
    async def approval_of(self, info: Info, subject: strawberry.ID) -> Approval | None:
        key = key_of(Kind.DECLARATION, subject) or key_of(Kind.PROCEDURE, subject)
        row = await optional(info.context.approvals.newest_of, key)
        return None if row is None else Approval.of(row)
