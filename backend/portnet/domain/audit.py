"""The audit chain: each record's hash covers the one before, so that no past record changes unseen.

One chain per company. Unkeyed: whoever can rewrite a whole chain is found by a checkpoint that was taken before.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

#: Stands before the first record of every chain.
GENESIS = bytes(32)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = "portnet-audit-1"
#: Of records that somebody made for somebody else; all others keep the encoding, and so the hash, that they had.
_VERSION_ON_BEHALF = "portnet-audit-2"


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to which subject of a company, and when.

    ``position`` counts from 1 in the company's chain; ``at`` is aware, and its microseconds count. ``on_behalf_of`` is
    whose right the actor used, where it was not their own: ``user:<id>`` who delegated.
    """

    company: str
    position: int
    at: datetime
    actor: str
    action: str
    subject: str
    on_behalf_of: str | None = None


class AuditLink(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it is stored, with its hash (32 bytes)."""

    record: AuditRecord
    hash: bytes


def chain_hash(previous: bytes, record: AuditRecord) -> bytes:
    """SHA-256 over ``previous`` (32 bytes, GENESIS for the first record) and ``record``.

    The encoding, for auditors who recompute it: ``portnet-audit-1``, then every field in the order
    of ``AuditRecord`` but the last, each as a netstring (``<length in bytes>:<UTF-8>,``); ``position`` in
    decimal, ``at`` in decimal microseconds since the epoch. Where there is an ``on_behalf_of``, the
    first netstring is ``portnet-audit-2`` and the last one is it.

    Raises:
        ValueError: ``previous`` has not 32 bytes.
    """
    if len(previous) != len(GENESIS):
        raise ValueError("the hash before has 32 bytes")
    extra = () if record.on_behalf_of is None else (record.on_behalf_of,)
    fields = (
        _VERSION if record.on_behalf_of is None else _VERSION_ON_BEHALF,
        record.company,
        str(record.position),
        str((record.at - _EPOCH) // timedelta(microseconds=1)),
        record.actor,
        record.action,
        record.subject,
        *extra,
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


class Breach(enum.StrEnum):
    """What is wrong at a place of a chain.

    CHANGED: the row, or the one before it, is not what was chained. MISSING: a position is not there. TRUNCATED: the
    chain ends before a checkpoint. REWRITTEN: it holds in itself, but is not the one that a checkpoint saw.
    """

    CHANGED = "CHANGED"
    MISSING = "MISSING"
    TRUNCATED = "TRUNCATED"
    REWRITTEN = "REWRITTEN"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A breach of a company's chain, at the first position that it concerns."""

    company: str
    position: int
    breach: Breach


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """How far a company's chain had come, and the hash (64 hex digits) of its last record there."""

    company: str
    position: int
    hash: str


class ChainCheck:
    """Checks one company's chain link by link, in the order of positions; each break is found once.

    Args:
        seen: the chain as a checkpoint saw it, if one did.
    """

    def __init__(self, company: str, seen: Head | None = None) -> None:
        self._company = company
        self._seen = seen
        self._position = 0
        self._previous = GENESIS

    @property
    def head(self) -> Head:
        """Where the chain stands after all that was taken."""
        return Head(company=self._company, position=self._position, hash=self._previous.hex())

    def take(self, link: AuditLink) -> list[Finding]:
        """What is wrong with the next link."""
        findings: list[Finding] = []
        expected = self._position + 1
        if link.record.position != expected:
            findings.append(self._found(expected, Breach.MISSING))
        elif chain_hash(self._previous, link.record) != link.hash:
            findings.append(self._found(expected, Breach.CHANGED))
        # From here on by the row's own word: what follows one break may well be whole.
        self._position, self._previous = link.record.position, link.hash
        seen = self._seen
        if seen and seen.position == self._position and seen.hash != link.hash.hex():
            findings.append(self._found(self._position, Breach.REWRITTEN))
        return findings

    def end(self) -> list[Finding]:
        """What is wrong once there are no more links."""
        if self._seen is None or self._seen.position <= self._position:
            return []
        return [self._found(self._position + 1, Breach.TRUNCATED)]

    def _found(self, position: int, breach: Breach) -> Finding:
        return Finding(company=self._company, position=position, breach=breach)


def _field(text: str) -> bytes:
    octets = text.encode()
    return b"%d:%s," % (len(octets), octets)
