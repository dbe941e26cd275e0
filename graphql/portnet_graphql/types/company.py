"""Companies, and the mandates between them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.access import Company as KnownCompany
from portnet.domain.access import Mandate as KnownMandate
from portnet.domain.identity.mandate import state_of
from portnet_graphql.context import Info
from portnet_graphql.loaders import found
from portnet_graphql.types.approving.approval_rule import ApprovalRule
from portnet_graphql.types.declaring.document import Document
from portnet_graphql.types.node import Kind, Node, described, key_of, node_id
from portnet_graphql.types.scalars import CompanyKind, MandateState


@strawberry.type
class Company(Node):
    kind: CompanyKind
    name: str
    ice: str | None
    key: strawberry.Private[str]

    @classmethod
    def of(cls, company: KnownCompany) -> Company:
        return cls(
            id=node_id(Kind.COMPANY, company.id),
            kind=CompanyKind(company.kind.value),
            name=company.name,
            ice=company.ice,
            key=company.id,
        )

    @described("Its own papers, oldest first, for its own people; none of another company.")
    async def documents(self, info: Info) -> list[Document]:
        context = info.context
        if key_of(Kind.COMPANY, self.id) != context.company.id:
            return []
        found = await context.services.documents.of_company(context.company.id)
        return [Document.of(document, context) for document in found]

    @described("What needs whose approval; of the viewer's own company, of another one nothing.")
    async def approval_rules(self, info: Info) -> list[ApprovalRule]:
        if self.key != info.context.company.id:
            return []
        matrix = await info.context.services.approving.matrices.of(self.key)
        return [ApprovalRule.of(rule) for rule in matrix.rules]


@strawberry.type
class Mandate(Node):
    from_: datetime = strawberry.field(name="from")
    until: datetime | None
    kinds: list[str] | None = strawberry.field(
        description="Codes of the procedures that the broker may begin and act in; null: all."
    )
    state: MandateState
    record: strawberry.Private[KnownMandate]

    @classmethod
    def of(cls, mandate: KnownMandate, now: datetime) -> Mandate:
        return cls(
            id=node_id(Kind.MANDATE, mandate.id),
            from_=mandate.starts_at,
            until=mandate.ends_at,
            kinds=None if mandate.kinds is None else list(mandate.kinds),
            state=MandateState(state_of(mandate, now).value),
            record=mandate,
        )

    @strawberry.field
    async def company(self, info: Info) -> Company:
        return Company.of(found(await info.context.files.companies.load(self.record.company)))

    @strawberry.field
    async def broker(self, info: Info) -> Company:
        return Company.of(found(await info.context.files.companies.load(self.record.broker)))
