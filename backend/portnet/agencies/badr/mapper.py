"""What a CUSRES of BADR says, as the canonical event. Pure: looks codes up, guesses none."""

from __future__ import annotations

import re
from datetime import datetime

from portnet.agencies.badr import codes
from portnet.agencies.badr.wire import CustomsResponse, Segment, instant, read, speaks
from portnet.domain.adapter import (
    MOST_REFERENCES,
    Adapter,
    Malformed,
    NotUnderstood,
    Understood,
    plausible,
    references,
    visible,
)
from portnet.domain.agency import AgencyEvent, Amount, Party, Place, Reason, Reference
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.inbox import RawMessage

_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[A-Za-z]{2}")
_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)


def identify(body: bytes) -> str | Malformed:
    """The event id of the one message in an interchange."""
    response = read(body)
    if isinstance(response, Malformed):
        return response
    fault = _fault(response)
    return response.event_id if fault is None else Malformed(fault)


def to_event(raw: RawMessage) -> Understood:
    """The canonical event of a message from the inbox."""
    response = read(raw.body)
    if isinstance(response, Malformed):
        return response
    if fault := _fault(response):
        return Malformed(fault)
    step = _step(response)
    if isinstance(step, NotUnderstood):
        return step
    code, event = step
    if (strange := _strange_reference(response)) is not None:
        said = f"RFF 1153 {strange!r} is no reference that we know"
        return NotUnderstood(AnomalyReason.UNREADABLE, said)
    previous = _previous(response)
    function = _function(response)
    return AgencyEvent(
        receipt=raw.receipt,
        source=raw.source,
        event_id=raw.event_id,
        code=code,
        event=event,
        occurred_at=_at(response, codes.HAPPENED) or raw.received_at,
        created_at=_at(response, codes.WRITTEN),
        received_at=raw.received_at,
        refs=references(_named(response)),
        outcome=response.all("GIS")[0].get(0),
        reasons=_reasons(response),
        due_at=next((at for q in codes.DUE if (at := _at(response, q))), None),
        place=_place(response),
        amounts=_amounts(response),
        parties=_parties(response, code),
        retracts=previous if function == codes.CANCELLATION else None,
        corrects=previous if function == codes.REPLACE else None,
        sandbox=raw.sandbox,
    )


def _fault(response: CustomsResponse) -> str | None:
    """What a CUSRES of the profile must not lack, said as the sender's fault."""
    if len(response.all("GIS")) != 1:
        return f"a message says one thing: {len(response.all('GIS'))} GIS segments instead of 1"
    if fault := _date_fault(response):
        return fault
    named = _named(response)
    if not named and _strange_reference(response) is None:
        return "no RFF and no EQD: the message names no file"
    if len(named) > MOST_REFERENCES or not all(map(visible, named)):
        return f"an RFF or EQD is empty, or there are more than {MOST_REFERENCES}"
    if _function(response) in (codes.CANCELLATION, codes.REPLACE) and _previous(response) is None:
        return "BGM cancels or replaces a message, and no RFF+ACW says which"
    return _money_fault(response)


def _date_fault(response: CustomsResponse) -> str | None:
    used = (codes.HAPPENED, codes.WRITTEN, *codes.DUE)
    for qualifier in used:
        dates = response.all("DTM", qualifier)
        if len(dates) > 1:
            return f"DTM+{qualifier} comes twice"
        if dates and _at(response, qualifier) is None:
            written = ":".join(dates[0].elements[0])
            return f"DTM+{written} is no moment of layout 203, 204, 303 or 304"
    if not response.all("DTM", codes.HAPPENED):
        return "no DTM+9 says when it happened"
    if sum(bool(response.all("DTM", qualifier)) for qualifier in codes.DUE) > 1:
        return f"of DTM+{', DTM+'.join(codes.DUE)} a message has one at most"
    return None


def _money_fault(response: CustomsResponse) -> str | None:
    for segment in response.all("MOA", codes.DUTY):
        if _amount(response, segment, "") is None:
            return f"MOA+{':'.join(segment.elements[0])} is no amount of money"
    return None


def _step(response: CustomsResponse) -> tuple[str, str] | NotUnderstood:
    """Procedure and event of the message."""
    kind = response.all("BGM")[0].get(0)
    code = codes.PROCEDURES.get(kind)
    if code is None:
        said = f"BGM 1001 {kind!r} is no declaration that we know"
        return NotUnderstood(AnomalyReason.UNKNOWN_PROCEDURE, said)
    indicator = response.all("GIS")[0]
    given, listed = indicator.get(0), indicator.get(0, 1)
    known = {"": codes.STANDARD_INDICATORS, codes.OWN_LIST: codes.OWN_INDICATORS}.get(listed, {})
    event = known.get(given)
    if event is None:
        said = f"GIS 7365 {given!r} of list {listed or 'UN'!r} means no event that we know"
        return NotUnderstood(AnomalyReason.UNKNOWN_EVENT, said)
    if _function(response) not in (codes.ORIGINAL, codes.CANCELLATION, codes.REPLACE):
        said = f"BGM 1225 {_function(response)!r} is no function that we know"
        return NotUnderstood(AnomalyReason.UNKNOWN_EVENT, said)
    return code, event


def _function(response: CustomsResponse) -> str:
    return response.all("BGM")[0].get(2) or codes.ORIGINAL


def _previous(response: CustomsResponse) -> str | None:
    return next((s.get(0, 1) for s in response.all("RFF", codes.PREVIOUS_MESSAGE)), None) or None


def _named(response: CustomsResponse) -> list[Reference]:
    """Every reference and container that we know how to file, in order."""
    found: list[Reference] = []
    for segment in response.segments:
        if segment.tag == "EQD" and segment.get(0) == codes.CONTAINER:
            found.append(Reference(scheme="CONTAINER", value=segment.get(1)))
        elif segment.tag == "RFF" and segment.get(0) in codes.REFERENCES:
            scheme, version = codes.REFERENCES[segment.get(0)], segment.get(0, 3)
            found.append(
                Reference(
                    scheme=scheme,
                    value=segment.get(0, 1),
                    version=int(version) if _VERSION.fullmatch(version) else None,
                )
            )
    return found


def _strange_reference(response: CustomsResponse) -> str | None:
    known = {*codes.REFERENCES, codes.PREVIOUS_MESSAGE}
    return next((s.get(0) for s in response.all("RFF") if s.get(0) not in known), None)


def _at(response: CustomsResponse, qualifier: str) -> datetime | None:
    for segment in response.all("DTM", qualifier):
        at = instant(segment.get(0, 1), segment.get(0, 2))
        if at is not None and plausible(at):
            return at
    return None


def _reasons(response: CustomsResponse) -> tuple[Reason, ...]:
    """The free texts, and the errors that no text explains. A text after an error is that error's."""
    found: list[Reason] = []
    error = ""
    for segment in response.segments:
        if segment.tag == "ERC":
            error = segment.get(0)
            found.append(Reason(code=error, text=error))
        elif segment.tag == "FTX":
            text = " ".join(part for part in _text(segment) if part)
            code = segment.get(2) or error or segment.get(0)
            if error:
                found.pop()
            found.append(Reason(code=code, text=text or code, lang=_language(segment)))
            error = ""
    return tuple(reason for reason in found if reason.code)[:50]


def _text(segment: Segment) -> tuple[str, ...]:
    return segment.elements[3] if len(segment.elements) > 3 else ()


def _language(segment: Segment) -> str:
    given = segment.get(4)
    return given.lower() if _LANGUAGE.fullmatch(given) else "fr"


def _place(response: CustomsResponse) -> Place | None:
    office = next((s.get(1) for s in response.all("LOC", codes.CLEARANCE_OFFICE)), "")
    return Place(bureau=office) if office else None


def _amounts(response: CustomsResponse) -> tuple[Amount, ...]:
    """Each duty under its own name, the one that no TAX names as TOTAL."""
    found: list[Amount] = []
    kind = "TOTAL"
    for segment in response.segments:
        if segment.tag == "TAX":
            kind = segment.get(1) or "TOTAL"
        elif segment.tag == "MOA" and segment.get(0) == codes.DUTY:
            amount = _amount(response, segment, kind)
            found += [amount] if amount else []
            kind = "TOTAL"
    return tuple(found)[:100]


def _amount(response: CustomsResponse, segment: Segment, kind: str) -> Amount | None:
    value, currency = segment.get(0, 1), segment.get(0, 2)
    mark = re.escape(response.decimal_mark)
    if not re.fullmatch(rf"[0-9]{{1,15}}({mark}[0-9]{{1,4}})?", value, re.ASCII):
        return None
    if not _CURRENCY.fullmatch(currency):
        return None
    return Amount(kind=kind, value=value.replace(response.decimal_mark, "."), currency=currency)


def _parties(response: CustomsResponse, code: str) -> tuple[Party, ...]:
    roles = ((codes.OPERATOR[code], "OPERATOR"), (codes.BROKER, "BROKER"))
    return tuple(
        Party(role=role, scheme="ICE", value=segment.get(1))
        for qualifier, role in roles
        for segment in response.all("NAD", qualifier)[:1]
        if segment.get(1)
    )


ADAPTER = Adapter(
    media_type="application/edifact", speaks=speaks, identify=identify, to_event=to_event
)
