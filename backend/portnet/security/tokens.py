"""What a signed-in phone carries: a short signed access token, and an opaque refresh token.

It must not raise on anything that a client can send, nor keep a refresh token in clear.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
import msgspec
from jwt.types import Options

from portnet.domain.identity.account import AccessToken, PresentedRefreshToken, RefreshToken
from portnet.security.keys import derive_key, key_id

LONGEST_ACCESS = timedelta(minutes=10)
_ALGORITHM = "HS256"
_ISSUER = "portnet"
_AUDIENCE = "portnet-phone"
#: Web processes on several machines: one may read a token that another's faster clock has signed.
_CLOCK_SKEW = timedelta(seconds=30)
#: Ours take about 350 characters; the cap keeps hostile ones away from the JSON parser.
_LONGEST_TEXT = 1024

_REFRESH_BYTES = 32
_REFRESH = re.compile(r"pnr_([0-7][0-9A-HJKMNP-TV-Z]{25})_[A-Za-z0-9_-]{43}")


class TokenKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that signs access tokens; ``kid`` names it in their header."""

    kid: str
    secret: bytes

    def __repr__(self) -> str:
        return f"TokenKey(kid={self.kid!r}, secret=***)"


def token_key(server_secret: bytes) -> TokenKey:
    """The key for access tokens that belongs to a server secret (at least 32 bytes)."""
    secret = derive_key(server_secret, "access tokens")
    return TokenKey(kid=key_id(secret), secret=secret)


class InvalidToken(enum.StrEnum):
    """Why an access token was refused."""

    MALFORMED = "MALFORMED"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"
    NOT_FOR_US = "NOT_FOR_US"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"


class AccessClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid access token says; whether the session still lives is not its to say."""

    user: str
    session: str
    company: str
    sandbox: bool
    token_id: str
    issued_at: datetime
    expires_at: datetime


#: Seconds since the epoch that a datetime can hold.
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    sub: str
    sid: str
    co: str
    sandbox: bool
    jti: str
    iat: _Seconds
    exp: _Seconds
    iss: str
    aud: str


class AccessTokens:
    """Signs with the current key; accepts the previous ones, so that a rotation signs nobody out.

    Raises:
        ValueError: a lifetime under a second or over ten minutes.
    """

    def __init__(
        self,
        current: TokenKey,
        previous: Sequence[TokenKey] = (),
        *,
        lifetime: timedelta = LONGEST_ACCESS,
    ) -> None:
        if not timedelta(seconds=1) <= lifetime <= LONGEST_ACCESS:
            raise ValueError("an access token lives from one second to ten minutes")
        self._current = current
        self._keys = {key.kid: key.secret for key in (*previous, current)}
        self._lifetime = lifetime

    def issue(
        self, *, user: str, session: str, company: str, sandbox: bool, token_id: str, now: datetime
    ) -> AccessToken:
        """A token for one user in one session, valid from ``now`` (cut to the second)."""
        issued_at = now.astimezone(UTC).replace(microsecond=0)
        expires_at = issued_at + self._lifetime
        payload = _Payload(
            sub=user,
            sid=session,
            co=company,
            sandbox=sandbox,
            jti=token_id,
            iat=int(issued_at.timestamp()),
            exp=int(expires_at.timestamp()),
            iss=_ISSUER,
            aud=_AUDIENCE,
        )
        text = jwt.encode(
            msgspec.structs.asdict(payload),
            self._current.secret,
            algorithm=_ALGORITHM,
            headers={"kid": self._current.kid},
        )
        return AccessToken(text=text, expires_at=expires_at)

    def verify(self, text: str, now: datetime) -> AccessClaims | InvalidToken:
        """What ``text`` says at ``now``, or why it is refused; no text raises an error."""
        payload = self._signed_payload(text)
        if isinstance(payload, InvalidToken):
            return payload
        if payload.iss != _ISSUER or payload.aud != _AUDIENCE:
            return InvalidToken.NOT_FOR_US
        claims = _claims(payload)
        if now < claims.issued_at - _CLOCK_SKEW:
            return InvalidToken.NOT_YET_VALID
        if claims.expires_at <= now:
            return InvalidToken.EXPIRED
        return claims

    def _signed_payload(self, text: str) -> _Payload | InvalidToken:
        if len(text) > _LONGEST_TEXT:
            return InvalidToken.MALFORMED
        try:
            kid = jwt.get_unverified_header(text).get("kid")
            secret = self._keys.get(kid) if isinstance(kid, str) else None
            if secret is None:
                return InvalidToken.UNKNOWN_KEY
            # PyJWT would check the instants by its own clock; ours is passed in.
            options: Options = {
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
                "verify_iss": False,
            }
            decoded = jwt.decode(text, secret, algorithms=[_ALGORITHM], options=options)
            return msgspec.convert(decoded, _Payload)
        except jwt.InvalidSignatureError:
            return InvalidToken.WRONG_SIGNATURE
        except (jwt.PyJWTError, ValueError):
            # ValueError: a payload of another shape, or text that UTF-8 cannot hold.
            return InvalidToken.MALFORMED


def _claims(payload: _Payload) -> AccessClaims:
    return AccessClaims(
        user=payload.sub,
        session=payload.sid,
        company=payload.co,
        sandbox=payload.sandbox,
        token_id=payload.jti,
        issued_at=datetime.fromtimestamp(payload.iat, UTC),
        expires_at=datetime.fromtimestamp(payload.exp, UTC),
    )


def new_refresh_token(session: str, entropy: bytes) -> RefreshToken:
    """A refresh token for ``session`` (a ULID) out of 32 random bytes.

    Raises:
        ValueError: ``session`` is no ULID or ``entropy`` has not 32 bytes.
    """
    if len(entropy) != _REFRESH_BYTES:
        raise ValueError("a refresh token is made of 32 random bytes")
    secret = base64.urlsafe_b64encode(entropy).rstrip(b"=").decode("ascii")
    # The prefix lets secret scanners recognise a leaked one.
    text = f"pnr_{session}_{secret}"
    if not _REFRESH.fullmatch(text):
        raise ValueError("a session id is a ULID of 26 characters")
    return RefreshToken(text=text, hash=hash_refresh_token(text))


def hash_refresh_token(text: str) -> bytes:
    """SHA-256 of a refresh token, or of any other text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def read_refresh_token(text: str) -> PresentedRefreshToken | None:
    """The session and hash of a token that a phone presents; None for what has not our form."""
    found = _REFRESH.fullmatch(text)
    if found is None:
        return None
    return PresentedRefreshToken(session=found[1], hash=hash_refresh_token(text))
