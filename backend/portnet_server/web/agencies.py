"""`POST /agencies/{source}/messages`: the door of the agencies' systems. Raw first: 202 means that it is on disk."""

from __future__ import annotations

import hashlib
import logging
from typing import Protocol

import msgspec
from litestar.types import HTTPScope, Receive, Send

from portnet.domain.adapter import Malformed
from portnet.domain.agency_key import AgencyKey
from portnet.domain.inbox import BodyChanged, RawMessage, Receipted
from portnet.ports.clock import Clock, Ids
from portnet.ports.inbox import Inbox, InboxFull
from portnet.ports.live import Wakeups
from portnet.security.signatures import Verdict, verify
from portnet.storage.engines import DatabaseError
from portnet_server.adapters import adapter_of
from portnet_server.web.body import BodyTooLarge, ClientGone, read_body
from portnet_server.web.origin import header

_logger = logging.getLogger(__name__)

#: Seconds after which a source that was told to wait may try again.
_RETRY_AFTER = 1


class AgencyKeyring(Protocol):
    async def find(self, source: str, key: str) -> AgencyKey | None:
        """The key of that id, if it is the source's."""
        ...


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    body: bytes
    retry_after: int | None = None


class AgencyEndpoint:
    """Takes a signed message of any source; which events a source may send is the catalogue's to say, later."""

    def __init__(
        self,
        inbox: Inbox,
        keyring: AgencyKeyring,
        wakeups: Wakeups,
        clock: Clock,
        ids: Ids,
        body_limit: int,
    ) -> None:
        self._inbox = inbox
        self._keyring = keyring
        self._wakeups = wakeups
        self._clock = clock
        self._ids = ids
        self._body_limit = body_limit

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send, source: str) -> None:
        try:
            body = await read_body(scope, receive, self._body_limit)
            reply = await self._reply(scope, source, body)
        except ClientGone:
            return
        except BodyTooLarge:
            reply = _refused(413, "TOO_LARGE", f"a message has at most {self._body_limit} bytes")
        except InboxFull:
            reply = _refused(429, "TOO_MANY", "the inbox is full, send again later", _RETRY_AFTER)
        except DatabaseError:
            _logger.exception("a message of %s could not be kept", source)
            reply = _refused(
                503, "UNAVAILABLE", "the message was not kept, send it again", _RETRY_AFTER
            )
        except Exception:
            _logger.exception("a message of %s could not be answered", source)
            reply = _refused(500, "INTERNAL", "a fault of ours; the message may be sent again")
        await _respond(send, reply)

    async def _reply(self, scope: HTTPScope, source: str, body: bytes) -> Reply:
        now = self._clock.now()
        key = await self._keyring.find(source, header(scope, b"portnet-key") or "")
        if key is None:
            return _refused(404, "UNKNOWN_SOURCE", "no such source, or not its key")
        match verify(header(scope, b"portnet-signature") or "", body, key, now):
            case Verdict.VALID:
                pass
            case Verdict.INACTIVE:
                return _refused(404, "UNKNOWN_KEY", "this key is not in use")
            case Verdict.STALE:
                return _refused(
                    401, "STALE_SIGNATURE", "the timestamp is more than 300 s from our clock"
                )
            case Verdict.MALFORMED | Verdict.WRONG:
                return _refused(
                    401, "BAD_SIGNATURE", "the signature is not one of this body and key"
                )
        identified = adapter_of(source, body).identify(body)
        if isinstance(identified, Malformed):
            return _refused(400, "MALFORMED", identified.message)
        digest = hashlib.sha256(body).digest()
        outcome = await self._inbox.receive(
            RawMessage(
                receipt=self._ids.new(),
                source=source,
                event_id=identified or digest.hex(),
                body=body,
                body_hash=digest,
                key=key.id,
                sandbox=key.sandbox,
                received_at=now,
            )
        )
        return self._answer(outcome)

    def _answer(self, outcome: Receipted | BodyChanged) -> Reply:
        if isinstance(outcome, BodyChanged):
            said = f"this event_id came with another body before, receipt {outcome.receipt}"
            return _refused(409, "BODY_CHANGED", said)
        if not outcome.repeat:
            self._wakeups.inbox()
        return Reply(status=202, body=msgspec.json.encode(outcome))


class _Refusal(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str


def _refused(status: int, code: str, message: str, retry_after: int | None = None) -> Reply:
    body = msgspec.json.encode(_Refusal(code=code, message=message))
    return Reply(status=status, body=body, retry_after=retry_after)


async def _respond(send: Send, reply: Reply) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply.body))]
    if reply.retry_after is not None:
        headers.append((b"retry-after", b"%d" % reply.retry_after))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})
