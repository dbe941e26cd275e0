"""The key that an agency signs with: two may be active at once, so that it can be changed without a silence."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import assert_never

import msgspec

from portnet.domain.catalogue import RESERVED_SOURCES

#: Bytes of an HMAC secret: the length of the hash, as RFC 2104 advises.
SHORTEST_HMAC_SECRET = 32
_ED25519_BYTES = 32


class SignatureAlgorithm(enum.StrEnum):
    HMAC_SHA256 = "HMAC_SHA256"
    ED25519 = "ED25519"


class AgencyKey(msgspec.Struct, frozen=True, kw_only=True):
    """What we check a source's messages with: an HMAC secret, or a raw Ed25519 public key.

    In use from ``active_from`` until before ``active_until`` (open when None). Messages under a
    ``sandbox`` key reach sandbox companies only.

    Raises:
        ValueError: the secret is too short, the public key has not 32 bytes, or the source has a name that stands for
            a company's own acts or for our clock.
    """

    id: str
    source: str
    algorithm: SignatureAlgorithm
    secret_or_public: bytes
    sandbox: bool
    active_from: datetime
    active_until: datetime | None = None

    def __post_init__(self) -> None:
        check_key_material(self.algorithm, self.secret_or_public)
        if self.source in RESERVED_SOURCES:
            raise ValueError(f"no agency is named {self.source}")

    def __repr__(self) -> str:
        return f"AgencyKey(id={self.id!r}, source={self.source!r}, secret_or_public=***)"

    def active(self, at: datetime) -> bool:
        """Whether the key may be used at ``at``."""
        return self.active_from <= at and (self.active_until is None or at < self.active_until)


def check_key_material(algorithm: SignatureAlgorithm, material: bytes) -> None:
    """Raises ValueError when ``material`` cannot be a key of that algorithm."""
    match algorithm:
        case SignatureAlgorithm.HMAC_SHA256:
            if len(material) < SHORTEST_HMAC_SECRET:
                raise ValueError(f"an HMAC secret has at least {SHORTEST_HMAC_SECRET} bytes")
        case SignatureAlgorithm.ED25519:
            if len(material) != _ED25519_BYTES:
                raise ValueError(f"an Ed25519 key has {_ED25519_BYTES} bytes")
        case _:
            assert_never(algorithm)
