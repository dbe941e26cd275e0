"""What an agency, or we ourselves, ask of the company, and what became of it: derived from the fold, always true to it.

A request is named by the entry that made it. A message that comes late or no longer holds changes the fold and with it
the requests; that a deadline passed unanswered is told by our clock's own entry.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from portnet.domain.catalogue import OPERATOR
from portnet.domain.paying.obligation import IN_DOUBT, PAYMENT
from portnet.domain.procedure import Entry, EntryKind, Procedure, in_order

#: The event by which every agency asks, and the company's act that answers it.
ASKED = "info_requested"
ANSWERED = "answered"
#: Our clock's entry about a deadline that is over.
DEADLINE_PASSED = "deadline_passed"
#: What finance says to our own question: whether the account was debited.
DEBIT_ANSWERED = "debit_answered"


class RequestKind(enum.StrEnum):
    """AGENCY: an agency's, answered in words. DEBITED: ours, of a payment in doubt, answered by a choice."""

    AGENCY = "AGENCY"
    DEBITED = "DEBITED"


class RequestState(enum.StrEnum):
    """EXPIRED: the deadline passed; an agency may still take an answer."""

    NEW = "NEW"
    ANSWERED = "ANSWERED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class InformationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` is the agency's, in the BCP 47 language ``lang``; empty when it gave none.

    ``due_at`` is the deadline that it set, if any. ``answered_by`` is the user whose answer it took; ``version`` is
    its procedure's when it last changed. ``answer`` is what was chosen, of a request that has choices.
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
    kind: RequestKind = RequestKind.AGENCY
    answer: str | None = None


def requests_of(entries: Iterable[Entry]) -> dict[str, InformationRequest]:
    """Every request that the steps among ``entries`` made, by id, as they leave it."""
    found: dict[str, InformationRequest] = {}
    waiting: str | None = None
    for entry in in_order(entries):
        if waiting is not None and _is_too_late(entry):
            found[waiting] = msgspec.structs.replace(found[waiting], state=RequestState.EXPIRED)
        if waiting is not None and _says_debit(entry):
            found[waiting] = _debit_answered(found[waiting], entry)
        if not entry.moved:
            continue
        if waiting is not None and entry.from_state != entry.to_state:
            found[waiting] = _ended(found[waiting], entry)
            waiting = None
        if _asks(entry):
            found[entry.id] = _asked(entry)
            waiting = entry.id
    return found


def changed_requests(
    procedure: Procedure, before: Sequence[Entry], after: Sequence[Entry]
) -> tuple[InformationRequest, ...]:
    """Those that a fold made or changed. One whose message no longer holds is cancelled, never forgotten."""
    if not any(_asks(entry) for entry in (*before, *after)):
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


def _asks(entry: Entry) -> bool:
    return entry.message.event == ASKED or _begins_doubt(entry)


def _begins_doubt(entry: Entry) -> bool:
    doubtful = entry.message.code == PAYMENT and entry.to_state == IN_DOUBT
    return doubtful and entry.from_state != IN_DOUBT


def _says_debit(entry: Entry) -> bool:
    return entry.kind is EntryKind.INTERNAL and entry.message.event == DEBIT_ANSWERED


def _debit_answered(request: InformationRequest, entry: Entry) -> InformationRequest:
    return msgspec.structs.replace(
        request,
        state=RequestState.ANSWERED,
        answered_at=entry.message.occurred_at,
        answered_by=entry.message.actor_role,
        answer=entry.message.outcome,
    )


def _asked(entry: Entry) -> InformationRequest:
    if _begins_doubt(entry):
        return InformationRequest(
            id=entry.id,
            procedure=entry.procedure,
            dossier=entry.dossier,
            # In the reader's own language, by its kind.
            text="",
            lang="fr",
            asked_at=entry.message.occurred_at,
            kind=RequestKind.DEBITED,
        )
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
    if request.state is RequestState.ANSWERED:
        return request
    if message.event == ANSWERED and message.source == OPERATOR:
        return msgspec.structs.replace(
            request,
            state=RequestState.ANSWERED,
            answered_at=message.occurred_at,
            answered_by=message.actor_role,
        )
    return msgspec.structs.replace(request, state=RequestState.CANCELLED)
