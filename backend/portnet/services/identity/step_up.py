"""A second factor shown for one operation: the server names the operation, a code answers it, once.

The challenge is bound to the account and to the operation's content, not to the session: an app that has to sign in
again meanwhile goes on with the same code.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from portnet.domain.identity.proof import Need, Proof, Proven, Unproven, operation_hash
from portnet.domain.identity.second_factor import (
    Answered,
    Occasion,
    SecondFactor,
    TotpCode,
    answered,
    awaits,
    challenged,
    throttled,
)
from portnet.ports.clock import Clock
from portnet.ports.identity.second_factor import Authenticator, SecondFactorReader
from portnet.ports.unit_of_work import AuditDraft, UnitsOfWork


class FactorAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The password of ``user`` is right, and opens nothing yet; ``operation`` is what a code would be bound to."""

    user: str
    operation: str
    why: Unproven


class StepUp:
    """Implements `Proofs` for second factors; nobody shows an approval here."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: SecondFactorReader,
        authenticator: Authenticator,
        clock: Clock,
    ) -> None:
        self._units = units
        self._reader = reader
        self._authenticator = authenticator
        self._clock = clock

    async def verify(
        self, user: str, need: Need, operation_hash: str, proof: Proof | None
    ) -> Proven | Unproven:
        """See `Proofs`. Without a code, or when none was waited for, the operation is challenged: REQUIRED."""
        if need is not Need.SECOND_FACTOR:
            return Unproven.MISSING
        return await self._show(user, operation_hash, Occasion.STEP_UP, proof)

    async def at_sign_in(self, user: str, proof: Proof | None) -> FactorAsked | None:
        """What still keeps out somebody whose password is right; None when nothing does."""
        factor = await self._reader.second_factor(user)
        if factor is None or factor.active is None or not factor.at_sign_in:
            return None
        operation = operation_hash("sign_in", user, "")
        shown = await self._show(user, operation, Occasion.SIGN_IN, proof)
        if isinstance(shown, Proven):
            return None
        return FactorAsked(user=user, operation=operation, why=shown)

    async def _show(
        self, user: str, operation: str, occasion: Occasion, proof: Proof | None
    ) -> Proven | Unproven:
        now = self._clock.now()
        async with self._units() as work:
            factor = await work.second_factor(user)
            if factor is None:
                return Unproven.MISSING
            changed, outcome = self._decided(factor, operation, occasion, proof, now)
            if changed is not factor:
                work.add(changed, *_audits(factor, changed, occasion, operation, now))
                await work.commit()
        return outcome

    def _decided(
        self,
        factor: SecondFactor,
        operation: str,
        occasion: Occasion,
        proof: Proof | None,
        now: datetime,
    ) -> Answered:
        """A text is looked at only where one is waited for: whoever guesses is told nothing."""
        if factor.active is None:
            return factor, Unproven.MISSING
        if throttled(factor, occasion, now):
            return factor, Unproven.THROTTLED
        if proof is None or proof == Proof() or not awaits(factor, operation, now):
            return challenged(factor, operation, now)
        evidence = self._authenticator.read(factor.user, factor.active, proof.code or "", now)
        changed, outcome = answered(factor, operation, occasion, evidence, now)
        # A recovery code must do where the secret cannot be opened any more.
        opened = isinstance(outcome, Proven) and isinstance(evidence, TotpCode)
        if opened and changed.active is not None:
            kept = self._authenticator.resealed(factor.user, changed.active)
            changed = msgspec.structs.replace(changed, active=kept)
        return changed, outcome


def _audits(
    before: SecondFactor, after: SecondFactor, occasion: Occasion, operation: str, now: datetime
) -> tuple[AuditDraft, ...]:
    """What the trail says of it: a code that counted, a recovery code that is gone, a code too many."""
    if before.active is None or after.active is None:
        return ()
    actions: list[str] = []
    if len(after.active.recovery) < len(before.active.recovery):
        actions.append("recovery_code_used")
    elif after.active.last_step > before.active.last_step:
        actions.append("shown")
    elif throttled(after, occasion, now):
        actions.append("throttled")
    return tuple(
        AuditDraft(
            company=before.company,
            at=now,
            actor=f"user:{before.user}",
            action=f"second_factor.{action}",
            subject=operation,
        )
        for action in actions
    )
