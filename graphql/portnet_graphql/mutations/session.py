"""Sign in, stay signed in, sign out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from portnet.services.identity.session import Origin, SignInRefusal, TryLater
from portnet.services.identity.session import SignedIn as Opened
from portnet.services.identity.step_up import FactorAsked
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.done import Done, MutationInput, SubjectInput
from portnet_graphql.mutations.identity.proving import ProofInput, not_yet_signed_in
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import SecondFactorRequired, Throttled, WrongCredentials
from portnet_graphql.types.viewer import Viewer


@strawberry.input
class SignInInput:
    client_mutation_id: strawberry.ID
    login: str
    password: str
    proof: ProofInput | None = strawberry.UNSET
    device_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="What `registerDevice` answered on this phone before: others' attempts on the account do not"
        " keep it out.",
    )


@strawberry.input
class RefreshSessionInput:
    client_mutation_id: strawberry.ID
    refresh_token: str


@strawberry.type
class SignedIn:
    access_token: str
    expires_at: datetime = strawberry.field(
        description="When the access token is refused; refresh the session before."
    )
    refresh_token: str
    viewer: Viewer


SignInResult: TypeAlias = Annotated[
    SignedIn | WrongCredentials | SecondFactorRequired | Throttled, strawberry.union("SignInResult")
]


@strawberry.type
class SessionMutations:
    @described("Who has a second factor is asked for it once the password is right.")
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult:
        sessions = info.context.services.sessions
        proof = input.proof.known() if input.proof else None
        device = key_of(Kind.DEVICE, input.device_id) if input.device_id else None
        origin = Origin(address=info.context.address, device=device)
        outcome = await sessions.sign_in(input.login, input.password, proof, origin)
        if isinstance(outcome, FactorAsked):
            return await not_yet_signed_in(outcome, info.context)
        return await _shown(outcome, info.context)

    @described(
        "Works once for each refresh token and hands over to the next; an older one"
        " ends the session."
    )
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> SignInResult:
        outcome = await info.context.services.sessions.refresh(input.refresh_token)
        return await _shown(outcome, info.context)

    @described("Ends the session; its tokens and sockets with it.")
    async def sign_out(self, info: Info, input: MutationInput) -> Done:
        await info.context.services.sessions.sign_out(info.context.viewer)
        return Done(client_mutation_id=input.client_mutation_id)

    @described(
        "Ends one of the viewer's sessions: its tokens, sockets and devices with it. Twice is as"
        " good as once."
    )
    async def revoke_session(self, info: Info, input: SubjectInput) -> Done:
        key = key_of(Kind.SESSION, input.id) or ""
        refusal = await info.context.services.revocations.revoke(info.context.viewer, key)
        if refusal is not None:
            raise ContractError(ErrorCode.NOT_FOUND, "There is no such session.")
        return Done(client_mutation_id=input.client_mutation_id)

    @described('"Block all": ends every session of the viewer but the one that asks.')
    async def revoke_other_sessions(self, info: Info, input: MutationInput) -> Done:
        await info.context.services.revocations.revoke_others(info.context.viewer)
        return Done(client_mutation_id=input.client_mutation_id)


async def _shown(outcome: Opened | SignInRefusal | TryLater, context: Context) -> SignInResult:
    if isinstance(outcome, TryLater):
        return Throttled.for_(outcome.seconds, context.locale)
    if isinstance(outcome, SignInRefusal):
        return WrongCredentials.in_(context.locale)
    signed_in = await context.signed_in(outcome.viewer.session)
    return SignedIn(
        access_token=outcome.access.text,
        expires_at=outcome.access.expires_at,
        refresh_token=outcome.refresh.text,
        viewer=Viewer.of(signed_in.person),
    )
