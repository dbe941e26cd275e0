"""What an agency asks of the company, and what became of it: derived from the fold, so that it is always true to it.

A request is named by the entry that made it. A message that comes late or no longer holds changes the fold and with it
the requests; that a deadline passed unanswered is told by our clock's own entry.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from portnet.domain.catalogue import OPERATOR
from portnet.domain.procedure import Entry, EntryKind, Procedure, in_order

#: The event by which every agency asks, and the company's act that answers it.
ASKED = "info_requested"
ANSWERED = "answered"
#: Our clock's entry about a deadline that is over.
DEADLINE_PASSED = "deadline_passed"


class RequestState(enum.StrEnum):
    """EXPIRED: the deadline passed; an agency may still take an answer."""

    NEW = "NEW"
    ANSWERED = "ANSWERED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class InformationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` is the agency's, in the BCP 47 language ``lang``; empty when it gave none.

    ``due_at`` is the deadline that it set, if any. ``answered_by`` is the user whose answer it took; ``version`` is
    its procedure's when it last changed.
    """

    id: str
    procedure: str
    dossier: str
    text: str
    lang: str
    asked_at: datetime
    state: RequestState = RequestState.NEW
    due_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    version: int = 1


def requests_of(entries: Iterable[Entry]) -> dict[str, InformationRequest]:
    """Every request that the steps among ``entries`` made, by id, as they leave it."""
    found: dict[str, InformationRequest] = {}
    waiting: str | None = None
    for entry in in_order(entries):
        if waiting is not None and _is_too_late(entry):
            found[waiting] = msgspec.structs.replace(found[waiting], state=RequestState.EXPIRED)
        if not entry.moved:
            continue
        if waiting is not None and entry.from_state != entry.to_state:
            found[waiting] = _ended(found[waiting], entry)
            waiting = None
        if entry.message.event == ASKED:
            found[entry.id] = _asked(entry)
            waiting = entry.id
    return found


def changed_requests(
    procedure: Procedure, before: Sequence[Entry], after: Sequence[Entry]
) -> tuple[InformationRequest, ...]:
    """Those that a fold made or changed. One whose message no longer holds is cancelled, never forgotten."""
    if not any(entry.message.event == ASKED for entry in after):
        return ()
    known, now = requests_of(before), requests_of(after)
    gone = {
        key: msgspec.structs.replace(request, state=RequestState.CANCELLED)
        for key, request in known.items()
        if key not in now
    }
    return tuple(
        msgspec.structs.replace(request, version=procedure.version)
        for key, request in {**gone, **now}.items()
        if request != known.get(key)
    )


def _is_too_late(entry: Entry) -> bool:
    return entry.kind is EntryKind.INTERNAL and entry.message.event == DEADLINE_PASSED


def _asked(entry: Entry) -> InformationRequest:
    reasons = entry.message.reasons
    return InformationRequest(
        id=entry.id,
        procedure=entry.procedure,
        dossier=entry.dossier,
        text="\n".join(reason.text for reason in reasons),
        lang=reasons[0].lang if reasons else "fr",
        asked_at=entry.message.occurred_at,
        due_at=entry.message.due_at,
    )


def _ended(request: InformationRequest, entry: Entry) -> InformationRequest:
    message = entry.message
    if message.event == ANSWERED and message.source == OPERATOR:
        return msgspec.structs.replace(
            request,
            state=RequestState.ANSWERED,
            answered_at=message.occurred_at,
            answered_by=message.actor_role,
        )
    return msgspec.structs.replace(request, state=RequestState.CANCELLED)
