"""The adapter of every source that sends our canonical JSON: a source is a row, not a module. Pure; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from portnet.domain.adapter import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_TEXT,
    MOST_REFERENCES,
    Adapter,
    Malformed,
    in_utc,
    plausible,
    references,
    visible,
)
from portnet.domain.agency import (
    AgencyDocument,
    AgencyEvent,
    Amount,
    Classifier,
    LineDecision,
    Party,
    Place,
    Reason,
    Reference,
)
from portnet.domain.inbox import RawMessage

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Counter = Annotated[int, msgspec.Meta(ge=0, le=2**53)]

#: CODE.event, as the catalogue names both.
_TYPE = re.compile(r"(?P<code>[A-Z][A-Z0-9_]{0,39})\.(?P<event>[a-z][a-z0-9_]{0,59})", re.ASCII)


class WireReference(msgspec.Struct, frozen=True):
    scheme: Short
    value: Short
    version: Counter | None = None


class WireMessage(msgspec.Struct, frozen=True):
    """The JSON of an agency message; unknown fields are ignored, so that a source may send more."""

    type: Short
    occurred_at: Instant
    refs: Annotated[
        tuple[WireReference, ...], msgspec.Meta(min_length=1, max_length=MOST_REFERENCES)
    ]
    event_id: Short | None = None
    classifier: Classifier = Classifier.ACT
    created_at: Instant | None = None
    seq: Counter | None = None
    outcome: Short | None = None
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=50)] = ()
    due_at: Instant | None = None
    place: Place | None = None
    amounts: Annotated[tuple[Amount, ...], msgspec.Meta(max_length=100)] = ()
    documents: Annotated[tuple[AgencyDocument, ...], msgspec.Meta(max_length=100)] = ()
    items: Annotated[tuple[LineDecision, ...], msgspec.Meta(max_length=2000)] = ()
    parties: Annotated[tuple[Party, ...], msgspec.Meta(max_length=20)] = ()
    actor_role: Short | None = None
    retracts: Short | None = None
    corrects: Short | None = None


_decoder = msgspec.json.Decoder(WireMessage)


def read(body: bytes) -> WireMessage | Malformed:
    """Understand a body, or say what is wrong with it. Never raises."""
    # PostgreSQL's text cannot hold it, and no agency means it.
    if b"\\u0000" in body:
        return Malformed("a text contains the character U+0000")
    try:
        message = _decoder.decode(body)
    except msgspec.DecodeError as error:
        return Malformed(str(error))
    except RecursionError:
        return Malformed("JSON is nested too deeply")
    except UnicodeDecodeError:
        return Malformed("body is not UTF-8")
    if not _TYPE.fullmatch(message.type):
        return Malformed("Expected CODE.event - at `$.type`")
    for reference in message.refs:
        if not visible(Reference(scheme=reference.scheme, value=reference.value)):
            return Malformed(
                f"Expected visible characters, got {reference.value!r} - at `$.refs[...].value`"
            )
    instants = {
        "occurred_at": message.occurred_at,
        "created_at": message.created_at,
        "due_at": message.due_at,
    }
    for name, at in instants.items():
        if at is not None and not plausible(at):
            return Malformed(f"Expected a year from {FIRST_YEAR} to {LAST_YEAR} - at `$.{name}`")
    return message


def to_event(raw: RawMessage) -> AgencyEvent | Malformed:
    """The canonical event of a message from the inbox. References are normalised, instants are in UTC."""
    message = read(raw.body)
    if isinstance(message, Malformed):
        return message
    code, _, event = message.type.partition(".")
    return AgencyEvent(
        receipt=raw.receipt,
        source=raw.source,
        event_id=raw.event_id,
        code=code,
        event=event,
        classifier=message.classifier,
        occurred_at=message.occurred_at.astimezone(UTC),
        created_at=in_utc(message.created_at),
        received_at=raw.received_at,
        refs=references(_named(message)),
        seq=message.seq,
        outcome=message.outcome,
        reasons=message.reasons,
        due_at=in_utc(message.due_at),
        place=message.place,
        amounts=message.amounts,
        documents=message.documents,
        items=message.items,
        parties=message.parties,
        actor_role=message.actor_role,
        retracts=message.retracts,
        corrects=message.corrects,
        sandbox=raw.sandbox,
    )


def speaks(_: bytes) -> bool:
    """Every body that is of no other format is read as ours, and told what is wrong with it."""
    return True


def identify(body: bytes) -> str | Malformed | None:
    """The source's ``event_id``."""
    message = read(body)
    return message if isinstance(message, Malformed) else message.event_id


def _named(message: WireMessage) -> Iterator[Reference]:
    return (Reference(scheme=r.scheme, value=r.value, version=r.version) for r in message.refs)


ADAPTER = Adapter(
    media_type="application/json", speaks=speaks, identify=identify, to_event=to_event
)
