"""The audit chain: each record's hash covers the one before, so that no past record changes unseen.

One chain per company. Unkeyed: whoever can rewrite a whole chain and its head is beyond it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

#: Stands before the first record of every chain.
GENESIS = bytes(32)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = "portnet-audit-1"


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to which subject of a company, and when.

    ``position`` counts from 1 in the company's chain; ``at`` is aware, and its microseconds count.
    """

    company: str
    position: int
    at: datetime
    actor: str
    action: str
    subject: str


class AuditLink(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it is stored, with its hash (32 bytes)."""

    record: AuditRecord
    hash: bytes


def chain_hash(previous: bytes, record: AuditRecord) -> bytes:
    """SHA-256 over ``previous`` (32 bytes, GENESIS for the first record) and ``record``.

    The encoding, for auditors who recompute it: ``portnet-audit-1``, then every field in the order
    of ``AuditRecord``, each as a netstring (``<length in bytes>:<UTF-8>,``); ``position`` in
    decimal, ``at`` in decimal microseconds since the epoch.

    Raises:
        ValueError: ``previous`` has not 32 bytes.
    """
    if len(previous) != len(GENESIS):
        raise ValueError("the hash before has 32 bytes")
    fields = (
        _VERSION,
        record.company,
        str(record.position),
        str((record.at - _EPOCH) // timedelta(microseconds=1)),
        record.actor,
        record.action,
        record.subject,
    )
    return hashlib.sha256(previous + b"".join(map(_field, fields))).digest()


def verify_chain(
    links: Iterable[AuditLink], *, previous: bytes = GENESIS, head: bytes | None = None
) -> int | None:
    """The index of the first broken link, or None.

    A long chain is read in pages: ``previous`` is the hash before the page. ``head`` is the last
    hash as it is kept elsewhere: with it, links cut off the end are found too, and the index is
    then the number of links.
    """
    count = 0
    for link in links:
        if chain_hash(previous, link.record) != link.hash:
            return count
        previous = link.hash
        count += 1
    return None if head is None or head == previous else count


def _field(text: str) -> bytes:
    octets = text.encode()
    return b"%d:%s," % (len(octets), octets)
