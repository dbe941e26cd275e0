"""What is handed to a channel: one finished message to one address. No words are chosen here."""

from __future__ import annotations

import msgspec

from portnet_notifications.alphabet import Encoding


class PushMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A notification for one device. ``body`` is lock-screen text; the phone fetches the rest from
    ``cursor`` on.

    ``collapse_key`` is None where every push must show: a gateway keeps four keys a device and
    drops the rest. ``dossier`` is None of an alert that is about none.
    ``sandbox`` marks the message as a demonstration, outside the body.
    """

    token: str
    body: str
    alert: str
    dossier: str | None
    deep_link: str
    ttl_seconds: int
    urgent: bool
    cursor: str | None = None
    collapse_key: str | None = None
    sandbox: bool = False


class SmsMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One SMS. ``to`` is E.164; ``reference`` is our id of the delivery, which receipts bring
    back.
    """

    to: str
    body: str
    encoding: Encoding
    reference: str
    sandbox: bool = False


OutgoingMessage = PushMessage | SmsMessage
