"""The services' tokens out of the security room's primitives."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from portnet.domain.access import User
from portnet.domain.identity.account import AccessToken, PresentedRefreshToken, RefreshToken
from portnet.ports.clock import Ids
from portnet.security.keys import derive_key
from portnet.security.tokens import AccessTokens, new_refresh_token, read_refresh_token


class SessionTokens:
    """Implements `Tokens`. A successor is derived from its predecessor under the server's secret, not drawn."""

    def __init__(self, access: AccessTokens, server_secret: bytes, ids: Ids) -> None:
        self._access = access
        self._succession = derive_key(server_secret, "refresh token succession")
        self._ids = ids

    def access(self, user: User, session: str, sandbox: bool, now: datetime) -> AccessToken:
        return self._access.issue(
            user=user.id,
            session=session,
            company=user.company,
            sandbox=sandbox,
            token_id=self._ids.new(),
            now=now,
        )

    def first(self, session: str) -> RefreshToken:
        return new_refresh_token(session, secrets.token_bytes(32))

    def successor(self, session: str, token_hash: bytes) -> RefreshToken:
        entropy = hmac.digest(self._succession, token_hash, hashlib.sha256)
        return new_refresh_token(session, entropy)

    def present(self, text: str) -> PresentedRefreshToken | None:
        return read_refresh_token(text)
