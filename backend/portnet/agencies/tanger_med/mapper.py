"""What a DCSA event says of a passage through Tanger Med, as the canonical event. Pure; guesses no code."""

from __future__ import annotations

from datetime import UTC

from portnet.agencies.tanger_med import codes
from portnet.agencies.tanger_med.wire import DcsaEvent, Payload, read, speaks
from portnet.domain.adapter import (
    Adapter,
    Malformed,
    NotUnderstood,
    Understood,
    in_utc,
    references,
    visible,
)
from portnet.domain.agency import AgencyEvent, Classifier, Party, Place, Reason, Reference
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.inbox import RawMessage


def identify(body: bytes) -> str | Malformed:
    """DCSA's eventID."""
    event = read(body)
    if isinstance(event, Malformed):
        return event
    fault = _fault(event)
    return event.metadata.event_id if fault is None else Malformed(fault)


def to_event(raw: RawMessage) -> Understood:
    """The canonical event of a message from the inbox."""
    event = read(raw.body)
    if isinstance(event, Malformed):
        return event
    if fault := _fault(event):
        return Malformed(fault)
    payload = event.payload
    if payload is None:
        return NotUnderstood(
            AnomalyReason.UNREADABLE,
            f"retracts {event.metadata.retracts} without a payload: which file it is about is not said",
        )
    happened = _happened(event.metadata.event_type, payload)
    if isinstance(happened, NotUnderstood):
        return happened
    if strange := _strange_document(payload):
        return strange
    return AgencyEvent(
        receipt=raw.receipt,
        source=raw.source,
        event_id=raw.event_id,
        code=codes.PROCEDURE,
        event=happened,
        classifier=Classifier(payload.classifier),
        occurred_at=payload.happened_at.astimezone(UTC),
        created_at=in_utc(event.metadata.created_at),
        received_at=raw.received_at,
        refs=references(_named(payload)),
        reasons=_reasons(payload),
        place=_place(payload),
        parties=_parties(payload),
        retracts=event.metadata.retracts,
        sandbox=raw.sandbox,
    )


def _fault(event: DcsaEvent) -> str | None:
    """What an event of its type must not lack, said as the sender's fault."""
    payload = event.payload
    if payload is None:
        retracts = event.metadata.retracts
        return None if retracts else "Object missing required field `payload`"
    needed = {
        "EQUIPMENT": {"equipmentEventTypeCode": payload.equipment_event},
        "TRANSPORT": {"transportEventTypeCode": payload.transport_event},
        "SHIPMENT": {
            "shipmentEventTypeCode": payload.shipment_event,
            "documentTypeCode": payload.document_type,
            "documentReference": payload.document,
        },
    }.get(event.metadata.event_type, {})
    missing = next((name for name, value in needed.items() if value is None), None)
    if missing is not None:
        return f"{event.metadata.event_type} event without `{missing}` - at `$.payload`"
    named = _named(payload)
    if not named and _strange_document(payload) is None:
        return "the event names no equipment and no document - at `$.payload`"
    if not all(map(visible, named)):
        return "Expected visible characters in every reference - at `$.payload`"
    return None


def _happened(event_type: str, payload: Payload) -> str | NotUnderstood:
    """Our event's name."""
    if payload.classifier not in codes.CLASSIFIERS:
        return _unknown("eventClassifierCode", payload.classifier, known=False)
    match event_type:
        case "EQUIPMENT":
            given = payload.equipment_event or ""
            found, known = codes.EQUIPMENT.get(given), given in codes.EQUIPMENT_EVENTS
            return found or _unknown("equipmentEventTypeCode", given, known)
        case "TRANSPORT":
            given = payload.transport_event or ""
            found, known = codes.TRANSPORT.get(given), given in codes.TRANSPORT_EVENTS
            return found or _unknown("transportEventTypeCode", given, known)
        case "SHIPMENT":
            return _shipment(payload.document_type or "", payload.shipment_event or "")
        case _:
            return _unknown("eventType", event_type, event_type in codes.EVENT_TYPES)


def _shipment(document: str, status: str) -> str | NotUnderstood:
    if document not in codes.DOCUMENT_TYPES:
        return _unknown("documentTypeCode", document, known=False)
    found, known = codes.SHIPMENT.get((document, status)), status in codes.SHIPMENT_EVENTS
    return found or _unknown(f"shipmentEventTypeCode of {document}", status, known)


def _unknown(field: str, value: str, known: bool) -> NotUnderstood:
    verdict = "means no event that we know" if known else "is no code of DCSA's"
    return NotUnderstood(AnomalyReason.UNKNOWN_EVENT, f"{field} {value!r} {verdict}")


def _strange_document(payload: Payload) -> NotUnderstood | None:
    given = next((d.type for d in payload.documents if d.type not in codes.DOCUMENT_TYPES), None)
    if given is None:
        return None
    said = f"relatedDocumentReferences type {given!r} is no code of DCSA's"
    return NotUnderstood(AnomalyReason.UNREADABLE, said)


def _named(payload: Payload) -> list[Reference]:
    """What we know how to file. Document types without a scheme of ours tie no files together."""
    documents = [(pair.type, pair.value) for pair in payload.documents]
    if payload.document_type and payload.document:
        documents.insert(0, (payload.document_type, payload.document))
    named = [(codes.DOCUMENTS[kind], value) for kind, value in documents if kind in codes.DOCUMENTS]
    boxes = [p.value for p in payload.references if p.type == codes.EQUIPMENT_REFERENCE]
    named += [("CONTAINER", box) for box in (payload.equipment, *boxes) if box]
    named += [("MRN", p.value) for p in payload.references if p.type == codes.MRN]
    return [Reference(scheme=scheme, value=value) for scheme, value in named]


def _reasons(payload: Payload) -> tuple[Reason, ...]:
    if not payload.reason:
        return ()
    code = payload.shipment_event or payload.equipment_event or payload.transport_event or "DCSA"
    return (Reason(code=code, text=payload.reason),)


def _place(payload: Payload) -> Place | None:
    called = payload.transport_call.location if payload.transport_call else None
    location = payload.event_location or called
    if location is None or not (location.unlocode or location.facility):
        return None
    return Place(unlocode=location.unlocode, facility=location.facility)


def _parties(payload: Payload) -> tuple[Party, ...]:
    roles = {codes.OPERATOR: "OPERATOR", codes.BROKER: "BROKER"}
    found = {roles[p.type]: p.value for p in payload.references if p.type in roles}
    return tuple(Party(role=role, scheme="ICE", value=ice) for role, ice in found.items())


ADAPTER = Adapter(
    media_type="application/json", speaks=speaks, identify=identify, to_event=to_event
)
