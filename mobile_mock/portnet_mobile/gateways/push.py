"""A push gateway in the HTTP v1 dialect of Firebase Cloud Messaging, ``POST …/messages:send``."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from portnet_mobile.gateways.server import GatewayServer, Refused, json_response

_LARGEST_PAYLOAD = 4096
_TTL = re.compile(r"\d{1,7}s")


class _Notification(msgspec.Struct, frozen=True, kw_only=True):
    body: str
    title: str | None = None


class _Android(msgspec.Struct, frozen=True, kw_only=True):
    collapse_key: str | None = None
    ttl: str | None = None
    priority: str = "NORMAL"


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    notification: _Notification
    data: dict[str, str] = {}
    android: _Android = _Android()


class _Post(msgspec.Struct, frozen=True, kw_only=True):
    message: _Message


class AcceptedPush(msgspec.Struct, frozen=True, kw_only=True):
    """A push that the gateway took, numbered from 1; ``at`` is this machine's clock."""

    number: int
    id: str
    at: datetime
    token: str
    title: str | None
    body: str
    data: dict[str, str]
    collapse_key: str | None
    ttl: str | None
    priority: str


class PushGateway(GatewayServer[AcceptedPush]):
    """Tokens in ``behaviour.dead_tokens`` answer 404 UNREGISTERED, like those of a deleted app."""

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/projects/{project}/messages:send", self.take)]

    def read(self, number: int, body: bytes) -> AcceptedPush:
        message = _decoded(body).message
        _check(message)
        if message.token in self.behaviour.dead_tokens:
            raise _refused(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")
        return AcceptedPush(
            number=number,
            id=f"projects/mock/messages/{number}",
            at=datetime.now(UTC),
            token=message.token,
            title=message.notification.title,
            body=message.notification.body,
            data=message.data,
            collapse_key=message.android.collapse_key,
            ttl=message.android.ttl,
            priority=message.android.priority,
        )

    def thanks(self, message: AcceptedPush) -> web.Response:
        return json_response({"name": message.id})


def _decoded(body: bytes) -> _Post:
    try:
        return msgspec.json.decode(body, type=_Post)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _invalid(str(error)) from error


def _check(message: _Message) -> None:
    if not message.token:
        raise _invalid("the token is empty")
    if len(msgspec.json.encode([message.notification, message.data])) > _LARGEST_PAYLOAD:
        raise _invalid(f"the payload is over {_LARGEST_PAYLOAD} octets")
    if message.android.ttl is not None and not _TTL.fullmatch(message.android.ttl):
        raise _invalid("the ttl is not seconds, like 3600s")
    if message.android.priority not in {"NORMAL", "HIGH"}:
        raise _invalid("the priority is NORMAL or HIGH")


def _invalid(why: str) -> Refused:
    return _refused(400, "INVALID_ARGUMENT", why, "INVALID_ARGUMENT")


def _refused(status: int, name: str, why: str, code: str) -> Refused:
    detail = {
        "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
        "errorCode": code,
    }
    error = {"code": status, "message": why, "status": name, "details": [detail]}
    return Refused(status, {"error": error})
