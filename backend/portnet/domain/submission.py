"""A procedure that a company begins here, before its agency knows of it: one run of the envelope, P0.

The catalogue's graph says what may follow what; this module adds what the graph cannot say: who, on which content, and
with whose approval. Pure: proofs and checks come in as facts. An approval names a content by its hash and is never
carried over to another one.
"""

from __future__ import annotations

import enum
import hashlib
from datetime import datetime

import msgspec

from portnet.domain.access import Role
from portnet.domain.agency import Reason, Reference
from portnet.domain.catalogue import OPERATOR, Definition

#: The catalogue's code of the envelope.
ENVELOPE = "ENVELOPE"

#: What the default matrix of approvals covers: import titles, declarations, payments.
APPROVED_BY_DEFAULT = frozenset({"IMP_TITLE", "DUM_IMPORT", "DUM_EXPORT", "PAYMENT"})

_DECLARE = frozenset({Role.DECLARANT, Role.MANAGER})
_DECIDE = frozenset({Role.MANAGER})


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """``by`` approved the content of that hash; ``self_approved`` in a company of one person."""

    by: str
    content_hash: str
    at: datetime
    self_approved: bool = False


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """``content`` is an opaque JSON document and ``content_hash`` its sha256, 64 hex digits.

    ``target`` is the code of the procedure that it asks for; ``envelope`` the version of its definition. ``revision``
    counts what is sent: what follows a rejection is the next one; ``version`` every change. ``outgoing`` is what left
    last, ``procedure`` what opened. ``broker`` is the one that drafts it for the company, ``form_version`` that of the
    form that its content answers, 0 where there is none.
    """

    id: str
    company: str
    author: str
    target: str
    content: str
    content_hash: str
    refs: tuple[Reference, ...]
    envelope: int
    state: str
    entered_at: datetime
    created_at: datetime
    updated_at: datetime
    revision: int = 1
    version: int = 1
    approval: Approval | None = None
    reasons: tuple[Reason, ...] = ()
    outgoing: str | None = None
    procedure: str | None = None
    broker: str | None = None
    form_version: int = 0


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A content as it was sent; it never changes any more."""

    submission: str
    number: int
    content: str
    content_hash: str
    sent_at: datetime


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: ``alone`` when nobody else of the company has an account; ``reads_only`` while the company's
    subscription is suspended.
    """

    user: str
    company: str
    roles: frozenset[Role]
    alone: bool = False
    reads_only: bool = False


class NotDone(enum.StrEnum):
    """Why what somebody asked for was not done."""

    NOT_FOUND = "NOT_FOUND"
    STALE_VERSION = "STALE_VERSION"
    KEY_REUSED = "KEY_REUSED"
    NOT_NOW = "NOT_NOW"
    NOT_YOURS = "NOT_YOURS"
    UNDER_WAY = "UNDER_WAY"
    NO_ROUTE = "NO_ROUTE"
    #: The checks found something that blocks it.
    BLOCKED = "BLOCKED"
    APPROVAL_MISSING = "APPROVAL_MISSING"
    #: Nobody approves their own work, unless they are alone.
    OWN_WORK = "OWN_WORK"
    #: What was shown to the manager is not what is there now.
    OTHER_CONTENT = "OTHER_CONTENT"
    #: A payment of the same obligation is under way, or nobody knows what became of it.
    DO_NOT_PAY_AGAIN = "DO_NOT_PAY_AGAIN"
    PROOF_REQUIRED = "PROOF_REQUIRED"
    PROOF_WRONG = "PROOF_WRONG"
    PROOF_MISSING = "PROOF_MISSING"
    #: The code was used already; the next one will do.
    PROOF_USED = "PROOF_USED"
    #: Too many codes were wrong.
    THROTTLED = "THROTTLED"
    #: The company's subscription is suspended or closed: it may read.
    SUSPENDED = "SUSPENDED"
    #: A company always keeps somebody who can let people in and out.
    LAST_ADMINISTRATOR = "LAST_ADMINISTRATOR"


Decided = Submission | NotDone


def content_hash(content: str) -> str:
    """The name of a content: two that differ in a byte have different ones."""
    return hashlib.sha256(content.encode()).hexdigest()


def asks_approval(submission: Submission) -> bool:
    """The default policy, until a company has rules of its own."""
    return submission.target in APPROVED_BY_DEFAULT


def draft(
    envelope: Definition,
    person: Person,
    id: str,
    target: str,
    content: str,
    refs: tuple[Reference, ...],
    now: datetime,
    company: str | None = None,
) -> Decided:
    """A new submission; its id was made by the app. Of another ``company`` than the person's, theirs is its broker."""
    if refusal := _refusal(person, _DECLARE):
        return refusal
    if not _is_json(content):
        return NotDone.BLOCKED
    return Submission(
        id=id,
        company=company or person.company,
        broker=person.company if company not in (None, person.company) else None,
        author=person.user,
        target=target,
        content=content,
        content_hash=content_hash(content),
        refs=refs,
        envelope=envelope.version,
        state=envelope.start,
        entered_at=now,
        created_at=now,
        updated_at=now,
    )


def edit(
    envelope: Definition,
    submission: Submission,
    person: Person,
    content: str,
    refs: tuple[Reference, ...],
    now: datetime,
) -> Decided:
    """Replace the content: back to the draft, and no approval is left. Who edits last is its author."""
    if submission.state != envelope.start:
        moved = _by(envelope, submission, "edit", person, _DECLARE, now)
    else:
        moved = _refusal(person, _DECLARE) or submission
    if isinstance(moved, NotDone):
        return moved
    if not _is_json(content):
        return NotDone.BLOCKED
    return msgspec.structs.replace(
        moved,
        author=person.user,
        content=content,
        content_hash=content_hash(content),
        refs=refs,
        approval=None,
        version=submission.version + 1,
        updated_at=now,
    )


def reopen(envelope: Definition, submission: Submission, person: Person, now: datetime) -> Decided:
    """Back to the draft, its content as it is; no approval is left."""
    return _by(envelope, submission, "edit", person, _DECLARE, now)


def as_draft(
    envelope: Definition, submission: Submission, person: Person, now: datetime
) -> Decided:
    """The submission as it may be written in: reopened, or after a rejection corrected; a draft as it is."""
    if submission.state == envelope.start:
        return _refusal(person, _DECLARE) or submission
    reopened = reopen(envelope, submission, person, now)
    if reopened is not NotDone.NOT_NOW:
        return reopened
    return correct(envelope, submission, person, now)


def revision_of(sent: Submission) -> Revision:
    """What is kept of a submission that has just been sent."""
    return Revision(
        submission=sent.id,
        number=sent.revision,
        content=sent.content,
        content_hash=sent.content_hash,
        sent_at=sent.entered_at,
    )


def validate(
    envelope: Definition, submission: Submission, person: Person, blocking: int, now: datetime
) -> Decided:
    """``blocking`` is how many faults the checks found that no agency would take."""
    moved = _by(envelope, submission, "validate", person, _DECLARE, now)
    return NotDone.BLOCKED if blocking and not isinstance(moved, NotDone) else moved


def discard(envelope: Definition, submission: Submission, person: Person, now: datetime) -> Decided:
    return _by(envelope, submission, "discard", person, _DECLARE, now)


def request_approval(
    envelope: Definition, submission: Submission, person: Person, now: datetime
) -> Decided:
    return _by(envelope, submission, "request_approval", person, _DECLARE, now)


def withdraw(
    envelope: Definition, submission: Submission, person: Person, now: datetime
) -> Decided:
    return _by(envelope, submission, "withdraw", person, _DECLARE, now)


def correct(envelope: Definition, submission: Submission, person: Person, now: datetime) -> Decided:
    """Begin the next revision; the one that was rejected is kept as it was sent."""
    moved = _by(envelope, submission, "correct", person, _DECLARE, now)
    if isinstance(moved, NotDone):
        return moved
    return msgspec.structs.replace(moved, revision=submission.revision + 1)


def approve(
    envelope: Definition, submission: Submission, person: Person, seen: str, now: datetime
) -> Decided:
    """Approve the content of hash ``seen``, the one that was shown; the second factor is proven already."""
    moved = _by(envelope, submission, "approve", person, _DECIDE, now)
    if isinstance(moved, NotDone):
        return moved
    if seen != submission.content_hash:
        return NotDone.OTHER_CONTENT
    own = person.user == submission.author
    if own and not person.alone:
        return NotDone.OWN_WORK
    approval = Approval(by=person.user, content_hash=seen, at=now, self_approved=own)
    return msgspec.structs.replace(moved, approval=approval)


def return_for_correction(
    envelope: Definition, submission: Submission, person: Person, reason: str, now: datetime
) -> Decided:
    moved = _by(envelope, submission, "return", person, _DECIDE, now)
    if isinstance(moved, NotDone):
        return moved
    return msgspec.structs.replace(moved, reasons=(Reason(code="RETURNED", text=reason),))


def revoke(envelope: Definition, submission: Submission, person: Person, now: datetime) -> Decided:
    """The manager takes an approval back before it was used."""
    return _by(envelope, submission, "revoke", person, _DECIDE, now)


def submit(
    envelope: Definition,
    submission: Submission,
    person: Person,
    blocking: int,
    approval_asked: bool,
    outgoing: str,
    now: datetime,
) -> Decided:
    """Send it off as ``outgoing``; the second factor is proven already."""
    moved = _by(envelope, submission, "submit", person, _DECLARE, now)
    if isinstance(moved, NotDone):
        return moved
    if blocking:
        return NotDone.BLOCKED
    if submission.approval is None:
        if approval_asked or submission.state != "VALIDATED":
            return NotDone.APPROVAL_MISSING
    elif submission.approval.content_hash != submission.content_hash:
        return NotDone.APPROVAL_MISSING
    return msgspec.structs.replace(moved, outgoing=outgoing)


def said(
    envelope: Definition,
    submission: Submission,
    source: str,
    event: str,
    reasons: tuple[Reason, ...],
    now: datetime,
) -> Decided:
    """What the gateway or our clock brings: ack, nack, no_ack, resend, lapse."""
    moved = _moved(envelope, submission, source, event, now)
    if isinstance(moved, NotDone):
        return moved
    return msgspec.structs.replace(moved, reasons=reasons)


def _by(
    envelope: Definition,
    submission: Submission,
    event: str,
    person: Person,
    roles: frozenset[Role],
    now: datetime,
) -> Decided:
    moved = _moved(envelope, submission, OPERATOR, event, now)
    if isinstance(moved, NotDone):
        return moved
    # What is decided, the company decides itself: its broker only declares for it.
    if roles is _DECIDE and person.company != submission.company:
        return NotDone.NOT_YOURS
    return _refusal(person, roles) or moved


def _is_json(content: str) -> bool:
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _refusal(person: Person, roles: frozenset[Role]) -> NotDone | None:
    """Why somebody who is not of ``roles``, or whose company may only read, does nothing here."""
    if not person.alone and not person.roles & roles:
        return NotDone.NOT_YOURS
    return NotDone.SUSPENDED if person.reads_only else None


def _moved(
    envelope: Definition, submission: Submission, source: str, event: str, now: datetime
) -> Decided:
    """The next state by the graph. A draft has no approval, however it became one again."""
    transition = envelope.transition(submission.state, event)
    if transition is None or source not in transition.by:
        return NotDone.NOT_NOW
    return msgspec.structs.replace(
        submission,
        state=transition.to,
        entered_at=now,
        updated_at=now,
        approval=None if transition.to == envelope.start else submission.approval,
        reasons=(),
        version=submission.version + 1,
    )
