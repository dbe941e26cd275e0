"""What a person shows to prove that it is them."""

from __future__ import annotations

import strawberry

from portnet.domain.identity.proof import Proof


@strawberry.input
class ProofInput:
    code: str | None = strawberry.UNSET
    passkey: str | None = strawberry.field(
        default=strawberry.UNSET, description="the authenticator's JSON, verbatim"
    )

    def known(self) -> Proof:
        return Proof(code=self.code or None, passkey=self.passkey or None)
