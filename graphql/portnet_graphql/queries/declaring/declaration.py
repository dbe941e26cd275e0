"""Forms, the declarations that the viewer's company may see, and what a new one may begin with."""

from __future__ import annotations

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.loaders import optional
from portnet_graphql.types.declaring.declaration import (
    Declaration,
    DeclarationConnection,
    PrefilledValue,
    declaration_key,
)
from portnet_graphql.types.declaring.form import DeclarationForm
from portnet_graphql.types.node import Kind, PageInfo, described, key_of, page_size


@strawberry.type
class DeclarationQueries:
    @described("Of that version, by default the newest. An app keeps it: a version never changes.")
    def declaration_form(
        self, info: Info, kind: str, version: int | None = strawberry.UNSET
    ) -> DeclarationForm:
        context = info.context
        wanted = version if isinstance(version, int) else None
        form = context.services.checks.forms.form(kind, wanted)
        if form is None:
            raise ContractError(ErrorCode.NOT_FOUND, "There is no such form.")
        return DeclarationForm.of(form, context.locale)

    @described("The company's own, and those that it drafts as a broker; the last changed first.")
    async def declarations(
        self, info: Info, first: int = 20, after: str | None = strawberry.UNSET
    ) -> DeclarationConnection:
        size, context = page_size(first, after), info.context
        page = await context.readers.declarations.declarations(context.viewer, context.now, size)
        nodes = [Declaration.of(submission) for submission in page.items]
        return DeclarationConnection(nodes=nodes, page_info=PageInfo.of(page))

    @described("By its id, or by the ULID that the app made for it.")
    async def declaration(self, info: Info, id: strawberry.ID) -> Declaration | None:
        loader = info.context.declarations.declarations
        row = await optional(loader, declaration_key(id))
        return None if row is None else Declaration.of(row)

    @described(
        "Answers for a new declaration of `company`, taken over from its declaration `source`, else"
        " from the last one of that kind that it sent; for the app to save as a first patch."
    )
    async def declaration_prefill(
        self,
        info: Info,
        kind: str,
        company: strawberry.ID,
        source: strawberry.ID | None = strawberry.UNSET,
    ) -> list[PrefilledValue]:
        context = info.context
        owner = key_of(Kind.COMPANY, company) or ""
        earlier = (key_of(Kind.DECLARATION, source) or "") if source else None
        prefills = context.services.prefills
        found = await prefills.values(context.viewer, kind, owner, earlier)
        if found is None:
            raise ContractError(ErrorCode.NOT_FOUND, "There is nothing to take over from.")
        return PrefilledValue.all_of(found, context.locale)
