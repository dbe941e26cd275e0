"""Signatures of agency messages: who sent this body, and when.

Header: ``t=<seconds since the epoch>,v1=<hex>`` for HMAC-SHA256, ``t=…,v2=<hex>`` for Ed25519, both
over ``<t>.<raw body>``, hex in lower case. Several signatures may follow one ``t``; unknown names
are ignored, so that a later scheme can be sent beside today's. The key's own algorithm decides
which are looked at. No header may raise an error here.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import assert_never

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm, check_key_material

TOLERANCE = timedelta(seconds=300)

#: Room for seven Ed25519 or fourteen HMAC signatures; bounds the work that a stranger can ask for.
_LONGEST_HEADER = 1024
# Twelve digits reach the year 33658; no number longer than that is ever made into an int.
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")
_HEX = {"v1": re.compile(r"[0-9a-f]{64}"), "v2": re.compile(r"[0-9a-f]{128}")}


class Verdict(enum.StrEnum):
    """STALE: more than 300 s from our clock. INACTIVE: the key is not in use yet, or no longer."""

    VALID = "VALID"
    MALFORMED = "MALFORMED"
    STALE = "STALE"
    INACTIVE = "INACTIVE"
    WRONG = "WRONG"


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """The sender's side of a key: the HMAC secret, or the Ed25519 private seed (32 bytes)."""

    id: str
    algorithm: SignatureAlgorithm
    secret: bytes

    def __post_init__(self) -> None:
        check_key_material(self.algorithm, self.secret)

    def __repr__(self) -> str:
        return f"SigningKey(id={self.id!r}, algorithm={self.algorithm.value!r}, secret=***)"


def sign(body: bytes, key: SigningKey, now: datetime) -> str:
    """The signature header of ``body``, sent at ``now``."""
    timestamp = str(int(now.timestamp()))
    message = _message(timestamp, body)
    match key.algorithm:
        case SignatureAlgorithm.HMAC_SHA256:
            return f"t={timestamp},v1={_hmac(key.secret, message).hex()}"
        case SignatureAlgorithm.ED25519:
            private = Ed25519PrivateKey.from_private_bytes(key.secret)
            return f"t={timestamp},v2={private.sign(message).hex()}"
        case _:
            assert_never(key.algorithm)


def verify(header: str, body: bytes, key: AgencyKey, now: datetime) -> Verdict:
    """Whether a signature of ``header`` over the raw ``body`` is ``key``'s and fresh at ``now``."""
    parsed = _parse(header)
    if parsed is None:
        return Verdict.MALFORMED
    if not key.active(now):
        return Verdict.INACTIVE
    if abs(now.timestamp() - int(parsed.timestamp)) > TOLERANCE.total_seconds():
        return Verdict.STALE
    return Verdict.VALID if _any_matches(parsed, body, key) else Verdict.WRONG


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    timestamp: str
    v1: tuple[bytes, ...]
    v2: tuple[bytes, ...]


def _parse(header: str) -> _Header | None:
    if len(header) > _LONGEST_HEADER:
        return None
    values: dict[str, list[str]] = {}
    for item in header.split(","):
        name, equals, value = item.partition("=")
        if not equals or not _NAME.fullmatch(name) or not _well_formed(name, value):
            return None
        values.setdefault(name, []).append(value)
    timestamps = values.get("t", [])
    if len(timestamps) != 1 or not (values.keys() & _HEX.keys()):
        return None
    return _Header(
        timestamp=timestamps[0],
        v1=tuple(map(bytes.fromhex, values.get("v1", []))),
        v2=tuple(map(bytes.fromhex, values.get("v2", []))),
    )


def _well_formed(name: str, value: str) -> bool:
    if name == "t":
        return _TIMESTAMP.fullmatch(value) is not None
    pattern = _HEX.get(name)
    return pattern is None or pattern.fullmatch(value) is not None


def _any_matches(header: _Header, body: bytes, key: AgencyKey) -> bool:
    # The digits as they were sent are what was signed.
    message = _message(header.timestamp, body)
    match key.algorithm:
        case SignatureAlgorithm.HMAC_SHA256:
            expected = _hmac(key.secret_or_public, message)
            return any(hmac.compare_digest(expected, given) for given in header.v1)
        case SignatureAlgorithm.ED25519:
            public = Ed25519PublicKey.from_public_bytes(key.secret_or_public)
            return any(_ed25519_matches(public, given, message) for given in header.v2)
        case _:
            assert_never(key.algorithm)


def _ed25519_matches(public: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _message(timestamp: str, body: bytes) -> bytes:
    return timestamp.encode("ascii") + b"." + body


def _hmac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)
