"""Attachments as files under one folder: what comes, by the paper's id; what is whole, by its hash. None is executed.

Processes on one machine share the folder; an append holds the file's own lock, so that none mixes with another.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Generator
from pathlib import Path

from portnet.domain.declaring.document import SNIFFED, Examined, Scan
from portnet.ports.declaring.documents import NoRoom, OffsetMoved, Scanner

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NAME = re.compile(r"[0-9A-Za-z]{1,64}")
_PRIVATE = 0o600


class FileAttachments:
    """Implements `Attachments`. The folder is made when the first bytes come."""

    def __init__(self, folder: Path, scanner: Scanner) -> None:
        # Absolute: a scanner may look from elsewhere.
        self._coming = folder.absolute() / "coming"
        self._whole = folder.absolute() / "whole"
        self._scanner = scanner

    async def received(self, upload: str) -> int:
        return await asyncio.to_thread(_size, self._part(upload))

    async def append(self, upload: str, offset: int, data: bytes) -> int:
        return await asyncio.to_thread(_append, self._part(upload), offset, data)

    async def examine(self, upload: str) -> Examined:
        return await asyncio.to_thread(_examine, self._part(upload))

    async def scan(self, upload: str) -> Scan:
        return await self._scanner.scan(self._part(upload))

    async def keep(self, upload: str, sha256: str) -> None:
        await asyncio.to_thread(_keep, self._part(upload), self._content(sha256))

    async def drop(self, upload: str) -> None:
        await asyncio.to_thread(self._part(upload).unlink, missing_ok=True)

    async def content(self, sha256: str) -> bytes | None:
        return await asyncio.to_thread(_read, self._content(sha256))

    def _part(self, upload: str) -> Path:
        return self._coming / _named(upload)

    def _content(self, sha256: str) -> Path:
        # Two levels: no folder with a million files.
        return self._whole / _named(sha256)[:2] / sha256


def _named(name: str) -> str:
    """``name``, which becomes part of a path."""
    if not _NAME.fullmatch(name):
        raise ValueError("neither an id nor a hash")
    return name


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _append(part: Path, offset: int, data: bytes) -> int:
    with _room():
        part.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT, _PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        there = os.fstat(descriptor).st_size
        if there != offset:
            raise OffsetMoved(there)
        with _room():
            try:
                _write(descriptor, offset, data)
            except OSError:
                # What was written of it before the disk was full; who comes next asks how much is there.
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, offset)
                raise
    finally:
        os.close(descriptor)
    return offset + len(data)


def _write(descriptor: int, offset: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(descriptor, rest, offset)
        offset, rest = offset + written, rest[written:]


def _examine(part: Path) -> Examined:
    if not part.exists():
        return Examined(size=0, sha256="", head=b"")
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        file.seek(0)
        return Examined(size=size, sha256=digest, head=file.read(SNIFFED))


def _keep(part: Path, content: Path) -> None:
    # Under its own name only when every byte is on disk: a name that exists is whole, after a power cut too.
    with _room():
        content.parent.mkdir(parents=True, exist_ok=True)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            content.hardlink_to(part)
        for folder in (content.parent, content.parent.parent):
            _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(content: Path) -> bytes | None:
    try:
        return content.read_bytes()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _room() -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom from error
        raise
