"""Shipment files that the viewer's company may see, and their procedures."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.catalogue import Status
from portnet.ports.reading import DossierFilter as KnownFilter
from portnet.ports.reading import DossierOrder
from portnet_graphql.context import Info
from portnet_graphql.loaders import optional
from portnet_graphql.types.dossier import Dossier, DossierConnection, Procedure
from portnet_graphql.types.node import Kind, PageInfo, key_of, page_size
from portnet_graphql.types.scalars import Direction


@strawberry.input(description="All conditions hold.")
class DossierFilter:
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The beginning of a reference, whatever its spaces and dashes.",
    )
    company: strawberry.ID | None = strawberry.UNSET
    status: list[Status] | None = strawberry.UNSET
    direction: Direction | None = strawberry.UNSET
    updated_since: datetime | None = strawberry.UNSET

    def known(self) -> KnownFilter:
        """As the core asks it; an id that is no company's matches nothing."""
        return KnownFilter(
            text=self.text or None,
            company=(key_of(Kind.COMPANY, self.company) or "") if self.company else None,
            statuses=tuple(self.status or ()),
            direction=self.direction.value if self.direction else None,
            updated_since=self.updated_since or None,
        )


@strawberry.type
class DossierQueries:
    @strawberry.field
    async def dossiers(
        self,
        info: Info,
        filter: DossierFilter | None = strawberry.UNSET,
        order: DossierOrder = DossierOrder.URGENCY,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> DossierConnection:
        size, context = page_size(first, after), info.context
        asked = filter.known() if filter else KnownFilter()
        page = await context.file_reader.dossiers(context.viewer, context.now, asked, order, size)
        nodes = [Dossier.of(dossier, context) for dossier in page.items]
        return DossierConnection(nodes=nodes, page_info=PageInfo.of(page))

    @strawberry.field
    async def dossier(self, info: Info, id: strawberry.ID) -> Dossier | None:
        dossier = await optional(info.context.files.dossiers, key_of(Kind.DOSSIER, id))
        return None if dossier is None else Dossier.of(dossier, info.context)

    @strawberry.field
    async def procedure(self, info: Info, id: strawberry.ID) -> Procedure | None:
        procedure = await optional(info.context.files.procedures, key_of(Kind.PROCEDURE, id))
        return None if procedure is None else Procedure.of(procedure, info.context)
