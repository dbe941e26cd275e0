"""What an agency says, in one canonical shape, whatever wire it came over.

The shape is additive: unknown fields are ignored, known ones keep their meaning. Nothing here names an officer.
"""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec


class Classifier(enum.StrEnum):
    """DCSA Track & Trace 3 event classifier: what the instant in ``occurred_at`` stands for."""

    ACT = "ACT"
    EST = "EST"
    PLN = "PLN"
    REQ = "REQ"


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier of the trade: a DUM, a title, a container. ``value`` is normalised."""

    scheme: str
    value: str
    version: int | None = None

    @property
    def key(self) -> str:
        """Scheme and value as one word, as files are locked and found by it."""
        return f"{self.scheme}:{self.value}"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A company that the message names: ``role`` OPERATOR, BROKER or AGENT, ``scheme`` ICE."""

    role: str
    scheme: str
    value: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where it happened: a customs office, a UN/LOCODE, a facility; any of them may be missing."""

    bureau: str | None = None
    unlocode: str | None = None
    facility: str | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why, in the agency's own words; ``lang`` is the BCP 47 language they were written in."""

    code: str
    text: str
    lang: str = "fr"


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """An amount of money as a decimal string, and its ISO 4217 currency."""

    kind: str
    value: str
    currency: str


class AgencyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that the message points at, never its content."""

    type: str
    number: str | None = None
    uri: str | None = None
    sha256: str | None = None


class LineDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the goods and what was decided about it."""

    line: int
    hs: str | None = None
    decision: str | None = None


class AgencyEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One agency message, understood.

    ``receipt`` is our id of the raw message; ``code`` and ``event`` come from the wire's ``type`` (CODE.event).
    ``order`` is the position of its receipt among all receipts. ``sandbox`` comes from the key that signed. ``derived``
    is what follows for one procedure from a message about another.
    """

    receipt: str
    source: str
    event_id: str
    code: str
    event: str
    occurred_at: datetime
    received_at: datetime
    refs: tuple[Reference, ...]
    classifier: Classifier = Classifier.ACT
    created_at: datetime | None = None
    seq: int | None = None
    outcome: str | None = None
    reasons: tuple[Reason, ...] = ()
    due_at: datetime | None = None
    place: Place | None = None
    amounts: tuple[Amount, ...] = ()
    documents: tuple[AgencyDocument, ...] = ()
    items: tuple[LineDecision, ...] = ()
    parties: tuple[Party, ...] = ()
    actor_role: str | None = None
    retracts: str | None = None
    corrects: str | None = None
    sandbox: bool = False
    derived: bool = False

    @property
    def type(self) -> str:
        """The wire's name of the event, CODE.event."""
        return f"{self.code}.{self.event}"

    @property
    def amends(self) -> str | None:
        """The ``event_id`` of the message that this one takes back or replaces: an earlier one of the same source."""
        return self.corrects or self.retracts

    def reference(self, scheme: str) -> str | None:
        """The first value of ``scheme``, or None."""
        return next((ref.value for ref in self.refs if ref.scheme == scheme), None)

    def references(self, scheme: str) -> frozenset[str]:
        """Every value of ``scheme``: one message may name many files."""
        return frozenset(ref.value for ref in self.refs if ref.scheme == scheme)

    def party(self, role: str) -> str | None:
        """The ICE of the company in ``role``, or None."""
        found = (p.value for p in self.parties if p.role == role and p.scheme == "ICE")
        return next(found, None)


def event_key(source: str, event_id: str) -> str:
    """What a message that amends another waits for while that one has not come; `Reference.key` of a message."""
    return f"EVENT:{source}/{event_id}"
