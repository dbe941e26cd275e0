"""The sender's side of the demo agencies' keys, in a file that only its owner may read."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.ports.clock import Clock
from portnet.security.signatures import SigningKey
from portnet_server.private_file import write_private


class KeysMissing(Exception):
    """There is no file of demo keys: no demo was started here."""


class _StoredKey(msgspec.Struct, frozen=True):
    id: str
    secret: str


def new_keys(sources: Sequence[str], clock: Clock) -> list[AgencyKey]:
    """Two HMAC keys for each source, in use from now on."""
    return [
        AgencyKey(
            id=f"{source.lower()}-demo-{half}",
            source=source,
            algorithm=SignatureAlgorithm.HMAC_SHA256,
            secret_or_public=secrets.token_bytes(32),
            sandbox=True,
            active_from=clock.now(),
        )
        for source in sources
        for half in ("a", "b")
    ]


def write_keys(path: Path, keys: Sequence[AgencyKey]) -> None:
    stored = {key.source: _StoredKey(key.id, key.secret_or_public.hex()) for key in reversed(keys)}
    write_private(path, msgspec.json.format(msgspec.json.encode(stored)))


def read_keys(path: Path) -> Mapping[str, SigningKey]:
    """By source.

    Raises:
        KeysMissing: the file is not there.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise KeysMissing(f"{path} does not exist: start `portnet demo` first") from None
    stored = msgspec.json.decode(content, type=dict[str, _StoredKey])
    return {
        source: SigningKey(
            id=key.id, algorithm=SignatureAlgorithm.HMAC_SHA256, secret=bytes.fromhex(key.secret)
        )
        for source, key in stored.items()
    }
