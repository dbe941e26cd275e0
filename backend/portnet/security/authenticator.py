"""Time-based one-time codes (RFC 6238) and recovery codes.

Whether a code was used before is not known here. No text that a client can send makes it raise.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

import msgspec
import pyotp
from pyotp.exceptions import OTPVerificationError
from pyotp.totp import TOTP

from portnet.domain.identity.second_factor import (
    STEP_SECONDS,
    Evidence,
    RecoveryCode,
    Totp,
    TotpCode,
)
from portnet.ports.identity.second_factor import Drawn
from portnet.security.secrets_box import SecretsBox

#: Steps that a phone's clock may be wrong by, either way.
_SKEW = 1
_ISSUER = "PortNet"
_RECOVERY_CODES = 10
#: Crockford's base 32: no I, L, O, U. 24 characters are 120 bits: a plain hash keeps them (OWASP ASVS 5.0, 6.5.2).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECOVERY_LENGTH, _GROUP = 24, 4
_RECOVERY = re.compile(rf"[{_ALPHABET}]{{{_RECOVERY_LENGTH}}}")
_MISREAD = str.maketrans("ILO", "110")
_CODE = re.compile(r"[0-9]{6}")
#: What is longer than a recovery code with generous spaces is not looked at.
_LONGEST_TEXT = 80


class TotpAuthenticator:
    """Implements `Authenticator`. Secrets are sealed in ``box``, each for its own account."""

    def __init__(self, box: SecretsBox) -> None:
        self._box = box

    def draw(self, user: str, login: str, now: datetime) -> Drawn:
        secret = pyotp.random_base32()
        codes = tuple(_recovery_code() for _ in range(_RECOVERY_CODES))
        return Drawn(
            totp=self.keep(user, secret, codes, now),
            uri=TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER),
            recovery_codes=codes,
        )

    def keep(self, user: str, secret: str, recovery_codes: tuple[str, ...], now: datetime) -> Totp:
        """A known secret (base 32) as the account keeps it."""
        return Totp(
            sealed=self._box.seal(secret.encode(), _place(user)),
            recovery=tuple(_hash(_typed(code)) for code in recovery_codes),
            since=now,
        )

    def read(self, user: str, totp: Totp, code: str, now: datetime) -> Evidence:
        typed = _typed(code) if len(code) <= _LONGEST_TEXT else ""
        if _RECOVERY.fullmatch(typed):
            return RecoveryCode(hash=_hash(typed))
        if not _CODE.fullmatch(typed):
            return None
        secret = self._box.open(totp.sealed, _place(user)).decode()
        try:
            step = TOTP(secret).verify_and_get_timecode(typed, for_time=now, valid_window=_SKEW)
        except OTPVerificationError:
            return None
        return TotpCode(step=step)

    def resealed(self, user: str, totp: Totp) -> Totp:
        if not self._box.needs_reseal(totp.sealed):
            return totp
        secret = self._box.open(totp.sealed, _place(user))
        return msgspec.structs.replace(totp, sealed=self._box.seal(secret, _place(user)))


def code_at(secret: str, now: datetime) -> str:
    """The six digits that an authenticator with that secret (base 32) shows."""
    return TOTP(secret).at(now)


def shown_for(now: datetime) -> timedelta:
    """How long the present code is still shown."""
    return timedelta(seconds=STEP_SECONDS - now.timestamp() % STEP_SECONDS)


def _recovery_code() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(text[i : i + _GROUP] for i in range(0, _RECOVERY_LENGTH, _GROUP))


def _typed(text: str) -> str:
    """As people type it: without spaces and dashes, any alphabet's digits, letters that look alike taken as one."""
    kept = "".join(c for c in text if not c.isspace() and c not in "-‐–—")
    western = "".join(str(int(c)) if c.isdecimal() else c for c in kept)
    return western.upper().translate(_MISREAD)


def _hash(recovery_code: str) -> str:
    return hashlib.sha256(recovery_code.encode()).hexdigest()


def _place(user: str) -> str:
    return f"second factor of {user}"
