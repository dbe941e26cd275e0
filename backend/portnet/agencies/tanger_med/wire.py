"""A DCSA Track & Trace 3 event as typed data: JSON in, one `metadata` and one `payload`. Means nothing yet."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from portnet.domain.adapter import LONGEST_TEXT, MOST_REFERENCES, Malformed, plausible

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Pair(msgspec.Struct, frozen=True):
    """A reference: what kind, and its value."""

    type: Short
    value: Short


class Location(
    msgspec.Struct, frozen=True, rename={"unlocode": "UNLocationCode", "facility": "facilityCode"}
):
    unlocode: Short | None = None
    facility: Short | None = None


class TransportCall(msgspec.Struct, frozen=True):
    location: Location | None = None


class Metadata(
    msgspec.Struct,
    frozen=True,
    rename={
        "event_id": "eventID",
        "created_at": "eventCreatedDateTime",
        "event_type": "eventType",
        "retracts": "retractedEventID",
    },
):
    event_id: Short
    created_at: Instant
    event_type: Short
    retracts: Short | None = None


Pairs = Annotated[tuple[Pair, ...], msgspec.Meta(max_length=MOST_REFERENCES)]


class Payload(
    msgspec.Struct,
    frozen=True,
    rename={
        "classifier": "eventClassifierCode",
        "happened_at": "eventDateTime",
        "equipment_event": "equipmentEventTypeCode",
        "transport_event": "transportEventTypeCode",
        "shipment_event": "shipmentEventTypeCode",
        "document_type": "documentTypeCode",
        "document": "documentReference",
        "equipment": "equipmentReference",
        "transport_call": "transportCall",
        "event_location": "eventLocation",
        "documents": "relatedDocumentReferences",
    },
):
    """The fields of all three event types; which of them a type needs is the mapper's to check."""

    classifier: Short
    happened_at: Instant
    equipment_event: Short | None = None
    transport_event: Short | None = None
    shipment_event: Short | None = None
    document_type: Short | None = None
    document: Short | None = None
    reason: Annotated[str, msgspec.Meta(max_length=5_000)] | None = None
    equipment: Short | None = None
    transport_call: TransportCall | None = None
    event_location: Location | None = None
    documents: Pairs = ()
    references: Pairs = ()


class DcsaEvent(msgspec.Struct, frozen=True):
    """``payload`` may be missing where ``metadata`` retracts an event."""

    metadata: Metadata
    payload: Payload | None = None


class _Outline(msgspec.Struct, frozen=True):
    type: msgspec.Raw = msgspec.Raw(b"")
    metadata: msgspec.Raw = msgspec.Raw(b"")
    payload: msgspec.Raw = msgspec.Raw(b"")


_decoder = msgspec.json.Decoder(DcsaEvent)
_outline = msgspec.json.Decoder(_Outline)


def speaks(body: bytes) -> bool:
    """Whether the body is a list, as DCSA delivers several events, or an object with a part of DCSA's and no `type`."""
    start = body[:64].lstrip(b" \t\r\n")
    if start.startswith(b"["):
        return True
    try:
        outline = _outline.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    dcsa = bytes(outline.metadata) or bytes(outline.payload)
    return bool(dcsa and not bytes(outline.type))


def read(body: bytes) -> DcsaEvent | Malformed:
    """The event of a body, or what is wrong with it. Never raises."""
    if body[:64].lstrip(b" \t\r\n").startswith(b"["):
        return Malformed("one POST carries one message, here is a list of events")
    # PostgreSQL's text cannot hold it, and no agency means it.
    if b"\\u0000" in body:
        return Malformed("a text contains the character U+0000")
    try:
        event = _decoder.decode(body)
    except msgspec.DecodeError as error:
        return Malformed(str(error))
    except RecursionError:
        return Malformed("JSON is nested too deeply")
    except UnicodeDecodeError:
        return Malformed("body is not UTF-8")
    instants = [event.metadata.created_at]
    instants += [event.payload.happened_at] if event.payload else []
    if not all(map(plausible, instants)):
        return Malformed("a date lies beyond the years 1900 to 9000")
    return event
