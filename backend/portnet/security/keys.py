"""Independent keys out of the one server secret, so that no key serves two purposes."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: Bytes that the server secret must have: the strength of the keys derived from it.
SHORTEST_SECRET = 32


def derive_key(secret: bytes, purpose: str) -> bytes:
    """32 bytes that only ``secret`` and ``purpose`` give (HKDF-SHA256).

    Raises:
        ValueError: ``secret`` has fewer than 32 bytes.
    """
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"the server secret must have at least {SHORTEST_SECRET} bytes")
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"portnet " + purpose.encode())
    return kdf.derive(secret)


def key_id(key: bytes) -> str:
    """A public name for a derived key, 8 hex digits: tells keys apart, tells nothing about them."""
    return hashlib.sha256(b"portnet key id" + key).hexdigest()[:8]
