"""The reference tables: places and tariff headings, found by code or by name."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.types.node import described, page_size
from portnet_graphql.types.reference import Place, TariffLine


@strawberry.type
class ReferenceQueries:
    @described("By the beginning of a code, or by words of the name in any language.")
    def places(
        self, info: Info, text: str | None = strawberry.UNSET, first: int = 20
    ) -> list[Place]:
        context, size = info.context, page_size(first, None).first
        found = context.references.search_places(text or None, context.locale, size)
        return [Place.known(place, context.locale) for place in found]

    @described(
        "By the beginning of a code, dots or not, or by words of the name in any language, the last"
        " one maybe unfinished. First those that begin as was typed, then the others, by code."
    )
    async def tariff_search(self, info: Info, text: str, first: int = 10) -> list[TariffLine]:
        context, size = info.context, page_size(first, None).first
        found = await context.services.tariff.search(text, size)
        return [TariffLine.of(line, context.locale) for line in found]
