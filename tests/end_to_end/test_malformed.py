"""Whatever bytes come, the real endpoints answer with 4xx and protocol codes, and go on working."""

import json
from collections.abc import Iterator
from random import Random

import aiohttp
import msgspec
import pytest

from portnet_server.web.protocol import SUBPROTOCOL
from tests.end_to_end.replica import sign_in
from tests.support.house.opening import OpenHouse, new_telling, steps
from tests.support.volume import volume

_ROUNDS = volume(quick=150, full=5_000)
_SEED = 20_261_122

#: What has broken one library or another.
_NASTY = (
    b"",
    b"null",
    b"1",
    b'"x"',
    b"[]",
    b"{}",
    b"\xff\xfe",
    b'{"query": "\xff"}',
    b"[" * 100_000,
    b'{"query":' * 20_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"query": null}',
    b'{"query": "{ me { id } }", "variables": []}',
    b'{"query": "{ me { id } }", "variables": "x"}',
    b'{"query": "{ me { id } }", "operationName": 1}',
    b'{"query": "\\ud800"}',
    b'{"query": "{ node(id: \\"\\u0000\\") { id } }"}',
    b'{"query": "{ a" }',
    b'{"query": "subscription { feed { cursor } }"}',
    b'{"query": "{ me { id } }", "variables": {"a": 1e999}}',
    b'{"query": "{ me { id } }", "variables": {"a": 99999999999999999999999999}}',
    b'{"query": "{ nodes(ids: [1, null]) { id } }"}',
    b'{"query": "{ sync(after: \\"x\\", first: 99999999999) { hasMore } }"}',
    b'{"query": "{ dossiers(first: -1) { nodes { id } } }"}',
    b'{"query": "{ dossiers(first: 5, after: \\"\\u0000\\") { nodes { id } } }"}',
    b'{"query": "{ dossiers(filter: {text: \\"\\u0000%_\\\\\\\\\\"}) { nodes { id } } }"}',
)
_GOOD = (
    b'{"query": "query A($a: ID!) { node(id: $a) { id } me { id } }",'
    b' "variables": {"a": "x"}, "operationName": "A"}'
)


async def test_no_body_gives_the_graphql_endpoint_a_5xx(house: OpenHouse) -> None:
    token = await sign_in(house.url, "declarant")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for body in _bodies(_GOOD):
            async with session.post(f"{house.url}/graphql", data=body) as response:
                said = await response.read()
            assert response.status < 500, (body[:200], said)
            assert b'"INTERNAL"' not in said, (body[:200], said)


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\u202e", "x" * 100_000, "' OR 1=1 --"])
async def test_no_text_breaks_signing_in(house: OpenHouse, text: str) -> None:
    document = "mutation S($i: SignInInput!) { signIn(input: $i) { __typename } }"
    for given in ({"login": text, "password": "x"}, {"login": "declarant", "password": text}):
        variables = {"i": {"clientMutationId": text, **given}}
        async with aiohttp.ClientSession() as session:
            posted = {"query": document, "variables": variables}
            async with session.post(f"{house.url}/graphql", json=posted) as response:
                said = await response.read()
        assert response.status < 500
        assert b'"INTERNAL"' not in said


async def test_no_signed_body_gives_an_agency_a_5xx_or_stops_the_others(house: OpenHouse) -> None:
    telling = new_telling("S0")
    (step, at), *_ = steps(telling)
    good = telling.message(1, step, at)
    for body in (*_bodies(good), *_hostile_messages(good)):
        answer = await house.agencies.post("BADR", body)
        assert answer.status < 500, (body[:200], answer)
    async with house.phone("declarant") as phone:
        await phone.start()
        changes = phone.changes()
        after = new_telling("G0", run=2)
        await house.say(after, 1)
        async for _ in changes:
            break


async def test_no_frame_breaks_the_socket_endpoint(house: OpenHouse) -> None:
    token = await sign_in(house.url, "declarant")
    init = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
    subscribe = b'{"id": "1", "type": "subscribe", "payload": %s}' % _GOOD
    codes: set[int | None] = set()
    async with aiohttp.ClientSession() as session:
        for number, frame in enumerate(_bodies(subscribe)):
            codes.add(await _closed_with(session, house.url, init if number % 4 else None, frame))
    assert None not in codes
    # 1000 is our own goodbye; the others are those of the protocol and of a text that is no UTF-8.
    assert codes <= {1000, 1007, 1009, 4400, 4401, 4403, 4406, 4408, 4409, 4429}


async def _closed_with(
    session: aiohttp.ClientSession, url: str, init: str | None, frame: bytes
) -> int | None:
    """The close code that a frame led to, or 1000 when the socket still answered a ping."""
    async with session.ws_connect(
        f"{url}/graphql", protocols=[SUBPROTOCOL], autoclose=False, max_msg_size=0
    ) as socket:
        if init is not None:
            await socket.send_str(init)
        await socket.send_frame(frame, aiohttp.WSMsgType.TEXT)
        await socket.send_str('{"type": "ping"}')
        while True:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                answer = json.loads(message.data)
                assert "INTERNAL" not in message.data, (frame[:200], answer)
                if answer["type"] == "pong":
                    return 1000
            elif message.type is aiohttp.WSMsgType.CLOSE:
                code: int = message.data
                return code
            else:
                return socket.close_code


def _bodies(good: bytes) -> Iterator[bytes]:
    """The nasty ones, then ``good`` with wounds, the same each time."""
    yield from _NASTY
    chance = Random(_SEED)
    for _ in range(_ROUNDS):
        yield _wounded(good, chance)


def _wounded(good: bytes, chance: Random) -> bytes:
    body = bytearray(good)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(body) + 1)
        match chance.randrange(4):
            case 0:
                body[at : at + chance.randrange(1, 8)] = b""
            case 1:
                body[at:at] = chance.randbytes(chance.randrange(1, 4))
            case 2:
                body[at:at] = chance.choice((b'"', b"{", b"}", b"\\u0000", b"null", b"-1e9", b","))
            case _:
                del body[at:]
    return bytes(body)


def _hostile_messages(good: bytes) -> Iterator[bytes]:
    """Messages that are well-formed JSON and say what no agency should."""
    message = msgspec.json.decode(good)
    spoiled: tuple[dict[str, object], ...] = (
        {"event_id": "\x00"},
        {"event_id": "x" * 100_000},
        {"type": "DUM_IMPORT.\x00"},
        {"type": "NO_SUCH.thing"},
        {"occurred_at": "0001-01-01T00:00:00+23:59"},
        {"occurred_at": "9999-12-31T23:59:59-23:59"},
        {"occurred_at": "2999-01-01T00:00:00Z"},
        {"refs": []},
        {"refs": [{"scheme": "DUM", "value": "\x00"}]},
        {"refs": [{"scheme": "\x00", "value": "1"}]},
        {"refs": [{"scheme": "DUM", "value": "x" * 3_000}]},
        {"refs": message["refs"] * 900},
        {"reasons": [{"code": "\x00", "text": "\x00", "lang": "\x00"}]},
        {"seq": 2**53 + 1},
        {"seq": -1},
        {"amounts": [{"kind": "DI", "value": "1e999999999", "currency": "MAD"}]},
        {"parties": [{"role": "OPERATOR", "scheme": "ICE", "value": "\x00"}]},
        {"place": {"bureau": "\x00" * 1_000}},
        {"due_at": "9999-12-31T23:59:59Z"},
    )
    for number, wrong in enumerate(spoiled):
        yield msgspec.json.encode({**message, "event_id": f"HOSTILE-{number}", **wrong})
