"""An SMS centre behind an HTTP gateway, ``POST /sms``. It refuses what no network could carry.

Its alphabet is the public codec's, not the sender's: a wrong fold is caught here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

import msgspec
from aiohttp import web
from gsm0338 import Codec

from portnet_mobile.gateways.server import GatewayServer, Refused, json_response

_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_SENDER = re.compile(r"[A-Za-z0-9 ]{1,11}")
#: Longer than this is no alert.
_MOST_PARTS = 10
_ESCAPE = b"\x1b"

Coding = Literal["GSM7", "UCS2"]


class _Post(msgspec.Struct, frozen=True, kw_only=True):
    to: str
    sender: str = msgspec.field(name="from")
    text: str
    coding: Coding
    reference: str
    sandbox: bool = False


class AcceptedSms(msgspec.Struct, frozen=True, kw_only=True):
    """An SMS that the centre took, numbered from 1; ``parts`` is what it would bill."""

    number: int
    id: str
    at: datetime
    to: str
    sender: str
    text: str
    coding: Coding
    parts: int
    reference: str
    sandbox: bool


class Smsc(GatewayServer[AcceptedSms]):
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/sms", self.take)]

    def read(self, number: int, body: bytes) -> AcceptedSms:
        try:
            post = msgspec.json.decode(body, type=_Post)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(400, {"error": str(error)}) from error
        return AcceptedSms(
            number=number,
            id=f"sms-{number}",
            at=datetime.now(UTC),
            to=post.to,
            sender=post.sender,
            text=post.text,
            coding=post.coding,
            parts=_checked_parts(post),
            reference=post.reference,
            sandbox=post.sandbox,
        )

    def thanks(self, message: AcceptedSms) -> web.Response:
        return json_response({"id": message.id, "parts": message.parts}, 202)


def _checked_parts(post: _Post) -> int:
    parts = count_parts(post.text, post.coding)
    checks = {
        "the number is not E.164": not _E164.fullmatch(post.to),
        "the sender is not 1 to 11 letters or digits": not _SENDER.fullmatch(post.sender),
        "the text is empty": not post.text,
        f"the text takes {parts} parts": parts > _MOST_PARTS,
    }
    wrong = [reason for reason, found in checks.items() if found]
    if wrong:
        raise Refused(422, {"error": "; ".join(wrong)})
    return parts


def count_parts(text: str, coding: Coding) -> int:
    """How many messages ``text`` makes in ``coding``. Raises Refused where it cannot be coded so."""
    symbols = _septets(text) if coding == "GSM7" else _utf16(text)
    single, multiple = (160, 153) if coding == "GSM7" else (70, 67)
    if sum(symbols) <= single:
        return 1
    parts, room = 0, 0
    for size in symbols:
        if size > room:
            parts, room = parts + 1, multiple
        room -= size
    return parts


def _septets(text: str) -> list[int]:
    """Each character's size: two for one of the extension table, which an escape introduces."""
    codec = Codec()
    return [len(_coded(codec, character)) for character in text]


def _coded(codec: Codec, character: str) -> bytes:
    try:
        coded: bytes = codec.encode(character)[0]
    except UnicodeEncodeError as error:
        raise _outside(character) from error
    # The codec also takes an escape that introduces nothing; no phone shows one.
    if coded == _ESCAPE:
        raise _outside(character)
    return coded


def _outside(character: str) -> Refused:
    return Refused(422, {"error": f"{character!r} is not in the GSM-7 alphabet"})


def _utf16(text: str) -> list[int]:
    try:
        return [len(character.encode("utf-16-be")) // 2 for character in text]
    except UnicodeEncodeError as error:
        raise Refused(422, {"error": "half a character"}) from error
