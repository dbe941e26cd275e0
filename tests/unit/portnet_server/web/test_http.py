"""GraphQL over HTTP: status codes that tell the truth, and no 5xx for anything a client sends."""

from random import Random
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.portnet_server.web.fakes import FakeOperations, fetch

GRAPHQL = "application/graphql-response+json"
GOOD = b'{"query":"{ a }"}'


async def test_a_query_answers_200_in_the_media_type_asked_for() -> None:
    for accept, media_type in ((None, "application/json"), (GRAPHQL, GRAPHQL)):
        answer = await fetch(FakeOperations(), GOOD, accept=accept)
        assert answer.status == 200
        assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.raw == b'{"data":"query"}'


async def test_the_operation_gets_its_viewer_its_parts_and_its_origin() -> None:
    operations = FakeOperations()
    body = b'{"query":"q","operationName":"N","variables":{"a":1},"extensions":null,"x":2}'
    await fetch(operations, [body[:9], body[9:]], authorization="Bearer good", accept_language="ar")
    await fetch(operations, GOOD, authorization="Bearer bad")
    (viewer, request, origin), (anonymous, _, _) = operations.seen
    assert viewer is operations.viewer
    assert anonymous is None
    assert (request.query, request.operation_name, request.variables) == ("q", "N", {"a": 1})
    assert (origin.address, origin.accept_language) == ("10.0.0.1", "ar")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"1", b'"x"', b"[]", b"{}", b"{", b"\xff", b'{"query":"\xff"}', b"\x00",
        b'{"query":1}', b'{"query":null}', b'[{"query":"{a}"}]', b'{"query":"q","variables":1}',
        b'{"query":"q","operationName":[]}', b'{"query":"q","extensions":"x"}', b"[" * 100_000,
        b'{"query":"q","variables":' + b'{"a":' * 40_000, b'{"x":' * 40_000,
        b'{"query":"\\ud800"}', b'{"query":"q","variables":{"a":1e999}}', b"\xef\xbb\xbf" + GOOD,
    ],
)  # fmt: skip
async def test_a_malformed_body_is_a_400_with_a_code_and_no_data(body: bytes) -> None:
    for accept in (None, "*/*", GRAPHQL):
        answer = await fetch(FakeOperations(), body, accept=accept)
        assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    # What GraphQL over HTTP asks for of those who know only application/json.
    assert (await fetch(FakeOperations(), body, accept="application/json")).status == 200


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("bad", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("private", 401, "UNAUTHENTICATED"),
        ("stream", 400, "BAD_REQUEST"),
        ("bug", 500, "INTERNAL"),
    ],
)
async def test_a_request_error_has_the_status_of_its_code(
    query: str, status: int, code: str
) -> None:
    operations = FakeOperations()
    answer = await fetch(operations, msgspec.json.encode({"query": query}))
    assert (answer.status, answer.code) == (status, code)
    assert b"secret" not in answer.raw
    assert operations.open_streams == 0
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_get_answers_queries_and_refuses_mutations() -> None:
    async def get(**parameters: str) -> tuple[int, str]:
        query_string = urlencode(parameters).encode()
        answer = await fetch(
            FakeOperations(), method="GET", query_string=query_string, content_type=None
        )
        return answer.status, answer.headers.get("allow", "")

    assert await get(query="{ a }", variables='{"a":1}', operationName="N") == (200, "")
    assert await get(query="{ a }", variables="", extensions="null") == (200, "")
    assert await get(query="mutation") == (405, "POST")
    assert await get(query="stream") == (400, "")
    assert await get(query="{ a }", variables="[1]") == (400, "")
    assert await get(query="{ a }", variables="[" * 50_000) == (400, "")
    assert await get() == (400, "")


@pytest.mark.parametrize("query_string", [b"query=%ff", b"query=a&query=b", b"\xff", b"a&" * 99])
async def test_a_malformed_query_string_is_a_400(query_string: bytes) -> None:
    answer = await fetch(FakeOperations(), method="GET", query_string=query_string)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
async def test_another_method_is_a_405(method: str) -> None:
    answer = await fetch(FakeOperations(), GOOD, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a",
     "application/json; charset=utf-16", ";;", "application/json; charset*=x'y'z"],
)  # fmt: skip
async def test_another_content_type_is_a_415(content_type: str | None) -> None:
    answer = await fetch(FakeOperations(), GOOD, content_type=content_type)
    assert (answer.status, answer.code) == (415, "BAD_REQUEST")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", "Application/JSON"]
)
async def test_json_in_utf8_is_read(content_type: str) -> None:
    assert (await fetch(FakeOperations(), GOOD, content_type=content_type)).status == 200


async def test_a_body_beyond_the_cap_is_a_413_however_it_comes() -> None:
    chunks = await fetch(FakeOperations(), [b" " * 60, b" " * 60], max_body=100)
    announced = await fetch(FakeOperations(), b"", max_body=100, content_length="101")
    lied = await fetch(FakeOperations(), b" " * 101, max_body=100, content_length="-1")
    assert [answer.status for answer in (chunks, announced, lied)] == [413] * 3


async def test_a_client_that_takes_no_json_gets_a_406() -> None:
    assert (await fetch(FakeOperations(), GOOD, accept="text/html")).status == 406


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_KEYS = st.sampled_from(["query", "variables", "operationName", "extensions", "é"])


def _encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return repr(value).encode("utf-8", "surrogatepass")


_BODIES = (
    st.binary()
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.dictionaries(_KEYS, _JSON).map(_encoded)
    | st.tuples(st.just(GOOD), st.integers(0, 16), st.binary(max_size=3)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :]
    )
)


@settings(max_examples=300, deadline=None)
@given(_BODIES)
async def test_no_body_answers_5xx(body: bytes) -> None:
    answer = await fetch(FakeOperations(), body)
    assert answer.status in {200, 400}
    assert ("errors" in answer.json) == (answer.status == 400)


_SEED = b'{"query":"{ a }","operationName":null,"variables":{"a":[1.5,"\\u00e9"]},"extensions":{}}'


def _mutated(random: Random) -> bytes:
    body = bytearray(_SEED)
    for _ in range(random.randint(1, 6)):
        start = random.randrange(len(body) + 1)
        piece = random.choice([b"", b"null", b"1", b'"', b"{", b"]", b"\\u", random.randbytes(2)])
        body[start : start + random.randint(0, 4)] = piece
    return bytes(body)


@pytest.mark.parametrize("seed", range(4))
async def test_no_mutated_body_answers_5xx(seed: int) -> None:
    random = Random(seed)
    operations = FakeOperations()
    statuses = {(await fetch(operations, _mutated(random))).status for _ in range(1_000)}
    assert statuses == {200, 400}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["GET", "POST"]),
    st.binary(max_size=40).map(lambda raw: b"query=" + raw),
    st.text(st.characters(max_codepoint=255, min_codepoint=32), max_size=30),
    st.text(st.characters(max_codepoint=255, min_codepoint=32), max_size=30),
)
async def test_no_header_or_query_string_answers_5xx(
    method: str, query_string: bytes, accept: str, content_type: str
) -> None:
    answer = await fetch(
        FakeOperations(),
        GOOD,
        method=method,
        query_string=query_string,
        accept=accept,
        content_type=content_type,
    )
    assert answer.status < 500
