"""What an SPS acknowledgement of ONSSA says, as the canonical event. Pure: looks codes up, guesses none."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from portnet.agencies.onssa import codes
from portnet.agencies.onssa.wire import Acknowledgement, instant, read, speaks
from portnet.domain.adapter import (
    MOST_REFERENCES,
    Adapter,
    Malformed,
    NotUnderstood,
    Understood,
    in_utc,
    references,
    visible,
)
from portnet.domain.agency import AgencyEvent, LineDecision, Party, Place, Reason, Reference
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.inbox import RawMessage

#: Line number, tariff line or a hyphen, decision.
_ITEM = re.compile(r"([0-9]{1,6}) ([0-9]{4,10}|-) ([A-Z_]{1,40})", re.ASCII)
_EARLIER = (codes.RETRACTED, codes.CORRECTED)


def identify(body: bytes) -> str | Malformed | None:
    """The document's own id, where it has one."""
    document = read(body)
    if isinstance(document, Malformed):
        return document
    fault = _fault(document)
    return document.id if fault is None else Malformed(fault)


def to_event(raw: RawMessage) -> Understood:
    """The canonical event of a message from the inbox."""
    document = read(raw.body)
    if isinstance(document, Malformed):
        return document
    if fault := _fault(document):
        return Malformed(fault)
    step = _step(document)
    if isinstance(step, NotUnderstood):
        return step
    code, event = step
    occurred_at = _moment(document, codes.OCCURRED_AT) or document.issued_at
    return AgencyEvent(
        receipt=raw.receipt,
        source=raw.source,
        event_id=raw.event_id,
        code=code,
        event=event,
        occurred_at=occurred_at.astimezone(UTC),
        created_at=in_utc(document.issued_at),
        received_at=raw.received_at,
        refs=references(_named(document)),
        outcome=document.status.value,
        reasons=_reasons(document),
        due_at=in_utc(_moment(document, codes.DUE_AT)),
        place=_place(document),
        items=_items(document),
        parties=_parties(document),
        retracts=_earlier(document, codes.RETRACTED),
        corrects=_earlier(document, codes.CORRECTED),
        sandbox=raw.sandbox,
    )


def _fault(document: Acknowledgement) -> str | None:
    """What an acknowledgement of the profile must not lack, said as the sender's fault."""
    if not any(d.type.key not in _EARLIER for d in document.documents):
        return "no ReferenceSPSReferencedDocument: the message names no file"
    named = _named(document)
    if len(named) > MOST_REFERENCES or not all(map(visible, named)):
        return f"a referenced document's ID is invisible, or there are more than {MOST_REFERENCES}"
    for subject in (codes.OCCURRED_AT, codes.DUE_AT):
        said = [note.content for note in document.notes if note.subject == subject]
        if len(said) > 1 or any(instant(content) is None for content in said):
            return f"note {subject} is not one moment with an offset"
    wrong = next((item for item in _said(document, codes.ITEM) if not _ITEM.fullmatch(item)), None)
    if wrong is not None:
        return f"note ITEM is not `line tariff decision`: {wrong[:60]!r}"
    return None


def _step(document: Acknowledgement) -> tuple[str, str] | NotUnderstood:
    """Procedure and event of the message."""
    known = {*codes.SUBJECTS, *codes.REFERENCES, *_EARLIER}
    strange = next((d.type for d in document.documents if d.type.key not in known), None)
    if strange is not None:
        said = f"TypeCode {strange.value!r} of list {strange.listed or 'UN'!r} is no document that we know"
        return NotUnderstood(AnomalyReason.UNREADABLE, said)
    found = {
        codes.SUBJECTS[d.type.key][0] for d in document.documents if d.type.key in codes.SUBJECTS
    }
    if len(found) != 1:
        said = (
            f"the documents name {len(found)} procedures instead of 1: {', '.join(sorted(found))}"
        )
        return NotUnderstood(AnomalyReason.UNKNOWN_PROCEDURE, said)
    code = found.pop()
    event = codes.STATUS[code].get(document.status.key)
    if event is None:
        status = document.status
        said = f"StatusCode {status.value!r} of list {status.listed or 'UN'!r} means no event of {code}"
        return NotUnderstood(AnomalyReason.UNKNOWN_EVENT, said)
    return code, event


def _named(document: Acknowledgement) -> list[Reference]:
    """What we know how to file; the subject's own number first, for it names the file."""
    subjects = [
        Reference(scheme=codes.SUBJECTS[d.type.key][1], value=d.id)
        for d in document.documents
        if d.type.key in codes.SUBJECTS
    ]
    others = [
        Reference(scheme=codes.REFERENCES[d.type.key], value=d.id)
        for d in document.documents
        if d.type.key in codes.REFERENCES
    ]
    return subjects + others


def _earlier(document: Acknowledgement, kind: tuple[str, str]) -> str | None:
    return next((d.id for d in document.documents if d.type.key == kind), None)


def _said(document: Acknowledgement, subject: str) -> list[str]:
    return [note.content for note in document.notes if note.subject == subject]


def _moment(document: Acknowledgement, subject: str) -> datetime | None:
    return next((instant(content) for content in _said(document, subject)), None)


def _reasons(document: Acknowledgement) -> tuple[Reason, ...]:
    code = document.status.value
    return tuple(
        Reason(code=code, text=r.content, lang=r.lang) for r in document.reasons if r.content
    )


def _place(document: Acknowledgement) -> Place | None:
    post = next(iter(_said(document, codes.POST)), "")
    return Place(unlocode=post) if post else None


def _items(document: Acknowledgement) -> tuple[LineDecision, ...]:
    parts = (_ITEM.fullmatch(item) for item in _said(document, codes.ITEM))
    return tuple(
        LineDecision(line=int(part[1]), hs=None if part[2] == "-" else part[2], decision=part[3])
        for part in parts
        if part
    )[:2_000]


def _parties(document: Acknowledgement) -> tuple[Party, ...]:
    roles = ((codes.OPERATOR, "OPERATOR"), (codes.BROKER, "BROKER"))
    return tuple(
        Party(role=role, scheme="ICE", value=ice)
        for subject, role in roles
        for ice in _said(document, subject)[:1]
        if ice
    )


ADAPTER = Adapter(media_type="application/xml", speaks=speaks, identify=identify, to_event=to_event)
