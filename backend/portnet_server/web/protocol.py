"""graphql-transport-ws without I/O: what a frame means and what to do about it.

A `Conversation` never raises, whatever a phone sends; it waits for nothing and knows no clock.
https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md
"""

from collections.abc import Sequence
from enum import Enum, IntEnum, auto
from typing import Annotated, TypeAlias, assert_never

import msgspec
from graphql import GraphQLFormattedError

from portnet_graphql.transport import OperationRequest

SUBPROTOCOL = "graphql-transport-ws"

#: Characters of one frame; the longest document and its variables fit several times.
MAX_FRAME = 262_144


class CloseCode(IntEnum):
    """Why the server closes a socket."""

    GOING_AWAY = 1001
    INTERNAL_ERROR = 1011
    INVALID_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_ALREADY_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    pass


class ConnectionInit(_Message, frozen=True, kw_only=True, tag="connection_init"):
    """The first message; its payload says who it is."""

    payload: dict[str, object] | None = None


class Ping(_Message, frozen=True, kw_only=True, tag="ping"):
    """Answered by a pong."""

    payload: dict[str, object] | None = None


class Pong(_Message, frozen=True, kw_only=True, tag="pong"):
    """Asks for nothing."""

    payload: dict[str, object] | None = None


_OperationId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Subscribe(_Message, frozen=True, kw_only=True, tag="subscribe"):
    """Starts any operation, queries and mutations too."""

    id: _OperationId
    payload: OperationRequest


class Complete(_Message, frozen=True, kw_only=True, tag="complete"):
    """The phone wants no more of an operation."""

    id: _OperationId


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """Send this text frame."""

    text: str


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """Close the socket; nothing may be sent after it. The reason is at most 123 bytes."""

    code: int
    reason: str


class Authenticate(msgspec.Struct, frozen=True, kw_only=True):
    """Find out who it is, then call `accept` or close with FORBIDDEN."""

    payload: dict[str, object]


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Run an operation; call `finish` when it ends by itself."""

    id: str
    request: OperationRequest


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """Cancel an operation; send nothing more about it."""

    id: str


Action: TypeAlias = Send | Close | Authenticate | Start | Stop

PONG = Send(text='{"type":"pong"}')
ACK = Send(text='{"type":"connection_ack"}')
FORBIDDEN = Close(code=CloseCode.FORBIDDEN, reason="Forbidden")
INIT_TIMEOUT = Close(
    code=CloseCode.INITIALISATION_TIMEOUT, reason="Connection initialisation timeout"
)
SESSION_ENDED = Close(code=CloseCode.FORBIDDEN, reason="Session ended")
WRONG_SUBPROTOCOL = Close(
    code=CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, reason="Subprotocol not acceptable"
)
INTERNAL_ERROR = Close(code=CloseCode.INTERNAL_ERROR, reason="Internal error")
_SECOND_INIT = Close(
    code=CloseCode.TOO_MANY_INITIALISATIONS, reason="Too many initialisation requests"
)
_UNAUTHORIZED = Close(code=CloseCode.UNAUTHORIZED, reason="Unauthorized")
_DUPLICATE = Close(
    code=CloseCode.SUBSCRIBER_ALREADY_EXISTS, reason="An operation with this id is running"
)


class _Phase(Enum):
    OPEN = auto()
    AUTHENTICATING = auto()
    ACCEPTED = auto()
    CLOSED = auto()


class Conversation:
    """One socket's state: has it been accepted, and which operation ids are in use."""

    def __init__(self) -> None:
        self._phase = _Phase.OPEN
        self._running: set[str] = set()

    @property
    def accepted(self) -> bool:
        """The phone has been told that it may subscribe."""
        return self._phase is _Phase.ACCEPTED

    def receive(self, frame: str | bytes) -> Action | None:
        """What one frame asks for; None: nothing. Bytes are a binary frame."""
        if self._phase is _Phase.CLOSED:
            return None
        action = self._answer(_decoded(frame))
        if isinstance(action, Close):
            self._phase = _Phase.CLOSED
        return action

    def accept(self) -> Send:
        """The viewer is known; subscriptions may come."""
        self._phase = _Phase.ACCEPTED
        return ACK

    def finish(self, operation_id: str) -> None:
        """An operation ended by itself: its id is free again."""
        self._running.discard(operation_id)

    def _answer(self, message: "_Inbound | Close") -> Action | None:
        match message:
            case Close():
                return message
            case Ping():
                return PONG
            case Pong():
                return None
            case ConnectionInit():
                return self._initialise(message)
            case Subscribe():
                return self._subscribe(message)
            case Complete():
                return self._complete(message)
            case _:
                assert_never(message)

    def _initialise(self, message: ConnectionInit) -> Action:
        if self._phase is not _Phase.OPEN:
            return _SECOND_INIT
        self._phase = _Phase.AUTHENTICATING
        return Authenticate(payload=message.payload or {})

    def _subscribe(self, message: Subscribe) -> Action:
        if self._phase is not _Phase.ACCEPTED:
            return _UNAUTHORIZED
        if message.id in self._running:
            return _DUPLICATE
        self._running.add(message.id)
        return Start(id=message.id, request=message.payload)

    def _complete(self, message: Complete) -> Action | None:
        if message.id not in self._running:
            # It crossed our own `complete` on the way.
            return None
        self._running.discard(message.id)
        return Stop(id=message.id)


def next_prefix(operation_id: str) -> str:
    """What stands before a shared payload in a `next` frame; `}` stands after it."""
    return f'{{"id":{_json(operation_id)},"type":"next","payload":'


def error_frame(operation_id: str, errors: Sequence[GraphQLFormattedError]) -> str:
    """The operation failed before it began; it is over."""
    return f'{{"id":{_json(operation_id)},"type":"error","payload":{_json(errors)}}}'


def complete_frame(operation_id: str) -> str:
    """The operation is over."""
    return f'{{"id":{_json(operation_id)},"type":"complete"}}'


_Inbound: TypeAlias = ConnectionInit | Ping | Pong | Subscribe | Complete

_decoder: msgspec.json.Decoder[_Inbound] = msgspec.json.Decoder(_Inbound)


def _decoded(frame: str | bytes) -> _Inbound | Close:
    if not isinstance(frame, str):
        return _invalid("Binary frames are not accepted")
    if len(frame) > MAX_FRAME:
        return _invalid("Message too large")
    try:
        return _decoder.decode(frame)
    except msgspec.ValidationError:
        # The detail may quote the phone's data or outgrow a close frame.
        return _invalid("Invalid message")
    except (ValueError, RecursionError):
        return _invalid("Invalid JSON")


def _invalid(reason: str) -> Close:
    return Close(code=CloseCode.INVALID_MESSAGE, reason=reason)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
