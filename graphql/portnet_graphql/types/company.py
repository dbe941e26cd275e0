"""Companies, and the mandates between them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.access import Company as KnownCompany
from portnet.domain.access import Mandate as KnownMandate
from portnet.domain.identity.mandate import state_of
from portnet_graphql.context import Info
from portnet_graphql.loaders import found
from portnet_graphql.types.node import Kind, Node, node_id
from portnet_graphql.types.scalars import CompanyKind, MandateState


@strawberry.type
class Company(Node):
    kind: CompanyKind
    name: str
    ice: str | None

    @classmethod
    def of(cls, company: KnownCompany) -> Company:
        return cls(
            id=node_id(Kind.COMPANY, company.id),
            kind=CompanyKind(company.kind.value),
            name=company.name,
            ice=company.ice,
        )


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
