"""Keep the company's people, as its administrator; and accept an invitation, as somebody new."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from portnet.domain.access import Role as KnownRole
from portnet.domain.identity.member import GRANTABLE, MemberFault, MemberWish
from portnet.domain.submission import NotDone
from portnet.services.identity.invitation import NotAccepted
from portnet.services.identity.member import Saved, save_hash
from portnet.services.identity.session import TryLater
from portnet_graphql.context import Info
from portnet_graphql.mutations.company.refusing import refused
from portnet_graphql.mutations.done import Done
from portnet_graphql.mutations.identity.proving import ProofInput
from portnet_graphql.types.member import Member
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import (
    IdempotencyMismatch,
    InvalidInput,
    NotAllowedNow,
    SecondFactorRequired,
    Throttled,
    WrongCredentials,
)
from portnet_graphql.types.scalars import Role


@strawberry.input
class MemberInput:
    client_mutation_id: strawberry.ID
    member: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Null invites somebody new."
    )
    login: str | None = strawberry.UNSET
    name: str | None = strawberry.UNSET
    roles: list[Role] | None = strawberry.UNSET
    active: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="False ends everything: sessions, sockets, devices, the password.",
    )
    invite: bool = strawberry.field(
        default=False, description="A new invitation for somebody who has not accepted theirs."
    )
    proof: ProofInput | None = strawberry.UNSET


@strawberry.input
class AcceptInvitationInput:
    client_mutation_id: strawberry.ID
    login: str
    code: str
    password: str = strawberry.field(
        description="8 to 128 characters, and none of the most common."
    )


MemberResult: TypeAlias = Annotated[
    Member | InvalidInput | NotAllowedNow | SecondFactorRequired | Throttled | IdempotencyMismatch,
    strawberry.union("MemberResult"),
]
AcceptInvitationResult: TypeAlias = Annotated[
    Done | InvalidInput | WrongCredentials | Throttled, strawberry.union("AcceptInvitationResult")
]


@strawberry.type
class MemberMutations:
    @described(
        "For the company's administrator: invites somebody, or changes one of its people. What is"
        " left out stays."
    )
    async def save_member(self, info: Info, input: MemberInput) -> MemberResult:
        context = info.context
        wish = _wish(input)
        if isinstance(wish, MemberFault):
            return InvalidInput.of([wish], context.locale)
        proof = input.proof.known() if input.proof else None
        outcome = await context.services.members.save(
            context.viewer, input.client_mutation_id, wish, proof
        )
        match outcome:
            case Saved():
                return Member.saved(outcome)
            case NotDone():
                return await refused(outcome, save_hash(wish), "member", context)
            case _:
                return InvalidInput.of(outcome, context.locale)

    @described("Needs no sign-in. Choose a password with the invitation's code, then sign in.")
    async def accept_invitation(
        self, info: Info, input: AcceptInvitationInput
    ) -> AcceptInvitationResult:
        locale = info.context.locale
        outcome = await info.context.services.welcome.accept(
            input.login, input.code, input.password, info.context.address
        )
        if isinstance(outcome, TryLater):
            return Throttled.for_(outcome.seconds, locale)
        if isinstance(outcome, NotAccepted):
            return WrongCredentials.in_(locale)
        if outcome:
            return InvalidInput.of(outcome, locale)
        return Done(client_mutation_id=input.client_mutation_id)


def _wish(input: MemberInput) -> MemberWish | MemberFault:
    roles = input.roles or None
    if input.roles is not None and input.roles == []:
        return MemberFault(path="roles", code="EMPTY")
    grantable = {role.value for role in GRANTABLE}
    if roles and any(role.value not in grantable for role in roles):
        return MemberFault(path="roles", code="UNKNOWN")
    return MemberWish(
        # Another kind's id is nobody's.
        member=(key_of(Kind.MEMBER, input.member) or "nobody") if input.member else None,
        login=input.login or None,
        name=None if input.name in (None, strawberry.UNSET) else input.name,
        roles=tuple(KnownRole(role.value) for role in roles) if roles else None,
        active=input.active if isinstance(input.active, bool) else None,
        invite=input.invite,
    )
