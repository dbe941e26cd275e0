"""``pnpush://`` and ``pnpushs://``: push by the HTTP v1 dialect of Firebase Cloud Messaging.

``pnpushs://:TOKEN@fcm.googleapis.com/v1/projects/PROJECT`` posts to ``…/messages:send``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from portnet_notifications.channels.answer import refused
from portnet_notifications.channels.gateway import GatewayPlugin
from portnet_notifications.channels.http import Answer
from portnet_notifications.channels.message import OutgoingMessage, PushMessage
from portnet_notifications.channels.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Refusal,
    Uncertain,
)

#: FCM's limit for a message's payload, in octets.
LARGEST_PAYLOAD = 4096
#: Outside the body, so that a demonstration never reads like the real thing.
_SANDBOX_TITLE = "DEMO"


class _Taken(msgspec.Struct):
    name: str


class _Detail(msgspec.Struct, rename="camel"):
    error_code: str = ""


class _Error(msgspec.Struct):
    details: list[_Detail] = []


class _Refused(msgspec.Struct):
    error: _Error


class NotifyPortNetPush(GatewayPlugin):
    service_name = "PortNet push"
    protocol = "pnpush"
    secure_protocol = "pnpushs"

    def endpoint(self) -> str:
        return f"{self.gateway.origin}/messages:send"

    def request(self, message: OutgoingMessage) -> bytes | Outcome:
        if not isinstance(message, PushMessage):
            raise TypeError(f"a push gateway cannot send {type(message).__name__}")
        notification, data = _notification(message), _data(message)
        if len(msgspec.json.encode([notification, data])) > LARGEST_PAYLOAD:
            return Permanent(reason=Refusal.BAD_REQUEST, detail=f"over {LARGEST_PAYLOAD} octets")
        content = {
            "token": message.token,
            "notification": notification,
            "data": data,
            "android": _android(message),
        }
        return msgspec.json.encode({"message": content})

    def outcome(self, answer: Answer) -> Outcome:
        if answer.status == 200:
            try:
                return Accepted(provider_id=msgspec.json.decode(answer.body, type=_Taken).name)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return Uncertain(detail="200 with an answer that no push gateway gives")
        # A wrong path is a 404 too: without this code it would bury every phone's token.
        if answer.status in {404, 410} and _unregistered(answer.body):
            return Permanent(reason=Refusal.DEAD_TOKEN, detail=f"{answer.status} UNREGISTERED")
        return refused(answer)


def _notification(message: PushMessage) -> dict[str, str]:
    title = {"title": _SANDBOX_TITLE} if message.sandbox else {}
    return {**title, "body": message.body}


def _data(message: PushMessage) -> dict[str, str]:
    optional = {
        "dossier": message.dossier,
        "cursor": message.cursor,
        "collapse_key": message.collapse_key,
        "sandbox": "true" if message.sandbox else None,
    }
    present = {key: value for key, value in optional.items() if value is not None}
    own = {"alert": message.alert, "deep_link": message.deep_link}
    return {**own, **present}


def _android(message: PushMessage) -> dict[str, Any]:
    # Without a ttl, FCM keeps a push for four weeks.
    options = {
        "ttl": f"{message.ttl_seconds}s",
        "priority": "HIGH" if message.urgent else "NORMAL",
    }
    return options | ({"collapse_key": message.collapse_key} if message.collapse_key else {})


def _unregistered(body: bytes) -> bool:
    try:
        refusal = msgspec.json.decode(body, type=_Refused)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return any(detail.error_code == "UNREGISTERED" for detail in refusal.error.details)
