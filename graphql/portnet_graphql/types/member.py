"""The people of a company, as their administrator sees them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.access import User
from portnet.ports.identity.members import ListedMember
from portnet.services.identity.member import Saved
from portnet_graphql.types.node import Kind, Node, node_id
from portnet_graphql.types.scalars import Role


@strawberry.type(
    description="Lets a new person choose their first password, once. Hand the code to them yourself:"
    " it is in this answer and nowhere else."
)
class Invitation:
    code: str
    expires_at: datetime


@strawberry.type
class Member(Node):
    name: str
    login: str
    roles: list[Role]
    active: bool
    last_seen_at: datetime | None
    invited_until: datetime | None = strawberry.field(
        description="While the invitation waits to be accepted."
    )
    invitation: Invitation | None = strawberry.field(
        description="In the answer of the `saveMember` that made it; never in a list."
    )

    @classmethod
    def of(cls, member: ListedMember) -> Member:
        return _member(member.user, member.last_seen_at, member.invited_until, None)

    @classmethod
    def saved(cls, saved: Saved) -> Member:
        made = None
        if saved.code is not None and saved.expires_at is not None:
            made = Invitation(code=saved.code, expires_at=saved.expires_at)
        return _member(saved.member, None, saved.expires_at, made)


def _member(
    user: User,
    last_seen_at: datetime | None,
    invited_until: datetime | None,
    invitation: Invitation | None,
) -> Member:
    return Member(
        id=node_id(Kind.MEMBER, user.id),
        name=user.name,
        login=user.login,
        roles=[Role(role.value) for role in user.roles],
        active=user.active,
        last_seen_at=last_seen_at,
        invited_until=invited_until,
        invitation=invitation,
    )
