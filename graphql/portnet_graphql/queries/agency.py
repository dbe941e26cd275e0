"""The bodies that the catalogue knows."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.types.agency import Agency


@strawberry.type
class AgencyQueries:
    @strawberry.field
    def agencies(self, info: Info) -> list[Agency]:
        known = info.context.catalogue.agencies
        return [Agency.of(known[code], info.context) for code in sorted(known)]
