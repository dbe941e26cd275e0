"""Papers come over bad networks, in parts, twice at once, or wrongly; what is stored is what was announced."""

import asyncio
import hashlib
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portnet.domain.access import Role
from portnet.domain.declaring.document import (
    LARGEST,
    LIFETIME,
    MOST_OPEN,
    Document,
    SubjectKind,
)
from portnet.domain.submission import NotDone
from portnet.services.declaring.document import TooMany
from portnet_server.composition.documents import DocumentRoom
from tests.support.declaring.papers import JPEG, PDF, PNG, Sender, announced, room_over
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, reference
from tests.support.world import World


@pytest.fixture
def room(world: World, tmp_path: Path) -> DocumentRoom:
    return room_over(world.database, world.clock, world.ids, world.wakeups, str(tmp_path))


@pytest.fixture
def sender(room: DocumentRoom) -> Sender:
    return Sender(room)


async def started(
    world: World, room: DocumentRoom, content: bytes = PDF, **changes: Any
) -> Document:
    """A paper of the importer's own, announced."""
    viewer = world.viewer(IMPORTER)
    document = await room.documents.start(
        viewer,
        world.ids.new(),
        SubjectKind.COMPANY,
        IMPORTER.company.id,
        announced(content, **changes),
    )
    assert isinstance(document, Document)
    return document


async def state(world: World) -> list[str]:
    return [row["state"] for row in await world.select("SELECT state FROM document ORDER BY id")]


async def test_a_paper_that_comes_at_once_is_stored_and_read_again(
    world: World, room: DocumentRoom, sender: Sender
) -> None:
    document = await started(world, room)
    said = await sender.put(room.documents.upload_url(document), PDF)
    assert said is not None
    assert (said.status, said.json["stored"], said.json["received"]) == (200, True, len(PDF))
    viewer = world.viewer(IMPORTER)
    [stored] = await room.documents.of_company(IMPORTER.company.id)
    assert stored.scan == "NOT_SCANNED"
    assert await room.documents.stored(viewer, [document.id]) == {document.id: stored}
    assert await room.documents.stored(world.viewer(STRANGER), [document.id]) == {}
    assert await room.documents.stored(world.viewer(BROKER), [document.id]) == {}
    trail = await world.column("SELECT action FROM audit ORDER BY seq")
    assert trail == ["document.announced", "document.stored"]
    # Sent again because the answer was lost: it is there.
    again = await sender.put(room.documents.upload_url(document), PDF)
    assert again is not None
    assert again.json == said.json


@pytest.mark.parametrize("by", ["upload-offset", "content-range"])
async def test_a_cut_paper_goes_on_where_it_was_cut(
    world: World, room: DocumentRoom, sender: Sender, by: str
) -> None:
    document = await started(world, room)
    url = room.documents.upload_url(document)
    assert await sender.put(url, PDF[:300_000], leaves=True) is None
    told = await sender.head(url)
    assert (told.status, told.body) == (200, b"")
    assert told.headers["upload-offset"] == "300000"
    assert told.headers["upload-length"] == str(len(PDF))
    rest = PDF[300_000:]
    headers = {"upload-offset": "300000"}
    if by == "content-range":
        headers = {"content-range": f"bytes 300000-{len(PDF) - 1}/{len(PDF)}"}
    said = await sender.put(url, rest[:5], rest[5:], headers=headers)
    assert said is not None
    assert said.json["stored"] is True
    assert await state(world) == ["STORED"]


async def test_a_paper_in_parts_of_their_own_requests_is_stored_with_the_last(
    world: World, room: DocumentRoom, sender: Sender
) -> None:
    document = await started(world, room)
    url = room.documents.upload_url(document)
    for start in range(0, len(PDF), 500_000):
        headers = {"upload-offset": str(start)}
        said = await sender.put(url, PDF[start : start + 500_000], headers=headers)
        assert said is not None
        assert said.status == 200
        assert said.json["stored"] is (start + 500_000 >= len(PDF))


@pytest.mark.parametrize(
    ("content", "sent", "headers", "status", "code"),
    [
        (PDF, PNG, {}, 415, "WRONG_TYPE"),
        (PDF, b"MZ" + PDF[2:], {}, 415, "WRONG_TYPE"),
        (PDF, PDF[:-1] + b"!", {}, 422, "WRONG_HASH"),
        (PDF, PDF + b"!", {}, 413, "TOO_LARGE"),
        (PDF, b"", {}, 400, "EMPTY"),
        (PDF, PDF, {"upload-offset": "7"}, 413, "TOO_LARGE"),
        (PDF, PDF[7:], {"upload-offset": "7"}, 409, "OFFSET_MOVED"),
        (PDF, PDF, {"upload-offset": "x"}, 400, "MALFORMED"),
        (PDF, PDF, {"upload-offset": "-1"}, 400, "MALFORMED"),
        (PDF, PDF, {"upload-offset": "9" * 40}, 400, "MALFORMED"),
        (PDF, PDF, {"content-range": "bytes 5-2/9"}, 400, "MALFORMED"),
        (PDF, PDF, {"content-range": f"bytes 0-{len(PDF) - 1}/{len(PDF) + 1}"}, 400, "MALFORMED"),
        (PDF, PDF, {"content-range": "bytes 0-3/*"}, 400, "MALFORMED"),
        (PDF, PDF, {"content-range": "٣"}, 400, "MALFORMED"),
        (PDF, PDF, {"content-length": "twelve"}, 400, "MALFORMED"),
    ],
)
async def test_what_is_sent_wrongly_is_refused_with_a_sentence_and_can_be_sent_again(
    world: World,
    room: DocumentRoom,
    sender: Sender,
    content: bytes,
    sent: bytes,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    document = await started(world, room, content)
    url = room.documents.upload_url(document)
    refused = await sender.put(url, sent, headers={**headers, "accept-language": "ar"})
    assert refused is not None
    assert (refused.status, refused.json["code"]) == (status, code)
    assert any("\u0600" < letter < "\u06ff" for letter in refused.json["message"])
    assert await state(world) == ["OPEN"]
    said = await sender.put(url, content)
    assert said is not None
    assert said.json["stored"] is True


async def test_a_body_longer_than_it_says_is_refused(
    world: World, room: DocumentRoom, sender: Sender
) -> None:
    document = await started(world, room)
    url = room.documents.upload_url(document)
    headers = {"transfer-encoding": "chunked", "content-length": "10"}
    refused = await sender.put(url, *[PDF] * 3, headers=headers)
    assert refused is not None
    assert (refused.status, refused.json["code"]) == (413, "TOO_LARGE")


async def test_of_two_who_send_at_once_one_stores_it_and_nothing_mixes(
    world: World, room: DocumentRoom, sender: Sender
) -> None:
    document = await started(world, room)
    url = room.documents.upload_url(document)
    headers = {"upload-offset": "0"}
    parts = [PDF[start : start + 100_000] for start in range(0, len(PDF), 100_000)]
    answers = await asyncio.gather(*(sender.put(url, *parts, headers=headers) for _ in range(8)))
    statuses = sorted(said.status for said in answers if said is not None)
    assert len(statuses) == 8
    assert 200 in statuses
    assert set(statuses) <= {200, 409}
    assert await state(world) == ["STORED"]
    assert await world.column("SELECT action FROM audit ORDER BY seq") == [
        "document.announced",
        "document.stored",
    ]


async def test_an_upload_that_never_ends_is_forgotten(
    world: World, room: DocumentRoom, sender: Sender, tmp_path: Path
) -> None:
    document = await started(world, room)
    url = room.documents.upload_url(document)
    await sender.put(url, PDF[:1000], leaves=True)
    assert await room.documents.sweep() == 0
    world.clock.advance(LIFETIME)
    gone = await sender.put(url, PDF)
    assert gone is not None
    assert (gone.status, gone.json["code"]) == (410, "EXPIRED")
    assert await room.documents.sweep() == 1
    assert await state(world) == ["EXPIRED"]
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("token", ["x", "AAAA", "_" * 80, "Zm9v"])
async def test_a_link_that_is_not_ours_is_not_found(sender: Sender, token: str) -> None:
    refused = await sender.put(f"http://x/uploads/{token}", PDF)
    assert refused is not None
    assert refused.status == 404
    assert (await sender.head(token)).status == 404
    assert (await sender.get(token)).status == 404


async def test_an_infected_paper_is_refused_for_good(world: World, tmp_path: Path) -> None:
    scanner = (
        f"{sys.executable} -c \"import sys; sys.exit(b'invoice' in open(sys.argv[1],'rb').read())\""
    )
    room = room_over(world.database, world.clock, world.ids, world.wakeups, str(tmp_path), scanner)
    sender = Sender(room)
    document = await started(world, room)
    refused = await sender.put(room.documents.upload_url(document), PDF)
    assert refused is not None
    assert (refused.status, refused.json["code"]) == (422, "INFECTED")
    assert await state(world) == ["REFUSED"]
    again = await sender.put(room.documents.upload_url(document), PDF)
    assert again is not None
    assert again.json["code"] == "INFECTED"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    clean = await started(world, room, PNG, media_type="image/png")
    said = await sender.put(room.documents.upload_url(clean), PNG)
    assert said is not None
    assert said.json["stored"] is True
    [stored] = await room.documents.of_company(IMPORTER.company.id)
    assert stored.scan == "CLEAN"


async def test_a_scanner_that_fails_lets_nothing_through_and_the_bytes_wait(
    world: World, tmp_path: Path
) -> None:
    args = (world.database, world.clock, world.ids, world.wakeups, str(tmp_path))
    room = room_over(*args, scanner=f"{sys.executable} -c 'raise SystemExit(2)'")
    document = await started(world, room)
    refused = await Sender(room).put(room.documents.upload_url(document), PDF)
    assert refused is not None
    assert (refused.status, refused.json["code"]) == (429, "NOT_SCANNED_YET")
    assert refused.headers["retry-after"] == "30"
    repaired = room_over(*args)
    headers = {"upload-offset": str(len(PDF))}
    said = await Sender(repaired).put(room.documents.upload_url(document), b"", headers=headers)
    assert said is not None
    assert said.json["stored"] is True


async def test_a_full_disk_says_try_again_later(
    world: World, room: DocumentRoom, sender: Sender, tmp_path: Path
) -> None:
    document = await started(world, room)
    (tmp_path / "attachments" / "coming").mkdir(parents=True)
    # Every write to it fails as on a full disk.
    (tmp_path / "attachments" / "coming" / document.id).symlink_to("/dev/full")
    refused = await sender.put(room.documents.upload_url(document), PDF)
    assert refused is not None
    assert (refused.status, refused.json["code"]) == (413, "NO_ROOM")
    assert refused.headers["retry-after"] == "600"
    shutil.rmtree(tmp_path / "attachments")
    said = await sender.put(room.documents.upload_url(document), PDF)
    assert said is not None
    assert said.json["stored"] is True


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"kind": "999"}, "kind", "UNKNOWN"),
        ({"media_type": "text/html"}, "mediaType", "UNKNOWN"),
        ({"bytes": 0}, "bytes", "EMPTY"),
        ({"bytes": LARGEST + 1}, "bytes", "TOO_LARGE"),
        ({"sha256": "A" * 64}, "sha256", "MALFORMED"),
        ({"number": "1" * 36}, "number", "TOO_LONG"),
        ({"number": "a\0b"}, "number", "MALFORMED"),
    ],
)
async def test_what_cannot_be_announced_says_which_field(
    world: World, room: DocumentRoom, changes: dict[str, Any], path: str, code: str
) -> None:
    faults = await room.documents.start(
        world.viewer(IMPORTER), "k", SubjectKind.COMPANY, IMPORTER.company.id, announced(**changes)
    )
    assert isinstance(faults, tuple)
    assert [(fault.path, fault.code) for fault in faults] == [(path, code)]
    assert await state(world) == []


async def test_the_same_announcement_twice_is_one_and_another_under_its_key_is_refused(
    world: World, room: DocumentRoom
) -> None:
    viewer, own = world.viewer(IMPORTER), IMPORTER.company.id
    company = SubjectKind.COMPANY
    first = await room.documents.start(viewer, "k", company, own, announced())
    assert await room.documents.start(viewer, "k", company, own, announced()) == first
    other = await room.documents.start(
        viewer, "k", company, own, announced(JPEG, media_type="image/jpeg")
    )
    assert other is NotDone.KEY_REUSED
    assert await state(world) == ["OPEN"]


async def test_nobody_sends_papers_for_what_they_do_not_see(
    world: World, room: DocumentRoom
) -> None:
    for firm in (STRANGER, BROKER):
        for kind in SubjectKind:
            refused = await room.documents.start(
                world.viewer(firm), "k", kind, IMPORTER.company.id, announced()
            )
            assert refused is NotDone.NOT_FOUND
    assert await state(world) == []


async def test_too_many_unfinished_ones_wait_for_each_other(
    world: World, room: DocumentRoom
) -> None:
    for _ in range(MOST_OPEN):
        await started(world, room)
    viewer = world.viewer(IMPORTER)
    more = await room.documents.start(
        viewer, "more", SubjectKind.COMPANY, viewer.company, announced()
    )
    assert isinstance(more, TooMany)
    world.clock.advance(LIFETIME + timedelta(seconds=1))
    await started(world, room)


async def test_content_is_only_for_a_living_session_that_still_sees_it(
    world: World, room: DocumentRoom, sender: Sender
) -> None:
    document = await started(world, room)
    await sender.put(room.documents.upload_url(document), PDF)
    nobody = await sender.get(room.documents.content_url(document, world.viewer(IMPORTER)))
    assert nobody.status == 404
    assert hashlib.sha256(PDF).hexdigest() == document.sha256
    assert world.viewer(IMPORTER, Role.MANAGER).company == document.subject.company


async def test_papers_of_a_procedure_are_versions_of_it_that_the_log_tells_again(
    world: World, room: DocumentRoom, sender: Sender
) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", reference("ONSSA_FILE", 1))
    [before] = await world.procedures()
    for content in (PDF, PDF[:-1]):
        world.clock.advance(timedelta(minutes=1))
        document = await room.documents.start(
            world.viewer(IMPORTER),
            world.ids.new(),
            SubjectKind.PROCEDURE,
            before.id,
            announced(content),
        )
        assert isinstance(document, Document)
        await sender.put(room.documents.upload_url(document), content)
    [after] = await world.procedures()
    assert after.version == before.version + 2
    found = await room.documents.of_procedures([before.id])
    assert [paper.bytes for paper in found[before.id]] == [len(PDF), len(PDF) - 1]


async def test_a_forged_link_opens_nothing_and_a_link_opens_its_own_paper_only(
    world: World, room: DocumentRoom, sender: Sender
) -> None:
    mine, other = (
        await started(world, room),
        await started(world, room, PNG, media_type="image/png"),
    )
    links = [room.documents.upload_url(document) for document in (mine, other)]
    base, _, token = links[0].rpartition("/")
    # The last character has bits to spare, which say nothing.
    for place in range(len(token) - 1):
        letter = "A" if token[place] != "A" else "B"
        forged = f"{base}/{token[:place]}{letter}{token[place + 1 :]}"
        refused = await sender.put(forged, PDF)
        assert refused is not None
        assert refused.status == 404
    crossed = await sender.put(links[1], PDF)
    assert crossed is not None
    assert crossed.status >= 400
    # A link to send is no link to read.
    assert (await sender.get(links[0])).status == 404
    assert "STORED" not in await state(world)
