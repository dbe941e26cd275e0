"""A phone on a socket: its operations, and all the ways in which either side leaves."""

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from portnet_server.web.protocol import MAX_FRAME
from portnet_server.web.socket import SocketLimits
from tests.unit.portnet_server.web.fakes import NOON, FakeOperations, FakePhone, FakeViewer

SHARED = b'{"data":{"feed":"\xd8\xac"}}'


@pytest.fixture
async def operations() -> AsyncIterator[FakeOperations]:
    """Every test must leave no task, no stream and no registered socket behind."""
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    operations = FakeOperations()
    yield operations
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}
    assert operations.open_streams == 0
    assert len(operations.sockets) == 0
    assert not complaints


async def until_streaming(operations: FakeOperations, phone: FakePhone, operation_id: str) -> None:
    phone.subscribe(operation_id, "stream")
    operations.frames.put_nowait(b"{}")
    assert (await phone.read())["id"] == operation_id


async def test_another_subprotocol_is_4406(operations: FakeOperations) -> None:
    phone = FakePhone(operations, subprotocols=["graphql-ws"])
    assert (await phone.hear())["subprotocol"] is None
    assert await phone.closed() == 4406


async def test_a_query_answers_next_and_complete(operations: FakeOperations) -> None:
    phone = FakePhone(operations, client=("10.0.0.1", 1), headers=[(b"accept-language", b"ar")])
    await phone.sign_in()
    phone.subscribe("a", "{ a }")
    assert await phone.read() == {"type": "next", "id": "a", "payload": {"data": "query"}}
    assert await phone.read() == {"type": "complete", "id": "a"}
    [(viewer, _, origin)] = operations.seen
    assert viewer is operations.viewer
    assert (origin.address, origin.accept_language) == ("10.0.0.1", "ar")
    phone.hang_up()
    await phone.task


async def test_a_streams_frames_are_a_prefix_and_the_shared_bytes(
    operations: FakeOperations,
) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    phone.subscribe('x"', "stream")
    operations.frames.put_nowait(SHARED)
    frame = (await phone.hear())["text"]
    assert frame == '{"id":"x\\"","type":"next","payload":' + SHARED.decode() + "}"
    operations.frames.put_nowait(b"")
    assert await phone.read() == {"type": "complete", "id": 'x"'}
    phone.hang_up()
    await phone.task


async def test_a_complete_stops_the_stream_and_frees_its_id(operations: FakeOperations) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    for _ in range(3):
        await until_streaming(operations, phone, "a")
        phone.say(type="complete", id="a")
    await until_streaming(operations, phone, "b")
    assert operations.open_streams == 1
    phone.hang_up()
    await phone.task


@pytest.mark.parametrize(
    ("query", "code"), [("bad", "GRAPHQL_VALIDATION_FAILED"), ("bug", "INTERNAL")]
)
async def test_a_failed_operation_leaves_the_others_alone(
    operations: FakeOperations, query: str, code: str
) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    await until_streaming(operations, phone, "good")
    phone.subscribe("failed", query)
    error = await phone.read()
    assert (error["type"], error["id"]) == ("error", "failed")
    assert error["payload"][0]["extensions"]["code"] == code
    assert "secret" not in str(error)
    operations.frames.put_nowait(SHARED)
    assert (await phone.read())["id"] == "good"
    phone.subscribe("failed", "{ a }")
    assert (await phone.read())["type"] == "next"
    phone.hang_up()
    await phone.task


async def test_one_operation_too_many_is_refused_alone(operations: FakeOperations) -> None:
    phone = FakePhone(operations, SocketLimits(operations=2))
    await phone.sign_in()
    await until_streaming(operations, phone, "a")
    phone.subscribe("b", "stream")
    phone.subscribe("c", "stream")
    refused = await phone.read()
    assert (refused["type"], refused["id"]) == ("error", "c")
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    phone.say(type="complete", id="b")
    phone.say(type="ping")
    assert await phone.read() == {"type": "pong"}
    phone.subscribe("c", "{ a }")
    assert (await phone.read())["type"] == "next"
    phone.hang_up()
    await phone.task


@pytest.mark.parametrize("frame", ["{", '{"type":"x"}', "[" * 100_000, " " * (MAX_FRAME + 1)])
async def test_a_malformed_frame_closes_4400_and_stops_its_operations(
    operations: FakeOperations, frame: str
) -> None:
    phone, neighbour = FakePhone(operations), FakePhone(operations)
    await phone.sign_in()
    await neighbour.sign_in()
    await until_streaming(operations, phone, "a")
    phone.send_text(frame)
    assert await phone.closed() == 4400
    await until_streaming(operations, neighbour, "a")
    neighbour.hang_up()
    await neighbour.task


async def test_a_binary_frame_is_4400(operations: FakeOperations) -> None:
    phone = FakePhone(operations)
    phone.send_bytes(b"{}")
    assert await phone.closed() == 4400


async def test_subscribing_without_signing_in_is_4401(operations: FakeOperations) -> None:
    phone = FakePhone(operations)
    phone.subscribe("a", "{ a }")
    assert await phone.closed() == 4401


@pytest.mark.parametrize(("token", "code"), [("Bearer bad", 4403), ("broken", 1011)])
async def test_who_is_not_known_is_closed(
    operations: FakeOperations, token: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    phone = FakePhone(operations)
    phone.say(type="connection_init", payload={"authorization": token})
    assert await phone.closed() == code
    assert len(caplog.records) == (code == 1011)


async def test_a_silent_phone_is_4408(operations: FakeOperations) -> None:
    assert await FakePhone(operations, SocketLimits(initialisation=0.01)).closed() == 4408


async def test_an_authentication_that_hangs_is_4408(operations: FakeOperations) -> None:
    phone = FakePhone(operations, SocketLimits(initialisation=0.01))
    phone.say(type="connection_init", payload={"authorization": "never"})
    assert await phone.closed() == 4408


async def test_a_second_initialisation_is_4429_and_a_second_id_4409(
    operations: FakeOperations,
) -> None:
    first, second = FakePhone(operations), FakePhone(operations)
    await first.sign_in()
    first.say(type="connection_init")
    assert await first.closed() == 4429
    await second.sign_in()
    second.subscribe("a", "stream")
    second.subscribe("a", "stream")
    assert await second.closed() == 4409


async def test_a_phone_that_vanishes_takes_its_operations_with_it(
    operations: FakeOperations,
) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    await until_streaming(operations, phone, "a")
    phone.subscribe("b", "slow")
    await operations.reached.wait()
    phone.hang_up()
    await asyncio.wait_for(phone.task, 5)


async def test_a_phone_that_vanishes_under_a_frame_ends_its_stream(
    operations: FakeOperations,
) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    await until_streaming(operations, phone, "a")
    phone.gone = True
    operations.frames.put_nowait(SHARED)
    await operations.stream_closed.wait()
    phone.hang_up()
    await phone.task


async def test_a_cancelled_server_task_leaves_nothing(operations: FakeOperations) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    await until_streaming(operations, phone, "a")
    phone.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await phone.task


async def test_signing_out_on_another_phone_closes_this_one(operations: FakeOperations) -> None:
    phone, other = FakePhone(operations), FakePhone(operations)
    await phone.sign_in()
    operations.viewer = FakeViewer(session_id="s2")
    await other.sign_in()
    await until_streaming(operations, phone, "a")
    operations.sockets.close_session("s1", 4403, "Signed out")
    message = await phone.hear()
    assert (message["type"], message["code"]) == ("websocket.close", 4403)
    assert message["reason"] == "Signed out"
    await phone.task
    await until_streaming(operations, other, "a")
    other.hang_up()
    await other.task


async def test_signing_out_over_the_socket_answers_before_it_closes(
    operations: FakeOperations,
) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    await until_streaming(operations, phone, "feed")
    phone.subscribe("out", "sign out")
    assert (await phone.read())["payload"] == {"data": "sign out"}
    assert (await phone.read())["type"] == "complete"
    assert await phone.closed() == 4403


async def test_a_running_mutation_answers_before_the_server_leaves(
    operations: FakeOperations,
) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    phone.subscribe("m", "slow")
    await operations.reached.wait()
    closing = asyncio.create_task(operations.sockets.close_all())
    await asyncio.sleep(0)
    operations.go_on.set()
    assert (await phone.read())["payload"] == {"data": "slow"}
    assert await phone.closed() == 1001
    await closing


async def test_a_mutation_that_hangs_does_not_keep_the_server(operations: FakeOperations) -> None:
    phone = FakePhone(operations, SocketLimits(drain=0.01))
    await phone.sign_in()
    phone.subscribe("m", "slow")
    await operations.reached.wait()
    await operations.sockets.close_all()
    assert await phone.closed() == 1001


async def test_a_phone_that_reads_nothing_does_not_keep_the_server(
    operations: FakeOperations,
) -> None:
    phone = FakePhone(operations, SocketLimits(farewell=0.01))
    await phone.sign_in()
    await until_streaming(operations, phone, "a")
    phone.readable.clear()
    operations.frames.put_nowait(SHARED)
    await operations.sockets.close_all()
    await asyncio.wait_for(phone.task, 5)


async def test_the_server_leaves_phones_that_never_signed_in_too(
    operations: FakeOperations,
) -> None:
    phone = FakePhone(operations)
    await phone.hear()
    await operations.sockets.close_all()
    assert await phone.closed() == 1001


async def test_the_socket_closes_when_its_session_ends(operations: FakeOperations) -> None:
    operations.viewer = FakeViewer(session_expires_at=NOON + timedelta(milliseconds=10))
    phone = FakePhone(operations)
    await phone.sign_in()
    message = await phone.hear()
    assert (message["code"], message["reason"]) == (4403, "Session ended")
    await phone.task


async def test_a_renewed_session_keeps_its_socket(operations: FakeOperations) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    operations.sockets.renew("s1", NOON + timedelta(hours=2))
    operations.sockets.renew("unknown", NOON)
    phone.say(type="ping")
    assert await phone.read() == {"type": "pong"}
    # A session that is over already ends at once.
    operations.sockets.renew("s1", NOON - timedelta(hours=1))
    assert await phone.closed() == 4403


async def test_ending_a_socket_twice_closes_it_once(operations: FakeOperations) -> None:
    phone = FakePhone(operations)
    await phone.sign_in()
    operations.sockets.close_session("s1", 4403, "first")
    operations.sockets.close_session("s1", 1001, "second")
    operations.sockets.renew("s1", NOON + timedelta(hours=2))
    assert await phone.closed() == 4403


async def test_a_closed_socket_leaves_no_cycle_to_the_garbage_collector(
    operations: FakeOperations,
) -> None:
    async def visit() -> None:
        phone = FakePhone(operations)
        await phone.sign_in()
        await until_streaming(operations, phone, "a")
        phone.hang_up()
        await phone.task

    await visit()
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await visit()
        assert gc.collect() < 20
    finally:
        gc.enable()
