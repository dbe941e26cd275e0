"""Tokens in addresses: what they are for and of what, under a key of ours, maybe until some instant; no secrets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

_MAC = 32
#: Between parts, none of which holds it.
_BETWEEN = "\x1f"


class SignedLinks:
    """Makes and reads tokens of one purpose. ``previous`` keys, from before a rotation, are still read."""

    def __init__(self, key: bytes, previous: Sequence[bytes] = ()) -> None:
        self._key = key
        self._keys = (key, *previous)

    def make(self, *parts: str, until: datetime | None = None) -> str:
        """A token of ``parts``, good until that instant, or as long as its subject is."""
        end = "" if until is None else str(int(until.timestamp()))
        said = _BETWEEN.join((end, *parts)).encode()
        return base64.urlsafe_b64encode(_mac(self._key, said) + said).rstrip(b"=").decode()

    def read(self, token: str, now: datetime) -> tuple[str, ...] | None:
        """The parts; None for what is not ours, is over or is no token. Never raises."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        mac, said = raw[:_MAC], raw[_MAC:]
        if not any(hmac.compare_digest(mac, _mac(key, said)) for key in self._keys):
            return None
        end, *parts = said.decode().split(_BETWEEN)
        if end and now >= datetime.fromtimestamp(int(end), UTC):
            return None
        return tuple(parts)


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, said, hashlib.sha256)
