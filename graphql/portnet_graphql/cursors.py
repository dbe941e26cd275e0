"""Positions in a feed as apps keep them: opaque text, one spelling each. Pure."""

from __future__ import annotations

import base64
import re

import msgspec

from portnet.ports.unit_of_work import Position

# A seq of 18 digits fits the tables' integers, whatever a client makes up.
_PLAIN = re.compile(r"([0-9a-zA-Z_-]{1,64})/([a-z]{1,20}:[!-.0-~]{1,64})/(0|[1-9][0-9]{0,17})")


class FeedCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a phone stands in one audience's feed; void in another generation of the data."""

    generation: str
    audience: str
    seq: int

    def __str__(self) -> str:
        plain = f"{self.generation}/{self.audience}/{self.seq}"
        return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode("ascii")


def cursor_of(generation: str, position: Position) -> str:
    """The text of the cursor that stands at ``position``."""
    return str(FeedCursor(generation=generation, audience=position.audience, seq=position.seq))


def read_cursor(text: str) -> FeedCursor | None:
    """What a cursor's text stands for; None for any other text. Never raises."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        match = _PLAIN.fullmatch(decoded.decode("ascii"))
    except ValueError:
        return None
    if match is None:
        return None
    cursor = FeedCursor(generation=match[1], audience=match[2], seq=int(match[3]))
    return cursor if str(cursor) == text else None
