"""Fakes for what companies do: proofs that a test hands out, and roads to every system or to none."""

from portnet.domain.identity.proof import Need, Proof, Proven, Unproven
from tests.support.clock import NOON

#: What a person of the tests types when asked for a second factor.
CODE = Proof(code="123456")


class ToldProofs:
    """Implements `Proofs`: the code of the tests proves every second factor; approvals are those in ``approved``.

    ``asked`` are the needs and the hashes that they were for.
    """

    def __init__(self, *, enrolled: bool = True) -> None:
        self.enrolled = enrolled
        #: Who approved, by the operation's hash; under "" every operation.
        self.approved: dict[str, str] = {}
        self.asked: list[tuple[Need, str]] = []

    async def verify(
        self, user: str, need: Need, operation_hash: str, proof: Proof | None
    ) -> Proven | Unproven:
        self.asked.append((need, operation_hash))
        if need is Need.APPROVAL:
            by = self.approved.get(operation_hash) or self.approved.get("")
            return Unproven.MISSING if by is None else Proven(by=by, at=NOON)
        if not self.enrolled:
            return Unproven.MISSING
        if proof is None or proof == Proof():
            return Unproven.REQUIRED
        return Proven(by=user, at=NOON) if proof == CODE else Unproven.WRONG


class EverySystem:
    """Implements `Routes`: all that is said reaches whom it is for."""

    def route(self, source: str, sandbox: bool) -> str | None:
        return source


class NoSystem:
    """Implements `Routes`: nothing can leave."""

    def route(self, source: str, sandbox: bool) -> str | None:
        return None
