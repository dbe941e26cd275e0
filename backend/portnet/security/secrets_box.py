"""Encryption at rest for secrets that we must read again, such as agencies' HMAC secrets.

AES-256-GCM under a key derived from the server secret. Not to be used where a hash would do.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portnet.security.keys import derive_key, key_id

_VERSION = "box1"
_NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed secret was changed or moved, or sealed under a server secret that we do not have."""


class SecretsBox:
    """Seals under the current server secret, opens what the previous ones sealed too."""

    def __init__(self, current: bytes, previous: Sequence[bytes] = ()) -> None:
        keys = [derive_key(secret, "secrets box") for secret in (current, *previous)]
        self._current = key_id(keys[0])
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}

    def seal(self, plain: bytes, place: str) -> str:
        """ASCII text to store. ``place`` names the row: in another one the seal does not open."""
        # A repeated nonce would give the key away: it is never the caller's to choose.
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._ciphers[self._current].encrypt(nonce, plain, place.encode())
        return f"{_VERSION}.{self._current}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"

    def open(self, sealed: str, place: str) -> bytes:
        """What was sealed in ``place``.

        Raises:
            SealBroken: it was not sealed by us, for this place, under a secret that we have.
        """
        version, kid, content = _parts(sealed)
        cipher = self._ciphers.get(kid)
        if version != _VERSION or cipher is None:
            raise SealBroken("sealed under a server secret that is not configured")
        try:
            octets = base64.b64decode(content, altchars=b"-_", validate=True)
            return cipher.decrypt(octets[:_NONCE_BYTES], octets[_NONCE_BYTES:], place.encode())
        except (InvalidTag, binascii.Error, ValueError) as broken:
            raise SealBroken("a sealed secret was changed or moved") from broken

    def needs_reseal(self, sealed: str) -> bool:
        """Whether ``sealed`` still hangs on a previous server secret."""
        return _parts(sealed)[1] != self._current


def _parts(sealed: str) -> tuple[str, str, str]:
    parts = sealed.split(".")
    if len(parts) != 3:
        raise SealBroken("not a sealed secret")
    return parts[0], parts[1], parts[2]
