"""Second factors as the services need them: drawn, read and found; their secrets are never seen."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from portnet.domain.identity.second_factor import Evidence, SecondFactor, Totp


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A new authenticator. ``uri`` (otpauth) and ``recovery_codes`` are shown once, ``totp`` is what we keep."""

    totp: Totp
    uri: str
    recovery_codes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Drawn(totp={self.totp!r}, uri=***, recovery_codes=***)"


class Authenticator(Protocol):
    def draw(self, user: str, login: str, now: datetime) -> Drawn:
        """A new secret and its recovery codes; ``login`` is how the person's own app names the account."""
        ...

    def read(self, user: str, totp: Totp, code: str, now: datetime) -> Evidence:
        """What a text stands for: a code of at most one step around ``now``, a recovery code, or nothing."""
        ...

    def resealed(self, user: str, totp: Totp) -> Totp:
        """The same, under the server's current secret."""
        ...


class SecondFactorReader(Protocol):
    async def second_factor(self, user: str) -> SecondFactor | None:
        """What an account has; None when it never enrolled anything."""
        ...
