"""Checkpoints of the audit chains: how far each had come, signed, to be kept where nobody who runs the database can
write. What was cut off or rewritten since then is found by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portnet.domain.audit import Head
from portnet.security.keys import derive_key

_PURPOSE = "audit checkpoints"
#: Stands before what is signed, so that no other signature of ours can pass for a checkpoint's.
_CONTEXT = b"portnet-audit-checkpoint-1\n"


class Heads(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed: the chains as they stood ``at`` that instant."""

    at: datetime
    heads: tuple[Head, ...]

    @property
    def by_company(self) -> Mapping[str, Head]:
        return {head.company: head for head in self.heads}


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``key`` and ``signature`` are hex; the signature is over the context's line and ``checkpoint`` to the byte."""

    checkpoint: msgspec.Raw
    key: str
    signature: str


class UntrustedCheckpoint(Exception):
    """The file is no checkpoint, was changed, or is signed by a key that is not ours."""


def sealed(heads: Iterable[Head], at: datetime, secret: bytes) -> bytes:
    """A checkpoint as a file's content, one line of JSON."""
    key = _key(secret)
    content = msgspec.json.encode(Heads(at=at, heads=tuple(heads)))
    file = _File(
        checkpoint=msgspec.Raw(content),
        key=public_half(secret).hex(),
        signature=key.sign(_CONTEXT + content).hex(),
    )
    return msgspec.json.encode(file) + b"\n"


def opened(data: bytes, keys: Iterable[bytes]) -> Heads:
    """What a checkpoint says, if one of the public ``keys`` signed it.

    Raises:
        UntrustedCheckpoint: see there.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
        content, signature = bytes(file.checkpoint), bytes.fromhex(file.signature)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise UntrustedCheckpoint("this is no checkpoint of an audit trail") from None
    if not any(_signed(Ed25519PublicKey.from_public_bytes(k), signature, content) for k in keys):
        raise UntrustedCheckpoint("the checkpoint was changed, or another server signed it")
    return msgspec.json.decode(content, type=Heads)


def public_half(secret: bytes) -> bytes:
    """What others check this server's checkpoints with: the Ed25519 public key, 32 bytes."""
    return _key(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _key(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive_key(secret, _PURPOSE))


def _signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, _CONTEXT + content)
    except InvalidSignature:
        return False
    return True
