"""Papers that people send: what may be announced, and what the bytes that came must be. Nothing here opens a paper."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

#: The largest paper: 10 MiB.
LARGEST = 10 * 1024 * 1024
#: How long an announced paper may take to come: a day without a network, and the night after it.
LIFETIME = timedelta(hours=48)
LONGEST_NUMBER = 35
#: Papers that somebody has announced and not sent yet, at most.
MOST_OPEN = 20
#: Papers of one answer or act, at most.
MOST_ENCLOSED = 20
#: Bytes from which `sniff` tells what a file is.
SNIFFED = 16

#: How a file of each type that we take begins. What it is called and said to be proves nothing.
_SIGNATURES = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[:SNIFFED],
}
MEDIA_TYPES = frozenset(_SIGNATURES)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class SubjectKind(enum.StrEnum):
    """What a paper belongs to."""

    DECLARATION = "DECLARATION"
    PROCEDURE = "PROCEDURE"
    REQUEST = "REQUEST"
    COMPANY = "COMPANY"


class DocumentState(enum.StrEnum):
    """OPEN: announced, its bytes are awaited. STORED is whole and checked. The others are the end of what never was."""

    OPEN = "OPEN"
    STORED = "STORED"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"


class Scan(enum.StrEnum):
    """What the virus scanner said."""

    CLEAN = "CLEAN"
    INFECTED = "INFECTED"
    #: There is no scanner.
    NOT_SCANNED = "NOT_SCANNED"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """``company`` is whose it is; ``dossier`` and ``procedure`` where it is part of them."""

    kind: SubjectKind
    id: str
    company: str
    dossier: str | None = None
    procedure: str | None = None


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to send: ``kind`` is a code of the documents table, ``sha256`` lower-case hex."""

    kind: str
    media_type: str
    bytes: int
    sha256: str
    number: str | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A paper, from its announcement on. ``sent_by`` is the user; the content is a file named by ``sha256``."""

    id: str
    subject: Subject
    kind: str
    number: str | None
    media_type: str
    bytes: int
    sha256: str
    state: DocumentState
    sent_by: str
    created_at: datetime
    expires_at: datetime
    scan: Scan | None = None
    stored_at: datetime | None = None

    def awaited(self, now: datetime) -> bool:
        """Whether its bytes may still come."""
        return self.state is DocumentState.OPEN and now < self.expires_at


class DocumentFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field that cannot be taken, and why: EMPTY, TOO_LARGE, TOO_LONG, MALFORMED, UNKNOWN."""

    path: str
    code: str


class WrongContent(enum.StrEnum):
    """Why whole content is not what was announced."""

    WRONG_LENGTH = "WRONG_LENGTH"
    WRONG_HASH = "WRONG_HASH"
    WRONG_TYPE = "WRONG_TYPE"


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What came: ``head`` are its first bytes, as many as `sniff` wants."""

    sha256: str
    head: bytes
    size: int


def faults_of(announced: Announced, kinds: Collection[str]) -> tuple[DocumentFault, ...]:
    """All that is wrong with an announcement; ``kinds`` are the known codes of papers."""
    found: list[tuple[str, str]] = []
    if announced.kind not in kinds:
        found.append(("kind", "UNKNOWN"))
    if announced.media_type not in MEDIA_TYPES:
        found.append(("mediaType", "UNKNOWN"))
    if announced.bytes < 1:
        found.append(("bytes", "EMPTY"))
    if announced.bytes > LARGEST:
        found.append(("bytes", "TOO_LARGE"))
    if not _SHA256.fullmatch(announced.sha256):
        found.append(("sha256", "MALFORMED"))
    number = announced.number or ""
    if len(number) > LONGEST_NUMBER:
        found.append(("number", "TOO_LONG"))
    elif number and not number.isprintable():
        found.append(("number", "MALFORMED"))
    return tuple(DocumentFault(path=path, code=code) for path, code in found)


def sniff(head: bytes) -> str | None:
    """The media type that a file's first bytes tell; None for any that we do not take."""
    return next((m for m, begin in _SIGNATURES.items() if head.startswith(begin)), None)


def wrong_with(document: Document, examined: Examined) -> WrongContent | None:
    """What is wrong with the whole content of ``document``, the plainest first."""
    if examined.size != document.bytes:
        return WrongContent.WRONG_LENGTH
    if sniff(examined.head) != document.media_type:
        return WrongContent.WRONG_TYPE
    return None if examined.sha256 == document.sha256 else WrongContent.WRONG_HASH
