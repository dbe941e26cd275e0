"""What an adapter of an agency's wire format gives back: an event, or one of two ways of not understanding a body.

Shared by all adapters, which never import one another; knows no wire format itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec

from portnet.domain.agency import AgencyEvent, Reference
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.identifiers import normalise
from portnet.domain.inbox import RawMessage

#: Beyond these years an instant in another zone has no UTC counterpart in a datetime.
FIRST_YEAR, LAST_YEAR = 1900, 9000

#: The longest text that becomes an id, a code or a reference; and the most references of one message.
LONGEST_TEXT = 200
MOST_REFERENCES = 2_000


class Malformed(msgspec.Struct, frozen=True):
    """The body is not a message of its format; ``message`` names the place and what is wrong there.

    The sender's program is at fault: it is told at once, and nothing is kept.
    """

    message: str


class NotUnderstood(msgspec.Struct, frozen=True):
    """A well-formed message that says something new to us; ``message`` names the code.

    It is kept and shown to a person, with ``reason``; what it means is never guessed.
    """

    reason: AnomalyReason
    message: str


Understood = AgencyEvent | Malformed | NotUnderstood


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """One wire format. Its functions are pure and never raise, whatever the bytes.

    ``speaks`` says whether a body is meant to be of this format, broken or not. ``identify`` gives the
    sender's own id of the message, None where it has none. What ``identify`` finds malformed, ``to_event`` does.
    """

    media_type: str
    speaks: Callable[[bytes], bool]
    identify: Callable[[bytes], str | Malformed | None]
    to_event: Callable[[RawMessage], Understood]


def plausible(at: datetime) -> bool:
    """Whether an aware instant can be kept in UTC."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


def in_utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def references(named: Iterable[Reference]) -> tuple[Reference, ...]:
    """Each reference once, under the one spelling by which it is compared, in the order of their first mention."""
    normalised = (
        Reference(scheme=ref.scheme, value=normalise(ref.scheme, ref.value), version=ref.version)
        for ref in named
    )
    return tuple({ref.key: ref for ref in normalised}.values())


def visible(ref: Reference) -> bool:
    """Whether anything is left of a reference once it is normalised."""
    return bool(normalise(ref.scheme, ref.value))
