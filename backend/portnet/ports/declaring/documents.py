"""Papers: their records as a viewer may see them, where their bytes are kept, and the links under which they travel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from portnet.domain.access import Viewer
from portnet.domain.declaring.document import Document, Examined, Scan


class OffsetMoved(Exception):
    """So much is there by now: another sending was quicker, or the sender miscounted."""

    def __init__(self, received: int) -> None:
        super().__init__(f"{received} bytes are there")
        self.received = received


class NoRoom(Exception):
    """The disk is full."""


class ScannerFailed(Exception):
    """The scanner gave no answer; the content may be clean or not."""


class Scanner(Protocol):
    async def scan(self, file: Path) -> Scan:
        """What the scanner says of a whole file.

        Raises:
            ScannerFailed: it says nothing.
        """
        ...


class Attachments(Protocol):
    """Content while it comes, by the paper's id, and content that is whole, by its hash."""

    async def received(self, upload: str) -> int:
        """How many bytes are there."""
        ...

    async def append(self, upload: str, offset: int, data: bytes) -> int:
        """Add ``data`` where ``offset`` bytes are there; how many there are then. Of two that do, one does.

        Raises:
            OffsetMoved: there are more or fewer.
            NoRoom: nothing was added.
        """
        ...

    async def examine(self, upload: str) -> Examined:
        """What came so far."""
        ...

    async def scan(self, upload: str) -> Scan:
        """What the scanner says of it; raises `ScannerFailed`."""
        ...

    async def keep(self, upload: str, sha256: str) -> None:
        """Have what came as the content of that hash, on disk for good; what came stays until it is dropped.

        Raises:
            NoRoom: it could not be written.
        """
        ...

    async def drop(self, upload: str) -> None:
        """Forget what came."""
        ...

    async def content(self, sha256: str) -> bytes | None:
        """Whole content, a paper's at most; None when it is not there."""
        ...


class Links(Protocol):
    """Tokens that nobody else can make, in the server's own addresses."""

    def upload(self, document: str) -> str:
        """Where the bytes of a paper are put; good as long as they are awaited."""
        ...

    def content(self, document: str, viewer: Viewer, now: datetime) -> str:
        """Where its content is read for some minutes, by that session."""
        ...


class DocumentReader(Protocol):
    """Papers, of what the viewer may see."""

    async def documents_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Document]:
        """Stored ones."""
        ...

    async def of_procedures(self, procedures: Sequence[str]) -> Mapping[str, Sequence[Document]]:
        """Stored ones of procedures that may be seen, and of what was asked in them, oldest first."""
        ...

    async def of_subjects(
        self, viewer: Viewer, now: datetime, subjects: Sequence[str]
    ) -> Mapping[str, Sequence[Document]]:
        """Stored ones by subject, oldest first."""
        ...

    async def of_company(self, company: str) -> Sequence[Document]:
        """Stored ones that are the company's own, oldest first."""
        ...

    async def announced(self, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, Document]:
        """What the viewer announced themselves, whatever became of it."""
        ...

    async def awaited(self, id: str) -> Document | None:
        """For who holds its link; in any state."""
        ...

    async def open_until(self, user: str, now: datetime) -> Sequence[datetime]:
        """Until when each that the user announced is still awaited, the first to end first."""
        ...

    async def expired(self, now: datetime, most: int) -> Sequence[str]:
        """Papers that did not come in time."""
        ...
