"""Papers over real HTTP: put in parts, told how far they are, and whatever is wrong is answered in JSON."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from portnet.domain.access import Viewer
from portnet.domain.declaring.document import Document, SubjectKind
from portnet.storage.engines import Database
from portnet.storage.queues.inbox import StorageInbox
from tests.integration.web.test_agency_endpoint import Door, HeardInbox, open_door
from tests.support.clock import SteppedClock
from tests.support.declaring.papers import PDF, announced, room_over, token_of
from tests.support.ids import CountedIds


@pytest.fixture
async def door(migrated: Database, tmp_path: Path) -> AsyncIterator[Door]:
    inbox = StorageInbox(migrated)
    inbox.start()
    async with open_door(migrated, inbox, str(tmp_path)) as door:
        yield door
    await inbox.stop()


async def announced_at(door: Door, tmp_path: Path) -> str:
    """The address of a paper that somebody announced."""
    clock = SteppedClock()
    room = room_over(door.database, clock, CountedIds(clock), HeardInbox(), str(tmp_path))
    viewer = Viewer(
        user="u",
        company="c",
        session="s",
        sandbox=False,
        session_expires_at=clock.now() + timedelta(days=1),
    )
    document = await room.documents.start(viewer, "k", SubjectKind.COMPANY, "c", announced())
    assert isinstance(document, Document)
    return f"http://127.0.0.1:{door.port}/uploads/{token_of(room.documents.upload_url(document))}"


async def test_a_paper_is_put_in_two_parts(door: Door, tmp_path: Path) -> None:
    url = await announced_at(door, tmp_path)
    half = len(PDF) // 2
    async with aiohttp.ClientSession() as http:
        async with http.put(url, data=PDF[:half]) as first:
            assert (first.status, (await first.json())["received"]) == (200, half)
        async with http.head(url) as told:
            assert told.headers["upload-offset"] == str(half)
        headers = {"Content-Range": f"bytes {half}-{len(PDF) - 1}/{len(PDF)}"}
        async with http.put(url, data=PDF[half:], headers=headers) as last:
            assert (last.status, (await last.json())["stored"]) == (200, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/uploads/AAAA", 404),
        ("GET", "/uploads/AAAA", 404),
        ("PUT", "/uploads/", 404),
        ("PUT", "/uploads/a/b", 404),
        ("POST", "/uploads/AAAA", 405),
        ("GET", "/documents/AAAA", 404),
        ("PUT", "/documents/AAAA", 405),
        ("GET", "/documents/..%2f..%2fetc%2fpasswd", 404),
    ],
)
async def test_what_is_not_there_is_said_in_json(
    door: Door, method: str, path: str, status: int
) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"http://127.0.0.1:{door.port}{path}", data=b"x" * 100) as said,
    ):
        assert (said.status, set(await said.json())) == (status, {"code", "message"})
