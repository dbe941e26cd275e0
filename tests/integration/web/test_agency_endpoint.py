"""The agencies' door through a real server, on both engines: what is right is on disk, what is wrong is not."""

import asyncio
import hashlib
import http.client
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote

import msgspec
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.types import HTTPScope, Receive, Send, WebSocketScope

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.domain.inbox import BodyChanged, RawMessage, Receipted
from portnet.ports.inbox import Inbox, InboxFull
from portnet.security.secrets_box import SecretsBox
from portnet.security.signatures import SigningKey, sign
from portnet.storage import piccolo_conf
from portnet.storage.agency_keys import AgencyKeys
from portnet.storage.engines import Database, query
from portnet.storage.queues.inbox import StorageInbox
from portnet.storage.repositories.anomaly import AnomalyRepository
from portnet_server.web.agencies import AgencyEndpoint
from portnet_server.web.app import create_app
from portnet_server.web.health import Health
from portnet_server.web.page import Page
from portnet_server.web.rest.raw_messages import RawMessages
from tests.support.clock import NOON, SteppedClock
from tests.support.declaring.papers import room_over
from tests.support.ids import CountedIds
from tests.support.volume import volume
from tests.support.world import HeardWakeups

LIMIT = 262_144
DAY = timedelta(days=1)
SECRETS = {
    "badr-a": b"a" * 32,
    "badr-b": b"b" * 32,
    "badr-old": b"o" * 32,
    "onssa-a": b"s" * 32,
    "tmpcs-a": b"t" * 32,
}


class HeardInbox(HeardWakeups):
    """Counts how often the intake was woken."""

    def __init__(self) -> None:
        super().__init__()
        self.woken = 0

    def inbox(self) -> None:
        self.woken += 1


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> tuple[int, str]:
        return self.status, self.said["code"]


class Door:
    """The door, and what lies behind it."""

    def __init__(self, database: Database, port: int, wakeups: HeardInbox) -> None:
        self.port = port
        self.database = database
        self.wakeups = wakeups

    async def kept(self) -> list[tuple[str, str, str]]:
        """Source, event id and state of what lies in the inbox."""
        sql = "SELECT source, event_id, state FROM agency_inbox ORDER BY receipt"
        found = await self.database.read(query(sql))
        return [(row["source"], row["event_id"], row["state"]) for row in found]

    async def post(
        self,
        body: bytes,
        *,
        source: str = "BADR",
        key: str = "badr-a",
        at: datetime = NOON,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """A rightly signed message, unless ``headers`` say otherwise."""
        signed = {"PortNet-Key": key, "PortNet-Signature": signature(body, key, at)}
        return await self.request("POST", source, body, signed | (headers or {}))

    async def request(
        self, method: str, source: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        return await asyncio.to_thread(self.blocking, method, source, body, headers)

    def blocking(
        self, method: str, source: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, f"/agencies/{quote(source)}/messages", body, headers)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())
        finally:
            connection.close()

    async def raw(self, request: bytes) -> bytes:
        """The answer to a request as it stands."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        await writer.drain()
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        writer.close()
        await writer.wait_closed()
        return head


def signature(body: bytes, key: str = "badr-a", at: datetime = NOON) -> str:
    signing = SigningKey(
        id=key, algorithm=SignatureAlgorithm.HMAC_SHA256, secret=SECRETS.get(key, b"x" * 32)
    )
    return sign(body, signing, at)


def message(**changes: Any) -> bytes:
    content: dict[str, Any] = {
        "event_id": "BADR-1",
        "type": "DUM_IMPORT.registered",
        "occurred_at": "2026-11-22T09:14:05+01:00",
        "refs": [{"scheme": "DUM", "value": "309 010 2026 0018538 G"}],
        **changes,
    }
    kept = {name: value for name, value in content.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass")


def hmac_key(id: str, source: str, until: datetime | None = None) -> AgencyKey:
    return AgencyKey(
        id=id,
        source=source,
        algorithm=SignatureAlgorithm.HMAC_SHA256,
        secret_or_public=SECRETS[id],
        sandbox=True,
        active_from=NOON - DAY,
        active_until=until,
    )


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class _Nobody:
    """Implements `Doorkeeper`."""

    async def authenticate(self, payload: Mapping[str, object]) -> None:
        return None


async def _no_graphql(scope: HTTPScope, receive: Receive, send: Send) -> None:
    raise AssertionError("nobody asks for it here")


async def _no_socket(scope: WebSocketScope, receive: Receive, send: Send) -> None:
    raise AssertionError("nobody asks for it here")


@asynccontextmanager
async def open_door(
    database: Database, inbox: Inbox, folder: str = "no papers here"
) -> AsyncGenerator[Door]:
    piccolo_conf.bind(database.piccolo_engine)
    keyring = AgencyKeys(SecretsBox(b"k" * 32))
    for key in (
        hmac_key("badr-a", "BADR"),
        hmac_key("badr-b", "BADR"),
        hmac_key("badr-old", "BADR", until=NOON - timedelta(seconds=1)),
        hmac_key("onssa-a", "ONSSA"),
        hmac_key("tmpcs-a", "TMPCS"),
    ):
        await keyring.save(key)
    clock, wakeups = SteppedClock(), HeardInbox()
    papers = room_over(database, clock, CountedIds(clock), wakeups, folder)
    endpoint = AgencyEndpoint(inbox, keyring, wakeups, clock, CountedIds(clock), LIMIT)
    app = create_app(
        _no_graphql,
        _no_socket,
        endpoint,
        Page(None),
        Health(database),
        RawMessages(_Nobody(), AnomalyRepository(database)),
        Page(None),
        papers.uploads,
        papers.contents,
    )
    config = uvicorn.Config(cast("Any", app), port=0, log_level="critical", lifespan="on")
    server = _Uvicorn(config)
    serving = asyncio.create_task(server.serve())
    await asyncio.wait_for(server.ready.wait(), 20)
    try:
        yield Door(database, server.servers[0].sockets[0].getsockname()[1], wakeups)
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def door(migrated: Database) -> AsyncIterator[Door]:
    inbox = StorageInbox(migrated)
    inbox.start()
    async with open_door(migrated, inbox) as door:
        yield door
    await inbox.stop()


async def test_a_signed_message_is_on_disk_when_it_is_answered(door: Door) -> None:
    answer = await door.post(message())
    assert answer.status == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.said.keys() == {"receipt", "repeat"}
    assert answer.said["repeat"] is False
    [row] = await door.database.read(query("SELECT * FROM agency_inbox"))
    assert row["receipt"] == answer.said["receipt"]
    assert (bytes(row["body"]), row["key"], row["sandbox"]) == (message(), "badr-a", 1)
    assert door.wakeups.woken == 1


async def test_a_repeat_has_the_same_receipt_and_wakes_nobody(door: Door) -> None:
    first = await door.post(message())
    again = await door.post(message(), key="badr-b", at=NOON + timedelta(seconds=9))
    assert again.status == 202
    assert again.said == {"receipt": first.said["receipt"], "repeat": True}
    assert len(await door.kept()) == door.wakeups.woken == 1


async def test_another_body_under_one_event_id_is_refused_and_both_are_kept(door: Door) -> None:
    first = await door.post(message())
    other = await door.post(message(type="DUM_IMPORT.released"))
    assert other.code == (409, "BODY_CHANGED")
    assert first.said["receipt"] in other.said["message"]
    assert [state for _, _, state in await door.kept()] == ["NEW", "SET_ASIDE"]
    anomalies = await door.database.read(query("SELECT reason, state FROM anomaly"))
    assert [(row["reason"], row["state"]) for row in anomalies] == [("BODY_CHANGED", "OPEN")]
    assert (await door.post(message(type="DUM_IMPORT.released"))).code == (409, "BODY_CHANGED")
    assert len(await door.kept()) == 2


async def test_two_sources_may_use_the_same_event_id(door: Door) -> None:
    ours = await door.post(message())
    theirs = await door.post(message(), source="ONSSA", key="onssa-a")
    assert (ours.status, theirs.status) == (202, 202)
    assert not theirs.said["repeat"]


async def test_without_an_event_id_the_body_is_its_own(door: Door) -> None:
    body = message(event_id=None)
    answers = [await door.post(body) for _ in range(2)]
    assert [answer.said["repeat"] for answer in answers] == [False, True]
    assert await door.kept() == [("BADR", hashlib.sha256(body).hexdigest(), "NEW")]


async def test_both_active_keys_of_a_source_are_accepted(door: Door) -> None:
    for key in ("badr-a", "badr-b"):
        assert (await door.post(message(event_id=key), key=key)).status == 202


async def test_a_sender_may_sign_with_two_keys_while_it_changes_them(door: Door) -> None:
    body = message()
    both = signature(body, "badr-a") + "," + signature(body, "badr-b").split(",")[1]
    assert (await door.post(body, headers={"PortNet-Signature": both})).status == 202


STRANGERS = (
    ("ANP", "badr-a", "UNKNOWN_SOURCE"),
    ("badr", "badr-a", "UNKNOWN_SOURCE"),
    ("BADR", "nobody", "UNKNOWN_SOURCE"),
    ("BADR", "onssa-a", "UNKNOWN_SOURCE"),
    ("BADR", "badr-old", "UNKNOWN_KEY"),
    ("BADR\x00", "badr-a", "UNKNOWN_SOURCE"),
    ("BADR", "", "UNKNOWN_SOURCE"),
    ("BADR", "k" * 5_000, "UNKNOWN_SOURCE"),
    ("BADR", "clé ÿ", "UNKNOWN_SOURCE"),
    ("\u0635\u062d\u0629", "badr-a", "UNKNOWN_SOURCE"),
)


async def test_who_is_not_known_here_is_not_found(door: Door) -> None:
    for source, key, code in STRANGERS:
        answer = await door.post(message(), source=source, key=key)
        assert answer.code == (404, code), (source, key)
    assert await door.kept() == []


BAD, STALE = "BAD_SIGNATURE", "STALE_SIGNATURE"
SIGNATURES = (
    ("", BAD),
    ("t=1,v1=00", BAD),
    (signature(b"another body"), BAD),
    (signature(message(), "onssa-a"), BAD),
    (signature(message()).upper(), BAD),
    ("v1=" + "0" * 64, BAD),
    (f"t={'9' * 5_000},v1={'0' * 64}", BAD),
    (f"t={'9' * 13},v1={'0' * 64}", BAD),
    (f"t={'9' * 12},v1={'0' * 64}", STALE),
    (f"t=-1,v1={'0' * 64}", BAD),
    ("t=\u00b2\u00b3,v1=" + "0" * 64, BAD),
    (signature(message(), at=NOON - timedelta(seconds=301)), STALE),
    (signature(message(), at=NOON + timedelta(seconds=301)), STALE),
    (signature(message()).replace("v1", "v2") + "0" * 64, BAD),
)


async def test_what_is_not_signed_now_by_the_key_is_refused(door: Door) -> None:
    for header, code in SIGNATURES:
        answer = await door.post(message(), headers={"PortNet-Signature": header})
        assert answer.code == (401, code), header[:100]
    assert await door.kept() == []


async def test_a_clock_may_be_five_minutes_off(door: Door) -> None:
    for off in (-300, 300):
        assert (await door.post(message(), at=NOON + timedelta(seconds=off))).status == 202


async def test_a_missing_header_is_refused(door: Door) -> None:
    headers = {"PortNet-Key": "badr-a", "PortNet-Signature": signature(message())}
    for missing, code in (
        ("PortNet-Key", (404, "UNKNOWN_SOURCE")),
        ("PortNet-Signature", (401, BAD)),
    ):
        left = {name: value for name, value in headers.items() if name != missing}
        assert (await door.request("POST", "BADR", message(), left)).code == code
    assert await door.kept() == []


MALFORMED = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1",
    "a text": b'"x"',
    "a list": b"[]",
    "half": message()[:-5],
    "two": message() + message(),
    "a BOM": b"\xef\xbb\xbf" + message(),
    "bad UTF-8": message(event_id="caf").replace(b"caf", b"caf\xe9"),
    "UTF-16": message().decode().encode("utf-16"),
    "NUL": message(event_id="a\x00b"),
    "raw NUL": message(event_id="ab").replace(b"ab", b"a\x00b"),
    "a lone surrogate": message(event_id="x").replace(b'"x"', b'"\\ud800"'),
    "a raw surrogate": message(event_id="\ud800"),
    "100k deep lists": b"[" * 100_000,
    "100k deep objects": b'{"refs":' * 25_000,
    "deep inside": message(place="X").replace(b'"X"', b"[" * 100_000),
    "deep in an unknown field": message(more="X").replace(b'"X"', b"[" * 100_000 + b"]" * 100_000),
    "no type": message(type=None),
    "no refs": message(refs=None),
    "empty refs": message(refs=[]),
    "refs of nothing": message(refs=[{"scheme": "DUM", "value": "\u200b"}]),
    "refs null": b'{"type":"A.b","occurred_at":"2026-11-22T09:14:05Z","refs":null}',
    "refs text": message(refs="309"),
    "ref number": message(refs=[{"scheme": "DUM", "value": 309}]),
    "no occurred_at": message(occurred_at=None),
    "local time": message(occurred_at="2026-11-22T09:14:05"),
    "year 0": message(occurred_at="0000-01-01T00:00:00Z"),
    "year 1": message(occurred_at="0001-01-01T00:00:00+23:59"),
    "year 9999": message(occurred_at="9999-12-31T23:59:59-23:59"),
    "a number for a time": message(occurred_at=1795345200),
    "type of nothing": message(type="registered"),
    "type in Arabic": message(type="DUM_IMPORT.\u0645\u0633\u062c\u0644"),
    "huge seq": message(seq=2**63),
    "negative seq": message(seq=-1),
    "float seq": message(seq=1.5),
    "huge version": message(refs=[{"scheme": "DUM", "value": "1", "version": 10**400}]),
    "classifier": message(classifier="MAYBE"),
    "long event id": message(event_id="x" * 201),
    "empty event id": message(event_id=""),
}


async def test_what_is_no_message_is_refused_though_it_is_rightly_signed(door: Door) -> None:
    for name, body in MALFORMED.items():
        answer = await door.post(body)
        assert answer.code == (400, "MALFORMED"), name
        assert answer.said["message"], name
    assert await door.kept() == []
    assert door.wakeups.woken == 0


async def test_unknown_fields_are_no_fault(door: Door) -> None:
    assert (await door.post(message(weather={"deep": [1, 2.5, None]}))).status == 202


async def test_the_largest_message_fits_and_one_byte_more_does_not(door: Door) -> None:
    body = message(filler="")
    largest = message(filler="x" * (LIMIT - len(body)))
    assert len(largest) == LIMIT
    assert (await door.post(largest)).status == 202
    before = await door.kept()
    assert (await door.post(largest + b" ")).code == (413, "TOO_LARGE")
    assert await door.kept() == before


async def test_an_announced_length_over_the_limit_is_refused_before_the_body(door: Door) -> None:
    for announced in (b"262145", b"9" * 18):
        head = await door.raw(
            b"POST /agencies/BADR/messages HTTP/1.1\r\nHost: x\r\nContent-Length: "
            + announced
            + b"\r\n\r\n"
        )
        assert head.startswith(b"HTTP/1.1 413 ")
    assert await door.kept() == []


async def test_a_chunked_body_over_the_limit_is_refused(door: Door) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    head = await door.raw(
        b"POST /agencies/BADR/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk * 8
        + b"1\r\n \r\n0\r\n\r\n"
    )
    assert head.startswith(b"HTTP/1.1 413 ")
    assert await door.kept() == []


async def test_a_chunked_body_within_the_limit_is_taken(door: Door) -> None:
    body = message()
    head = await door.raw(
        b"POST /agencies/BADR/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        + f"PortNet-Key: badr-a\r\nPortNet-Signature: {signature(body)}\r\n\r\n".encode()
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    )
    assert head.startswith(b"HTTP/1.1 202 ")


async def test_a_sender_that_leaves_in_the_middle_leaves_nothing(door: Door) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        b"POST /agencies/BADR/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await door.post(message())).status == 202
    assert len(await door.kept()) == 1


async def test_only_post_is_allowed(door: Door) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = await door.request(method, "BADR", None, {})
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_many_posts_at_once_are_each_kept_once(door: Door) -> None:
    bodies = [message(event_id=f"BADR-{number % 20}") for number in range(100)]
    answers = await asyncio.gather(*(door.post(body) for body in bodies))
    assert {answer.status for answer in answers} == {202}
    assert sum(not answer.said["repeat"] for answer in answers) == 20
    assert len(await door.kept()) == 20


class FullInbox:
    """An `Inbox` without room."""

    async def receive(self, message: RawMessage) -> Receipted | BodyChanged:
        raise InboxFull

    async def waiting(self, limit: int) -> Sequence[RawMessage]:
        return []

    async def wake_overdue(self, now: datetime) -> int:
        return 0


async def test_a_full_inbox_asks_to_come_back(migrated: Database) -> None:
    async with open_door(migrated, FullInbox()) as door:
        answer = await door.post(message())
        assert answer.code == (429, "TOO_MANY")
        assert int(answer.headers["retry-after"]) >= 1
        assert await door.kept() == []


@pytest.mark.parametrize("key", ["badr-a", "never-asked-for"])
async def test_without_its_database_the_door_asks_to_come_back(
    door: Door, migrated: Database, key: str
) -> None:
    assert (await door.post(message(), key="badr-a")).status == 202
    await migrated.stop()
    try:
        answer = await door.post(message(event_id="BADR-2"), key=key)
        ready = await asyncio.to_thread(_get, door.port, "/health/ready")
        live = await asyncio.to_thread(_get, door.port, "/health/live")
    finally:
        await migrated.start()
    assert answer.code == (503, "UNAVAILABLE")
    assert int(answer.headers["retry-after"]) >= 1
    assert (ready, live) == (503, 200)
    assert (await door.post(message(event_id="BADR-2"))).said["repeat"] is False


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def with_byte(at: int, byte: int) -> bytes:
    """A message with one byte that it should not have."""
    right = message()
    return right[:at] + bytes([byte]) + right[at + 1 :]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = ("event_id", "type", "occurred_at", "refs", "seq", "reasons", "place", "parties", "items")
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3).map(lambda odd: message(**odd)),
    st.builds(
        with_byte,
        st.integers(0, len(message()) - 1),
        st.integers(0, 255),
    ),
)
WORDS = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "PortNet-Key": WORDS | st.sampled_from(sorted(SECRETS)),
        "PortNet-Signature": WORDS
        | st.from_regex(r"(t=[0-9]{0,20},?)?(v[0-9]=[0-9a-f]{0,130},?){0,3}", fullmatch=True),
        "Content-Type": WORDS,
        "Content-Encoding": WORDS,
    },
)


async def test_nothing_that_a_sender_can_write_is_an_error_of_ours(door: Door) -> None:
    accepted: set[str] = set()

    @settings(max_examples=volume(150, 3_000), suppress_health_check=[HealthCheck.too_slow])
    @given(body=BODIES, odd=HEADERS, source=st.just("BADR") | st.text(min_size=1, max_size=10))
    def knock(body: bytes, odd: dict[str, str], source: str) -> None:
        headers = {"PortNet-Key": "badr-a", "PortNet-Signature": signature(body)} | odd
        try:
            answer = door.blocking("POST", source, body, headers)
        except UnicodeEncodeError:
            return
        assert answer.status < 500, answer
        if answer.status == 202:
            accepted.add(answer.said["receipt"])
        elif answer.status == 409:
            accepted.add(hashlib.sha256(body).hexdigest())

    await asyncio.to_thread(knock)
    assert len(await door.kept()) == len(accepted)
