"""A person's second factor: enrolled, confirmed, and shown for one operation at a time.

Pure decisions over one value per account. Codes are never seen here: an authenticator says which time step, or which
recovery code, somebody's text stands for.
"""

from __future__ import annotations

import enum
import math
from datetime import datetime, timedelta

import msgspec

from portnet.domain.identity.proof import Proven, Unproven

#: Seconds for which an authenticator shows one code (RFC 6238).
STEP_SECONDS = 30
#: How long the server waits for the code of an operation that it refused.
CHALLENGE = timedelta(minutes=5)
#: So many wrong codes within the window, and no further one is looked at.
MOST_MISSES = 5
MISSES_WINDOW = timedelta(minutes=15)
#: Operations of one person that may wait for a code; the oldest are asked for again.
MOST_CHALLENGES = 20


class Method(enum.StrEnum):
    """By what somebody can show a second factor."""

    TOTP = "TOTP"
    PASSKEY = "PASSKEY"
    RECOVERY_CODE = "RECOVERY_CODE"


class FactorState(enum.StrEnum):
    """What an account has, as the contract names it."""

    NONE = "NONE"
    TOTP = "TOTP"


class Occasion(enum.StrEnum):
    """What a code is asked for. Wrong ones are counted apart: a mere password cannot stop its owner's work."""

    SIGN_IN = "SIGN_IN"
    STEP_UP = "STEP_UP"


class Totp(msgspec.Struct, frozen=True, kw_only=True):
    """One authenticator: its secret as it is ``sealed``, the hashes of the recovery codes that are left, and the time
    step of the last code that was accepted.
    """

    sealed: str
    recovery: tuple[str, ...]
    since: datetime
    last_step: int = -1

    def __repr__(self) -> str:
        return f"Totp(sealed=***, recovery={len(self.recovery)}, last_step={self.last_step})"


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """The server waits for a code for the operation of that hash, until then."""

    operation: str
    expires_at: datetime


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """A wrong code."""

    at: datetime
    occasion: Occasion


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """All of one account. ``pending`` awaits its first code; until that, ``active`` stays in force.

    Args:
        at_sign_in: whether the password alone does not open a session.
    """

    user: str
    company: str
    active: Totp | None = None
    pending: Totp | None = None
    challenges: tuple[Challenge, ...] = ()
    misses: tuple[Miss, ...] = ()
    at_sign_in: bool = True

    @property
    def state(self) -> FactorState:
        return FactorState.NONE if self.active is None else FactorState.TOTP

    @property
    def methods(self) -> tuple[Method, ...]:
        """What this account can answer a challenge with."""
        if self.active is None:
            return ()
        return (Method.TOTP, Method.RECOVERY_CODE) if self.active.recovery else (Method.TOTP,)


class TotpCode(msgspec.Struct, frozen=True, kw_only=True):
    """A right code, of that time step."""

    step: int


class RecoveryCode(msgspec.Struct, frozen=True, kw_only=True):
    """A text that has the form of a recovery code; right when its hash is one of ours."""

    hash: str


#: What an authenticator makes of a text; None when it is nothing of this account.
Evidence = TotpCode | RecoveryCode | None

Answered = tuple[SecondFactor, Proven | Unproven]


def enrolled(factor: SecondFactor, drawn: Totp) -> SecondFactor:
    """With a new authenticator, which takes effect once its first code is shown."""
    return msgspec.structs.replace(factor, pending=drawn)


def confirmed(factor: SecondFactor, evidence: Evidence, now: datetime) -> Answered:
    """The pending authenticator in force, once it has shown a code; challenges for the one before are void."""
    if factor.pending is None:
        return factor, Unproven.MISSING
    if throttled(factor, Occasion.STEP_UP, now):
        return factor, Unproven.THROTTLED
    if not isinstance(evidence, TotpCode):
        return _missed(factor, Occasion.STEP_UP, now), Unproven.WRONG
    active = msgspec.structs.replace(factor.pending, since=now, last_step=evidence.step)
    changed = msgspec.structs.replace(
        factor, active=active, pending=None, challenges=(), misses=(), at_sign_in=True
    )
    return changed, Proven(by=factor.user, at=now)


def awaits(factor: SecondFactor, operation: str, now: datetime) -> bool:
    """Whether a code for that operation would be looked at."""
    return any(c.operation == operation and now < c.expires_at for c in factor.challenges)


def challenged(factor: SecondFactor, operation: str, now: datetime) -> Answered:
    """The account now waits for a code for that operation."""
    if factor.active is None:
        return factor, Unproven.MISSING
    others = tuple(c for c in factor.challenges if c.operation != operation and now < c.expires_at)
    mine = Challenge(operation=operation, expires_at=now + CHALLENGE)
    waiting = (*others, mine)[-MOST_CHALLENGES:]
    return msgspec.structs.replace(factor, challenges=waiting), Unproven.REQUIRED


def answered(
    factor: SecondFactor, operation: str, occasion: Occasion, evidence: Evidence, now: datetime
) -> Answered:
    """What a code does for the operation that waits for it: proven once, and the code is used up with it.

    A code that was accepted before is refused without being counted, and the operation goes on waiting.
    """
    active = factor.active
    if active is None:
        return factor, Unproven.MISSING
    if throttled(factor, occasion, now):
        return factor, Unproven.THROTTLED
    if not awaits(factor, operation, now):
        return challenged(factor, operation, now)
    match evidence:
        case TotpCode(step=step) if step <= active.last_step:
            return factor, Unproven.USED
        case TotpCode(step=step):
            left = msgspec.structs.replace(active, last_step=step)
        case RecoveryCode(hash=hash) if hash in active.recovery:
            others = tuple(kept for kept in active.recovery if kept != hash)
            left = msgspec.structs.replace(active, recovery=others)
        case _:
            return _missed(factor, occasion, now), Unproven.WRONG
    proven = msgspec.structs.replace(
        factor,
        active=left,
        challenges=tuple(c for c in factor.challenges if c.operation != operation),
        misses=tuple(m for m in factor.misses if m.occasion is not occasion),
    )
    return proven, Proven(by=factor.user, at=now)


def throttled(factor: SecondFactor, occasion: Occasion, now: datetime) -> bool:
    """Whether too many codes were wrong for another one to be looked at."""
    return len(_counted(factor, occasion, now)) >= MOST_MISSES


def seconds_to_wait(factor: SecondFactor, occasion: Occasion, now: datetime) -> int:
    """Until a code can be accepted again: the throttle's end, or else the authenticator's next code; 0 is now."""
    if throttled(factor, occasion, now):
        ends = _counted(factor, occasion, now)[-MOST_MISSES].at + MISSES_WINDOW
        return max(1, math.ceil((ends - now).total_seconds()))
    fresh_from = ((factor.active.last_step if factor.active else -1) + 1) * STEP_SECONDS
    return max(0, math.ceil(fresh_from - now.timestamp()))


def _counted(factor: SecondFactor, occasion: Occasion, now: datetime) -> tuple[Miss, ...]:
    recent = (m for m in factor.misses if now < m.at + MISSES_WINDOW)
    return tuple(miss for miss in recent if miss.occasion is occasion)


def _missed(factor: SecondFactor, occasion: Occasion, now: datetime) -> SecondFactor:
    recent = tuple(m for m in factor.misses if now < m.at + MISSES_WINDOW)
    return msgspec.structs.replace(factor, misses=(*recent, Miss(at=now, occasion=occasion)))
