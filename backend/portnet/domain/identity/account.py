"""Signing in: a user's secret as its hash, and the session that a sign-in opens."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec


class Ended(enum.StrEnum):
    """Why a session is over before its time."""

    SIGNED_OUT = "SIGNED_OUT"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105 - no password: why a session ended
    REVOKED = "REVOKED"
    MEMBER_LEFT = "MEMBER_LEFT"


#: Ends after which its device is not trusted any more: somebody else may hold it.
REVOKED = frozenset({Ended.REFRESH_TOKEN_REUSED, Ended.REVOKED, Ended.MEMBER_LEFT})


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """``password_hash`` is argon2id's encoded form."""

    user: str
    password_hash: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in, one family of refresh tokens: only the newest token's hash opens it.

    The token before it is honoured until ``previous_until``, for a phone that lost the answer on its way.
    """

    id: str
    user: str
    opened_at: datetime
    expires_at: datetime
    refreshed_at: datetime
    token_hash: bytes
    previous_hash: bytes | None = None
    previous_until: datetime | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None

    def alive(self, at: datetime) -> bool:
        """Whether the session may still be used at ``at``."""
        return self.ended_at is None and at < self.expires_at


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """A new access token and the instant from which it is refused."""

    text: str
    expires_at: datetime


class RefreshToken(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` goes to the phone once; ``hash`` is what we keep (SHA-256, 32 bytes)."""

    text: str
    hash: bytes

    def __repr__(self) -> str:
        return f"RefreshToken(text=***, hash={self.hash.hex()})"


class PresentedRefreshToken(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh token that came back: the session it claims, and the hash to compare with ours."""

    session: str
    hash: bytes
