"""graphql-transport-ws through a real server: raw sockets, and gql as an app would use it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.integration.web.toy import Running

FEED = "subscription ($after: String) { feed(after: $after) { cursor text } }"


class Phone:
    """A raw socket that speaks JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send(msgspec.json.encode(message).decode())

    async def hear(self) -> Any:
        return msgspec.json.decode(await self.hear_text())

    async def hear_text(self) -> str:
        frame = await asyncio.wait_for(self.socket.recv(), 10)
        assert isinstance(frame, str)
        return frame

    async def subscribe(self, operation_id: str, query: str, **variables: object) -> None:
        payload = {"query": query, "variables": variables}
        await self.say(type="subscribe", id=operation_id, payload=payload)

    async def closed(self) -> tuple[int, str]:
        """The close frame; whatever comes before it is read and dropped."""
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(self._drop_all(), 10)
        frame = closed.value.rcvd
        assert frame is not None
        return frame.code, frame.reason

    async def _drop_all(self) -> None:
        while True:
            await self.socket.recv()


@asynccontextmanager
async def phone(running: Running, token: str | None = "token-1") -> AsyncGenerator[Phone]:
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(running.websocket, subprotocols=protocols, compression=None) as socket:
        phone = Phone(socket)
        if token is not None:
            authorization = {"authorization": f"Bearer {token}"}
            await phone.say(type="connection_init", payload=authorization)
            assert await phone.hear() == {"type": "connection_ack"}
        yield phone


def transport(running: Running, token: str = "token-1") -> WebsocketsTransport:
    return WebsocketsTransport(
        running.websocket,
        init_payload={"authorization": f"Bearer {token}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )


async def test_gql_queries_mutates_and_follows_the_feed(running: Running) -> None:
    async with Client(transport=transport(running)) as client:
        assert await client.execute(gql("{ me }")) == {"me": "token-1"}
        feed = client.subscribe(gql(FEED))
        first = asyncio.ensure_future(anext(feed))
        await running.server.until(lambda: len(running.server.queues) == 1)
        assert await client.execute(gql('mutation { publish(text: "جمارك") }')) == {"publish": 1}
        assert await first == {"feed": {"cursor": "c1", "text": "جمارك"}}
        running.server.finish_streams()
        assert [frame async for frame in feed] == []


async def test_gql_sees_a_bad_document_as_that_operations_error(running: Running) -> None:
    async with Client(transport=transport(running)) as client:
        with pytest.raises(TransportQueryError) as refused:
            await client.execute(gql("{ nobody }"))
        assert refused.value.errors is not None
        assert refused.value.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert await client.execute(gql("{ hello }")) == {"hello": "hello world"}


async def test_phones_of_one_group_share_bytes_rendered_once(running: Running) -> None:
    async with phone(running) as first, phone(running, "token-2") as second:
        await first.subscribe("a", FEED, after="c7")
        await second.subscribe("bb", FEED, after="c9")
        await running.server.until(lambda: len(running.server.queues) == 2)
        assert await running.server.publish("x") == 2
        shared = '{"data":{"feed":{"cursor":"c1","text":"x"}}}}'
        assert await first.hear_text() == '{"id":"a","type":"next","payload":' + shared
        assert await second.hear_text() == '{"id":"bb","type":"next","payload":' + shared
    assert running.server.renders == 1


async def test_a_bad_operation_fails_alone(running: Running) -> None:
    async with phone(running) as app:
        await app.subscribe("feed", FEED)
        await running.server.until(lambda: len(running.server.queues) == 1)
        for number, query in enumerate(("{", "{ nobody }", "{ hello(name: 1) }", "{a" * 5_000)):
            await app.subscribe(f"bad{number}", query)
            error = await app.hear()
            assert (error["type"], error["id"]) == ("error", f"bad{number}")
        await running.server.publish("still here")
        assert (await app.hear())["payload"]["data"]["feed"]["text"] == "still here"


@pytest.mark.parametrize(
    "frame",
    ["", "null", "{", '{"type":"x"}', "[" * 100_000, b"binary", '{"type":"subscribe","id":"1"}'],
)
async def test_a_malformed_frame_closes_that_socket_only(
    running: Running, frame: str | bytes
) -> None:
    async with phone(running) as bad, phone(running) as good:
        await bad.subscribe("feed", FEED)
        await good.subscribe("feed", FEED)
        await running.server.until(lambda: len(running.server.queues) == 2)
        await bad.socket.send(frame)
        assert (await bad.closed())[0] == 4400
        await running.server.until(lambda: len(running.server.queues) == 1)
        await running.server.publish("x")
        assert (await good.hear())["id"] == "feed"


async def test_text_that_is_not_utf8_closes_that_socket_only(running: Running) -> None:
    async with phone(running) as bad, phone(running) as good:
        await bad.subscribe("feed", FEED)
        await running.server.until(lambda: len(running.server.queues) == 1)
        await bad.socket.send(b"\xff", text=True)
        assert (await bad.closed())[0] == 1007
        await running.server.until(lambda: not running.server.queues)
        await good.subscribe("q", "{ hello }")
        assert (await good.hear())["type"] == "next"


async def test_every_handshake_error_has_its_code(running: Running) -> None:
    async with phone(running, None) as app:
        await app.subscribe("a", "{ hello }")
        assert (await app.closed())[0] == 4401
    async with phone(running, None) as app:
        await app.say(type="connection_init", payload={"authorization": "Bearer unknown"})
        assert await app.closed() == (4403, "Forbidden")
    async with phone(running) as app:
        await app.say(type="connection_init")
        assert (await app.closed())[0] == 4429
    async with phone(running) as app:
        await app.subscribe("a", FEED)
        await app.subscribe("a", FEED)
        assert (await app.closed())[0] == 4409
    async with connect(running.websocket) as socket:
        assert (await Phone(socket).closed())[0] == 4406


async def test_a_phone_may_subscribe_without_waiting_for_the_acknowledgement(
    running: Running,
) -> None:
    async with phone(running, None) as app:
        await app.say(type="connection_init", payload={"authorization": "Bearer token-1"})
        await app.subscribe("a", "{ me }")
        assert [(await app.hear())["type"] for _ in range(3)] == [
            "connection_ack",
            "next",
            "complete",
        ]


async def test_signing_out_answers_then_closes_every_socket_of_that_session(
    running: Running,
) -> None:
    async with phone(running) as app, phone(running) as tablet, phone(running, "token-2") as other:
        await tablet.subscribe("feed", FEED)
        await running.server.until(lambda: len(running.server.queues) == 1)
        await app.subscribe("out", "mutation { signOut }")
        assert (await app.hear())["payload"] == {"data": {"signOut": True}}
        assert await app.closed() == (4403, "Signed out")
        assert await tablet.closed() == (4403, "Signed out")
        await other.subscribe("a", "{ me }")
        assert (await other.hear())["payload"] == {"data": {"me": "token-2"}}


async def test_a_phone_in_a_tunnel_leaves_no_task(running: Running) -> None:
    async with phone(running) as app:
        for number in range(5):
            await app.subscribe(f"feed{number}", FEED)
        await running.server.until(lambda: len(running.server.queues) == 5)
        # No close frame, no goodbye: the connection is just gone.
        app.socket.transport.abort()
        await running.server.until(lambda: not running.server.queues)
    assert await running.server.publish("to nobody") == 0


async def test_phones_that_connect_and_vanish_at_any_moment_leave_nothing(
    running: Running,
) -> None:
    async def visit(number: int) -> None:
        protocols = [Subprotocol("graphql-transport-ws")]
        async with connect(running.websocket, subprotocols=protocols) as socket:
            app = Phone(socket)
            steps = [
                app.say(type="connection_init", payload={"authorization": "Bearer token-1"}),
                app.subscribe("a", FEED),
                app.subscribe("b", "{ hello }"),
                app.say(type="complete", id="a"),
            ]
            for step in steps[: number % 5]:
                await step
            for step in steps[number % 5 :]:
                step.close()
            if number % 2:
                socket.transport.abort()

    await asyncio.gather(*(visit(number) for number in range(40)))
    await running.server.until(lambda: not running.server.queues)


async def test_a_leaving_server_says_so(running: Running) -> None:
    async with phone(running) as app:
        await app.subscribe("feed", FEED)
        await running.server.until(lambda: len(running.server.queues) == 1)
        await running.server.sockets.close_all()
        assert await app.closed() == (1001, "Server is restarting")
