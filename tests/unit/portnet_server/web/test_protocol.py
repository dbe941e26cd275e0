"""The subprotocol's rules, frame by frame, and that no frame breaks them."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portnet_server.web.protocol import (
    ACK,
    MAX_FRAME,
    PONG,
    Action,
    Authenticate,
    Close,
    Conversation,
    Start,
    Stop,
    complete_frame,
    error_frame,
    next_prefix,
)

INIT = '{"type":"connection_init"}'


def subscribe(operation_id: str = "1") -> str:
    return f'{{"type":"subscribe","id":"{operation_id}","payload":{{"query":"{{ a }}"}}}}'


def accepted() -> Conversation:
    conversation = Conversation()
    conversation.receive(INIT)
    conversation.accept()
    return conversation


def code(action: Action | None) -> int:
    assert isinstance(action, Close)
    assert len(action.reason.encode()) <= 123
    return action.code


def test_a_phone_is_asked_who_it_is_then_acknowledged() -> None:
    conversation = Conversation()
    action = conversation.receive('{"type":"connection_init","payload":{"authorization":"x"}}')
    assert action == Authenticate(payload={"authorization": "x"})
    assert not conversation.accepted
    assert conversation.accept() == ACK
    assert conversation.accepted


@pytest.mark.parametrize("conversation", [Conversation(), accepted()])
def test_a_ping_is_answered_at_any_time_and_a_pong_never(conversation: Conversation) -> None:
    assert conversation.receive('{"type":"ping","payload":{"a":1}}') == PONG
    assert conversation.receive('{"type":"pong"}') is None


def test_a_second_initialisation_is_4429_before_and_after_the_acknowledgement() -> None:
    waiting = Conversation()
    waiting.receive(INIT)
    assert code(waiting.receive(INIT)) == 4429
    assert code(accepted().receive(INIT)) == 4429


def test_a_subscription_before_the_acknowledgement_is_4401() -> None:
    assert code(Conversation().receive(subscribe())) == 4401
    waiting = Conversation()
    waiting.receive(INIT)
    assert code(waiting.receive(subscribe())) == 4401


def test_an_operation_id_in_use_is_4409_and_a_finished_one_is_free() -> None:
    conversation = accepted()
    start = conversation.receive(subscribe())
    assert isinstance(start, Start)
    assert (start.id, start.request.query) == ("1", "{ a }")
    conversation.finish("1")
    assert isinstance(conversation.receive(subscribe()), Start)
    assert conversation.receive('{"type":"complete","id":"1"}') == Stop(id="1")
    assert isinstance(conversation.receive(subscribe()), Start)
    assert code(conversation.receive(subscribe())) == 4409


def test_a_complete_that_crossed_ours_asks_for_nothing() -> None:
    assert accepted().receive('{"type":"complete","id":"1"}') is None


@pytest.mark.parametrize(
    "frame",
    [
        "", "null", "1", '"x"', "[]", "{}", "{", '{"type":1}', '{"type":"nonsense"}',
        '{"type":"connection_ack"}', '{"type":"next","id":"1","payload":{}}',
        '{"type":"subscribe"}', '{"type":"subscribe","id":1,"payload":{"query":"{a}"}}',
        '{"type":"subscribe","id":"","payload":{"query":"{a}"}}',
        '{"type":"subscribe","id":"1","payload":{}}',
        '{"type":"subscribe","id":"1","payload":{"query":1}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
        '{"type":"connection_init","payload":1}', '{"type":"complete"}',
        '{"type":"ping","payload":' + "[" * 100_000, "[" * 100_000,
        '{"type":"ping","x":' + '{"a":' * 100_000, "\ud800", '{"type":"ping","x":"\\ud800"}',
        " " * (MAX_FRAME + 1), "\x00", b"", INIT.encode(), b"\xff",
        '{"type":"subscribe","id":"' + "x" * 129 + '","payload":{"query":"{a}"}}',
    ],
)  # fmt: skip
def test_a_malformed_frame_is_4400_and_nothing_is_heard_after_it(frame: str | bytes) -> None:
    conversation = accepted()
    assert code(conversation.receive(frame)) == 4400
    assert conversation.receive(subscribe()) is None


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()), st.text())
def test_frames_out_are_json_whatever_the_id(operation_id: str, message: str) -> None:
    message = message.encode("utf-8", "replace").decode()
    shared = b'{"data":1}'
    frames = {
        "next": next_prefix(operation_id) + shared.decode() + "}",
        "complete": complete_frame(operation_id),
        "error": error_frame(operation_id, [{"message": message}]),
    }
    for kind, frame in frames.items():
        decoded = msgspec.json.decode(frame)
        assert (decoded["type"], decoded["id"]) == (kind, operation_id)
    assert msgspec.json.decode(frames["next"])["payload"] == {"data": 1}
    assert msgspec.json.decode(frames["error"])["payload"] == [{"message": message}]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_KIND = st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete", "next"])
_MESSAGE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": _KIND},
    optional={
        "id": st.sampled_from(["1", "2", ""]) | _JSON,
        "payload": st.fixed_dictionaries({"query": st.just("{ a }")}) | _JSON,
    },
)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode("utf-8", "surrogatepass")


_FRAMES = st.text() | st.binary() | _MESSAGE.filter(lambda m: "\ud800" not in repr(m)).map(_json)


@settings(max_examples=500, deadline=None)
@given(st.lists(_FRAMES, max_size=12))
def test_no_frame_raises_and_nothing_follows_a_close(frames: list[str | bytes]) -> None:
    conversation = Conversation()
    closed = False
    for frame in frames:
        action = conversation.receive(frame)
        assert not (closed and action)
        if isinstance(action, Authenticate):
            conversation.accept()
        if isinstance(action, Close):
            closed = True
            assert 4400 <= code(action) <= 4429
