"""What leaves us for an agency's system: written in the transaction that decided it, sent after it, answered later.

Its id is the idempotency key under which it leaves, and the SUBMISSION reference that answers name. It never leaves
under another one: what is in doubt is sent again as it is.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime

import msgspec

from portnet.domain.access import Company
from portnet.domain.agency import Party, Reference
from portnet.domain.procedure import Procedure
from portnet.domain.submission import Submission

#: The scheme of references that name what we sent, by the idempotency key under which it left.
SUBMISSION = "SUBMISSION"


class OutgoingKind(enum.StrEnum):
    """SUBMISSION begins a procedure; the others are a company's acts in one that runs."""

    SUBMISSION = "SUBMISSION"
    ANSWER = "ANSWER"
    CANCELLATION = "CANCELLATION"
    ACT = "ACT"


class OutgoingState(enum.StrEnum):
    """QUEUED waits to be sent; SENT was taken for delivery; IN_DOUBT may have arrived.

    ACKNOWLEDGED and REJECTED are the agency's answers, and the end.
    """

    QUEUED = "QUEUED"
    SENT = "SENT"
    IN_DOUBT = "IN_DOUBT"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    REJECTED = "REJECTED"


#: The states that an answer ends.
UNDER_WAY = frozenset({OutgoingState.QUEUED, OutgoingState.SENT, OutgoingState.IN_DOUBT})


class _Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agency's system reads; docs/reference/outgoing-messages.md."""

    id: str
    type: str
    occurred_at: datetime
    refs: tuple[Reference, ...]
    parties: tuple[Party, ...]
    sandbox: bool = False
    text: str | None = None
    request: str | None = None
    content_hash: str | None = None
    content: msgspec.Raw = msgspec.Raw(b"")


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One message to ``source``'s system about ``subject``, a submission or a procedure.

    ``event`` is the company's act (``submit``, ``answered``, …), ``by`` the user who did it, ``body`` JSON to the byte.
    ``fence`` grows with each claim: a sender that lost its lease cannot settle it. ``due_at`` is when it is sent, or
    sent again; ``reason`` why it is not delivered yet.
    """

    id: str
    company: str
    kind: OutgoingKind
    source: str
    subject: str
    event: str
    body: str
    by: str
    sandbox: bool
    created_at: datetime
    due_at: datetime
    updated_at: datetime
    state: OutgoingState = OutgoingState.QUEUED
    attempts: int = 0
    fence: int = 0
    leased_until: datetime | None = None
    reason: str | None = None


def submission_body(
    submission: Submission, company: Company, now: datetime, broker: Company | None = None
) -> str:
    """The wire form of a submission: the company's document as it was approved, and its hash."""
    named = submission.outgoing or ""
    parties = [Party(role="OPERATOR", scheme="ICE", value=company.ice)]
    if broker is not None:
        parties.append(Party(role="BROKER", scheme="ICE", value=broker.ice))
    wire = _Wire(
        id=named,
        type=f"{submission.target}.submit",
        occurred_at=now,
        refs=(Reference(scheme=SUBMISSION, value=named), *submission.refs),
        parties=tuple(parties),
        sandbox=company.sandbox,
        content_hash=submission.content_hash,
        content=msgspec.Raw(submission.content.encode()),
    )
    return msgspec.json.encode(wire).decode()


def act_body(
    id: str,
    procedure: Procedure,
    event: str,
    refs: Iterable[Reference],
    company: Company,
    now: datetime,
    text: str | None = None,
    request: str | None = None,
) -> str:
    """The wire form of a company's act in a procedure, and the words that go with it."""
    named = Reference(scheme=SUBMISSION, value=id)
    # What the procedure itself left under is its own SUBMISSION: the first one is this act's.
    others = [ref for ref in refs if ref.scheme != SUBMISSION]
    wire = _Wire(
        id=id,
        type=f"{procedure.code}.{event}",
        occurred_at=now,
        refs=(named, *others),
        parties=(Party(role="OPERATOR", scheme="ICE", value=company.ice),),
        sandbox=company.sandbox,
        text=text,
        request=request,
    )
    return msgspec.json.encode(wire).decode()
