"""``pnsms://`` and ``pnsmss://``: SMS by a JSON POST, a dialect that a proxy of ours can translate.

``pnsmss://:TOKEN@gateway.example/sms`` posts ``{to, from, text, coding, reference, sandbox}``
there; the gateway answers 202 ``{"id": …}``, or 503 while it takes nothing.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from portnet_notifications.channels.answer import refused
from portnet_notifications.channels.gateway import GatewayPlugin
from portnet_notifications.channels.http import Answer
from portnet_notifications.channels.message import OutgoingMessage, SmsMessage
from portnet_notifications.channels.outcome import Accepted, Outcome, Transient, Uncertain

#: Registered with the Moroccan operators: an alphanumeric sender, at most eleven characters, nobody
#: can answer.
SENDER = "PORTNET"


class _Taken(msgspec.Struct):
    id: str


class NotifyPortNetSms(GatewayPlugin):
    service_name = "PortNet SMS"
    protocol = "pnsms"
    secure_protocol = "pnsmss"

    def endpoint(self) -> str:
        return self.gateway.origin

    def request(self, message: OutgoingMessage) -> bytes | Outcome:
        if not isinstance(message, SmsMessage):
            raise TypeError(f"an SMS gateway cannot send {type(message).__name__}")
        content = {
            "to": message.to,
            "from": SENDER,
            "text": message.body,
            "coding": message.encoding,
            "reference": message.reference,
            "sandbox": message.sandbox,
        }
        return msgspec.json.encode(content)

    def outcome(self, answer: Answer) -> Outcome:
        if answer.status in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            try:
                return Accepted(provider_id=msgspec.json.decode(answer.body, type=_Taken).id)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return Uncertain(detail=f"{answer.status} with an answer that no SMS gateway gives")
        # The dialect defines it as "not taken"; a second SMS costs money, so other 5xx stay
        # uncertain.
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return Transient(detail="503 the gateway takes no messages")
        return refused(answer)
