"""What becomes of a decision that is not simply done."""

from __future__ import annotations

import msgspec

from portnet.domain.approving.approval import Approval, Content
from portnet.domain.submission import NotDone


class Stale(msgspec.Struct, frozen=True, kw_only=True):
    """What was on the screen is not what waits: ``approval`` is of another content than ``shown``."""

    approval: Approval
    shown: Content


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """``approval`` is left as it is; NOT_NOW: it was decided, or is over."""

    approval: Approval
    because: NotDone


class SecondFactorMissing(msgspec.Struct, frozen=True, kw_only=True):
    """``operation_hash`` is what the code has to be bound to."""

    because: NotDone
    operation_hash: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a wish that cannot be taken, and why: EMPTY, TOO_LONG, UNKNOWN, TWICE."""

    path: str
    code: str
