"""GraphQL over HTTP through a real server and a real client."""

import asyncio
from typing import Any

import aiohttp
import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError

from tests.integration.web.toy import Running

GRAPHQL = "application/graphql-response+json"


async def post(running: Running, body: bytes | None, **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("content-type", "application/json")
    async with (
        aiohttp.ClientSession() as session,
        session.post(running.http, data=body, headers=named) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


async def test_gql_queries_and_mutates(running: Running) -> None:
    transport = AIOHTTPTransport(running.http, headers={"authorization": "Bearer token-1"})
    async with Client(transport=transport, fetch_schema_from_transport=True) as client:
        assert await client.execute(gql("{ hello me }")) == {
            "hello": "hello world",
            "me": "token-1",
        }
        mutation = gql("mutation ($t: String!) { publish(text: $t) }")
        mutation.variable_values = {"t": "x"}
        assert await client.execute(mutation) == {"publish": 0}
    async with Client(transport=AIOHTTPTransport(running.http)) as anonymous:
        with pytest.raises(TransportQueryError) as refused:
            await anonymous.execute(gql("{ me }"))
    assert refused.value.errors is not None
    assert refused.value.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_get_runs_a_query_and_never_a_mutation(running: Running) -> None:
    async with aiohttp.ClientSession() as session:
        query = {"query": "query ($n: String!) { hello(name: $n) }", "variables": '{"n":"é"}'}
        async with session.get(running.http, params=query) as answer:
            assert await answer.json() == {"data": {"hello": "hello é"}}
        mutation = {"query": 'mutation { publish(text: "x") }'}
        async with session.get(running.http, params=mutation) as answer:
            assert answer.status == 405
        async with session.put(running.http) as answer:
            assert answer.status == 405
    assert running.server.sequence == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "BAD_REQUEST"),
        (b"null", "BAD_REQUEST"),
        (b"\xff", "BAD_REQUEST"),
        (b"[" * 100_000, "BAD_REQUEST"),
        (b'{"query":"{"}', "GRAPHQL_PARSE_FAILED"),
        (b'{"query":""}', "GRAPHQL_PARSE_FAILED"),
        (b'{"query":"{ nobody }"}', "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query":"query ($n: String!) { hello(name: $n) }"}', "BAD_REQUEST"),
        (b'{"query":"{ hello }","operationName":"x"}', "BAD_REQUEST"),
        (b'{"query":"subscription { feed { cursor } }"}', "BAD_REQUEST"),
        (b'{"query":"' + b"{a" * 7_501 + b'"}', "DOCUMENT_TOO_LARGE"),
        (b'{"query":"' + b"{a" * 5_000 + b'"}', "GRAPHQL_PARSE_FAILED"),
        (
            b'{"query":"query ($n: String!) { hello(name: $n) }","variables":{"n":'
            + b"[" * 500
            + b"]" * 500
            + b"}}",
            "BAD_REQUEST",
        ),
    ],
)
async def test_a_request_error_is_a_400_without_data(
    running: Running, body: bytes, code: str
) -> None:
    status, answer = await post(running, body, accept=GRAPHQL)
    assert status == 400
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == code
    assert await post(running, b'{"query":"{ hello }"}') == (
        200,
        {"data": {"hello": "hello world"}},
    )


async def test_too_much_and_the_wrong_thing_are_4xx(running: Running) -> None:
    assert (await post(running, b" " * 300_000))[0] == 413
    assert (await post(running, b"query=x", content_type="text/plain"))[0] == 415
    assert (await post(running, b"{}", accept="text/html"))[0] == 406


async def test_a_bug_answers_data_null_and_a_correlation_id(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    status, answer = await post(running, b'{"query":"{ broken }"}')
    assert (status, answer["data"]) == (200, None)
    assert answer["errors"][0]["extensions"]["correlationId"] in caplog.text
    assert "secret" not in str(answer)


async def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(
    running: Running,
) -> None:
    host, _, port = running.http.removeprefix("http://").removesuffix("/graphql").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: 100\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await post(running, b'{"query":"{ hello }"}'))[0] == 200
