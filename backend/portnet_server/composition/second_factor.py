"""Second factors and step-up: what proves that a sensitive operation is really wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec

from portnet.domain.identity.proof import Need, Proof, Proven, Unproven
from portnet.ports.clock import Clock
from portnet.ports.proofs import Proofs
from portnet.ports.reading import AccountReader
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.security.authenticator import TotpAuthenticator
from portnet.security.keys import derive_key
from portnet.security.secrets_box import SecretsBox
from portnet.services.identity.second_factor import SecondFactors
from portnet.services.identity.step_up import StepUp
from portnet.services.identity.warning import AccountWarnings
from portnet.storage.engines import Database
from portnet.storage.repositories.identity.second_factor import SecondFactorRepository

_SEALING = "second factors"


class NoApprovals:
    """Implements `Proofs` for approvals: a yes does the act itself, so that none lies about to be shown later."""

    async def verify(self, *_asked: object, **_named: object) -> Proven | Unproven:
        return Unproven.MISSING


class ProofsByNeed:
    """Implements `Proofs`: each need is proven in its own way."""

    def __init__(self, second_factor: Proofs, approval: Proofs) -> None:
        self._second_factor = second_factor
        self._approval = approval

    async def verify(
        self, user: str, need: Need, operation_hash: str, proof: Proof | None
    ) -> Proven | Unproven:
        match need:
            case Need.SECOND_FACTOR:
                proofs = self._second_factor
            case Need.APPROVAL:
                proofs = self._approval
            case _:
                assert_never(need)
        return await proofs.verify(user, need, operation_hash, proof)


class FactorRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What the rest of the house takes from here."""

    authenticator: TotpAuthenticator
    step_up: StepUp
    second_factors: SecondFactors


def authenticator_of(secret: bytes, previous_secrets: Sequence[bytes] = ()) -> TotpAuthenticator:
    """Seals under the server's ``secret``, opens what the previous ones sealed too."""
    previous = [derive_key(old, _SEALING) for old in previous_secrets]
    return TotpAuthenticator(SecretsBox(derive_key(secret, _SEALING), previous))


def factor_room(
    units: UnitsOfWork,
    database: Database,
    accounts: AccountReader,
    clock: Clock,
    secret: bytes,
    previous_secrets: Sequence[bytes],
    warnings: AccountWarnings,
) -> FactorRoom:
    """The room over one database; secrets are sealed under the server's ``secret``."""
    authenticator = authenticator_of(secret, previous_secrets)
    reader = SecondFactorRepository(database)
    step_up = StepUp(units, reader, authenticator, clock)
    return FactorRoom(
        authenticator=authenticator,
        step_up=step_up,
        second_factors=SecondFactors(
            units, reader, accounts, authenticator, step_up, clock, warnings
        ),
    )
