"""A company's own people, and the brokers whom it may ask to work for it."""

from __future__ import annotations

import strawberry

from portnet.domain.access import Role
from portnet_graphql.context import Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.types.company import Company
from portnet_graphql.types.member import Member
from portnet_graphql.types.node import described


@strawberry.type
class CompanyQueries:
    @described("For the company's administrator: everybody it has or had, by name.")
    async def members(self, info: Info) -> list[Member]:
        context = info.context
        if Role.ADMINISTRATOR not in context.person.user.roles:
            raise ContractError(ErrorCode.FORBIDDEN, "This is for the company's administrator.")
        listed = await context.readers.members.members(context.company.id, context.now)
        return [Member.of(member) for member in listed]

    @described("The brokerage of that company identifier, to give it a mandate.")
    async def broker(self, info: Info, ice: str) -> Company | None:
        context = info.context
        sandbox = context.viewer.sandbox
        broker = await context.readers.members.broker(ice.strip(), sandbox=sandbox)
        return None if broker is None else Company.of(broker)
