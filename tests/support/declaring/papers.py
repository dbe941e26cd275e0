"""The papers' room over a database of the tests, and a phone that sends papers into it."""

import hashlib
from typing import Any

import msgspec

from portnet.domain.declaring.document import Announced
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import UnitOfWork
from portnet.storage.engines import Database
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_server.composition.documents import DocumentRoom
from portnet_server.config import read_config
from tests.support.scenarios import catalogue

SECRET = b"the papers' own secret, of 32 bytes"
KINDS = frozenset({"380", "271", "851", "861"})
PDF = b"%PDF-1.7\n" + b"a light declaration's invoice\n" * 40_000 + b"%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 100
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 100


def room_over(
    database: Database,
    clock: Clock,
    ids: Ids,
    wakeups: Wakeups,
    folder: str,
    scanner: str = "",
) -> DocumentRoom:
    environ = {
        "PORTNET_MODE": "development",
        "PORTNET_DATA_DIR": folder,
        "PORTNET_SCANNER_COMMAND": scanner,
        "PORTNET_PUBLIC_URL": "http://papers.test",
    }

    def units() -> UnitOfWork:
        return StorageUnitOfWork(database)

    return DocumentRoom(
        read_config(environ),
        SECRET,
        database,
        units,
        catalogue(),
        lambda: KINDS,
        clock,
        ids,
        wakeups,
    )


def announced(content: bytes = PDF, **changes: Any) -> Announced:
    """An invoice of that content, but for ``changes``."""
    known = Announced(
        kind="380",
        media_type="application/pdf",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return msgspec.structs.replace(known, **changes)


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Sender:
    """A phone that puts a paper, as the server's own sockets would hand it over; it may go away in the middle."""

    def __init__(self, room: DocumentRoom) -> None:
        self._room = room

    async def put(
        self,
        url: str,
        *parts: bytes,
        headers: dict[str, str] | None = None,
        leaves: bool = False,
    ) -> Said | None:
        """What it is answered; None when it left."""
        events: list[Any] = [
            {"type": "http.request", "body": part, "more_body": leaves or n < len(parts) - 1}
            for n, part in enumerate(parts)
        ]
        if leaves:
            events.append({"type": "http.disconnect"})
        given = headers or {}
        if not leaves and "content-length" not in given:
            given = {**given, "content-length": str(sum(map(len, parts)))}
        return await self._call("PUT", "uploads", url, given, events)

    async def head(self, url: str) -> Said:
        said = await self._call("HEAD", "uploads", url, {}, [])
        assert said is not None
        return said

    async def get(self, url: str) -> Said:
        said = await self._call("GET", "documents", url, {}, [])
        assert said is not None
        return said

    async def _call(
        self, method: str, door: str, url: str, headers: dict[str, str], events: list[Any]
    ) -> Said | None:
        scope: Any = {
            "type": "http",
            "method": method,
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
        sent: list[Any] = []
        waiting = iter(events)

        async def receive() -> Any:
            return next(waiting)

        async def send(message: Any) -> None:
            sent.append(message)

        token = token_of(url)
        if door == "documents":
            await self._room.contents(scope, receive, send, token)
        elif method == "PUT":
            await self._room.uploads.take(scope, receive, send, token)
        else:
            await self._room.uploads.tell(scope, send, token)
        if not sent:
            return None
        start, body = sent
        return Said(
            status=start["status"],
            headers={k.decode(): v.decode() for k, v in start["headers"]},
            body=body["body"],
        )
