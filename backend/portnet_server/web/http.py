"""GraphQL over HTTP as a raw ASGI application; nothing a client sends makes it answer 5xx.

https://graphql.github.io/graphql-over-http/draft/
"""

import logging
from collections.abc import Mapping
from email.message import Message
from typing import Generic, assert_never
from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope, Receive
from litestar.types import Send as AsgiSend

from portnet_graphql.errors import ErrorCode, masked, request_error
from portnet_graphql.transport import OperationRequest, Refused, Single, Stream
from portnet_server.web.body import BodyTooLarge, ClientGone, read_body
from portnet_server.web.negotiation import MediaType, Negotiated, negotiate
from portnet_server.web.operations import Operations, Viewer
from portnet_server.web.origin import header, origin_of

_logger = logging.getLogger(__name__)

#: Bytes of a request's body.
MAX_BODY = 262_144


class _Reply(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class _Refusal(Exception):
    """The request never becomes an operation."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: ErrorCode = ErrorCode.BAD_REQUEST,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.reply = _refused(Refused(errors=[request_error(code, message)]), status, headers)


class HttpEndpoint(Generic[Viewer]):
    """Serves POST, and GET for queries."""

    def __init__(self, operations: Operations[Viewer], *, max_body: int = MAX_BODY) -> None:
        self._operations = operations
        self._max_body = max_body

    async def __call__(self, scope: HTTPScope, receive: Receive, send: AsgiSend) -> None:
        negotiated = negotiate(header(scope, b"accept"))
        try:
            if negotiated is None:
                raise _Refusal(406, f"Accept {MediaType.GRAPHQL} or {MediaType.JSON}.")
            reply = await self._reply(scope, receive)
        except _Refusal as refusal:
            reply = refusal.reply
        except BodyTooLarge:
            reply = _Refusal(413, f"The body is larger than {self._max_body} bytes.").reply
        except ClientGone:
            return
        except Exception as error:
            reply = _refused(Refused(errors=[masked(error)]), 500)
        await _respond(send, reply, negotiated or Negotiated(media_type=MediaType.JSON))

    async def _reply(self, scope: HTTPScope, receive: Receive) -> _Reply:
        method = scope["method"]
        request = await self._request(scope, receive)
        viewer = await self._operations.authenticate(_credentials(scope))
        operation = await self._operations.prepare(viewer, request, origin_of(scope))
        match operation:
            case Refused():
                return _refused(operation, _status(operation))
            case Stream():
                await operation.payloads.aclose()
                raise _Refusal(400, "Subscribe over the WebSocket of this address.")
            case Single():
                if operation.mutation and method == "GET":
                    raise _Refusal(405, "A mutation needs POST.", headers=_ALLOW_POST)
                return _Reply(status=200, body=await operation.run())
            case _:
                assert_never(operation)

    async def _request(self, scope: HTTPScope, receive: Receive) -> OperationRequest:
        match scope["method"]:
            case "POST":
                _require_json(header(scope, b"content-type"))
                return _decoded(await read_body(scope, receive, self._max_body))
            case "GET":
                return _from_query_string(scope["query_string"])
            case _:
                raise _Refusal(405, "Use POST, or GET for queries.", headers=_ALLOW)


_ALLOW = ((b"allow", b"GET, POST"),)
_ALLOW_POST = ((b"allow", b"POST"),)
_CHALLENGE = ((b"www-authenticate", b"Bearer"),)

_STATUS: Mapping[str, int] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL: 500,
}
#: What legacy clients get 200 for.
_REQUEST_ERROR = 400


def _status(refused: Refused) -> int:
    extensions = refused.errors[0].get("extensions", {})
    return _STATUS.get(str(extensions.get("code")), _REQUEST_ERROR)


def _refused(
    refused: Refused, status: int, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> _Reply:
    return _Reply(
        status=status,
        body=msgspec.json.encode({"errors": refused.errors}),
        headers=_CHALLENGE if status == 401 else headers,
    )


def _credentials(scope: HTTPScope) -> dict[str, object]:
    authorization = header(scope, b"authorization")
    return {} if authorization is None else {"authorization": authorization}


def _require_json(content_type: str | None) -> None:
    parsed = Message()
    parsed["content-type"] = content_type or "application/octet-stream"
    charset = parsed.get_param("charset", "utf-8")
    if parsed.get_content_type() != "application/json" or str(charset).lower() != "utf-8":
        raise _Refusal(415, "Send application/json in UTF-8.")


_decoder = msgspec.json.Decoder(OperationRequest)
_map_decoder: msgspec.json.Decoder[dict[str, object] | None] = msgspec.json.Decoder(
    dict[str, object] | None
)


def _decoded(body: bytes) -> OperationRequest:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _Refusal(400, f"Not a GraphQL request: {error}.") from None
    except (ValueError, RecursionError) as error:
        raise _Refusal(400, f"The body is not JSON in UTF-8: {_reason(error)}.") from None


def _from_query_string(query_string: bytes) -> OperationRequest:
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=16,
        )
        given = dict(pairs)
    except ValueError:
        raise _Refusal(400, "The query string is not URL-encoded UTF-8.") from None
    if len(given) != len(pairs):
        raise _Refusal(400, "A parameter of the query string is given twice.")
    if "query" not in given:
        raise _Refusal(400, "The query string needs a query.")
    return OperationRequest(
        query=given["query"],
        operation_name=given.get("operationName") or None,
        variables=_map(given, "variables"),
        extensions=_map(given, "extensions"),
    )


def _map(given: Mapping[str, str], name: str) -> dict[str, object] | None:
    try:
        return _map_decoder.decode(given.get(name) or "null")
    except (ValueError, RecursionError) as error:
        raise _Refusal(400, f"{name} is not a JSON object: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


async def _respond(send: AsgiSend, reply: _Reply, negotiated: Negotiated) -> None:
    lenient = negotiated.legacy and reply.status == _REQUEST_ERROR
    headers = [
        (b"content-type", f"{negotiated.media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(reply.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept, authorization"),
        *reply.headers,
    ]
    try:
        await send(
            {
                "type": "http.response.start",
                "status": 200 if lenient else reply.status,
                "headers": headers,
            }
        )
        await send({"type": "http.response.body", "body": reply.body, "more_body": False})
    except OSError:
        _logger.debug("the client left before its answer")
