"""Second factors and approvals as the services need them: an operation is proven, or it is not."""

from __future__ import annotations

from typing import Protocol

from portnet.domain.identity.proof import Need, Proof, Proven, Unproven


class Proofs(Protocol):
    async def verify(
        self, user: str, need: Need, operation_hash: str, proof: Proof | None
    ) -> Proven | Unproven:
        """Whether ``need`` is met for the operation of that hash, which ``user`` asks for; a proof counts once.

        Called outside of any transaction. Of an APPROVAL, the answer's ``by`` is who approved.
        """
        ...
