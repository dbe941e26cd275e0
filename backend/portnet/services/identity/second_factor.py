"""Get a second factor, or another one in its place. The one in force stays until the new one has shown a code."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.identity.proof import Need, Proof, Proven, Unproven, operation_hash
from portnet.domain.identity.second_factor import (
    FactorState,
    Method,
    Occasion,
    SecondFactor,
    confirmed,
    enrolled,
    seconds_to_wait,
    throttled,
)
from portnet.domain.submission import NotDone
from portnet.ports.clock import Clock
from portnet.ports.identity.second_factor import Authenticator, Drawn, SecondFactorReader
from portnet.ports.proofs import Proofs
from portnet.ports.reading import AccountReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitsOfWork
from portnet.services.identity.person import refused
from portnet.services.identity.warning import AccountWarnings

_ENROL, _CONFIRM = "enrol_second_factor", "confirm_second_factor"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody can show now, and in how many seconds a code can be accepted again (0: at once)."""

    state: FactorState
    methods: tuple[Method, ...]
    wait_seconds: int
    throttled: bool


class SecondFactors:
    """The use cases of having a second factor."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: SecondFactorReader,
        accounts: AccountReader,
        authenticator: Authenticator,
        proofs: Proofs,
        clock: Clock,
        warnings: AccountWarnings,
    ) -> None:
        self._units = units
        self._reader = reader
        self._accounts = accounts
        self._authenticator = authenticator
        self._proofs = proofs
        self._clock = clock
        self._warnings = warnings

    async def readiness(self, user: str, occasion: Occasion = Occasion.STEP_UP) -> Readiness:
        """What an account can show, and how soon."""
        known = await self._reader.second_factor(user)
        factor = known or SecondFactor(user=user, company="")
        now = self._clock.now()
        return Readiness(
            state=factor.state,
            methods=factor.methods,
            wait_seconds=seconds_to_wait(factor, occasion, now),
            throttled=throttled(factor, occasion, now),
        )

    @staticmethod
    def enrolment(user: str, method: Method) -> str:
        """The operation that a code for another enrolment is bound to."""
        return operation_hash(_ENROL, user, method.value)

    async def enrol(self, viewer: Viewer, method: Method, proof: Proof | None) -> Drawn | NotDone:
        """A new authenticator, shown this once. Who has one already shows it first."""
        if method is not Method.TOTP:
            return NotDone.NOT_NOW
        shown = await self._proofs.verify(
            viewer.user, Need.SECOND_FACTOR, self.enrolment(viewer.user, method), proof
        )
        if isinstance(shown, Unproven) and shown is not Unproven.MISSING:
            return refused(shown)
        now = self._clock.now()
        user = (await self._accounts.users([viewer.user]))[viewer.user]
        drawn = self._authenticator.draw(user.id, user.login, now)
        async with self._units() as work:
            known = await work.second_factor(viewer.user)
            if known is not None and known.active is not None and not isinstance(shown, Proven):
                # Confirmed since we looked, by somebody else with this account's session.
                return NotDone.NOT_NOW
            factor = known or SecondFactor(user=viewer.user, company=viewer.company)
            work.add(enrolled(factor, drawn.totp), _audited(viewer, "begun", now))
            await work.commit()
        return drawn

    async def confirm(self, viewer: Viewer, key: str, proof: Proof) -> NotDone | None:
        """Put it in force by its first code; None when that is done, now or before under the same ``key``."""
        now = self._clock.now()
        async with self._units() as work:
            factor = await work.second_factor(viewer.user)
            done = await work.done(viewer.user, key)
            if done is not None:
                return None if done.fingerprint == _CONFIRM else NotDone.KEY_REUSED
            if factor is None or factor.pending is None:
                return NotDone.NOT_NOW
            evidence = None
            if not throttled(factor, Occasion.STEP_UP, now):
                evidence = self._authenticator.read(
                    viewer.user, factor.pending, proof.code or "", now
                )
            changed, outcome = confirmed(factor, evidence, now)
            if changed is not factor:
                work.add(changed)
            if isinstance(outcome, Proven):
                action = "confirmed" if factor.active is None else "replaced"
                done = MutationDone(
                    user=viewer.user, key=key, subject=viewer.user, fingerprint=_CONFIRM, at=now
                )
                warned = await self._warnings.of(work, viewer.user, viewer.company, now)
                work.add(done, _audited(viewer, action, now), *warned)
            self._warnings.send(await work.commit())
        return refused(outcome) if isinstance(outcome, Unproven) else None


def _audited(viewer: Viewer, action: str, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=viewer.company,
        at=now,
        actor=f"user:{viewer.user}",
        action=f"second_factor.{action}",
        subject=viewer.user,
    )
