"""Secrets as the services need them: checked and made, never seen."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from portnet.domain.access import User
from portnet.domain.identity.account import AccessToken, PresentedRefreshToken, RefreshToken


class Passwords(Protocol):
    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` is the one behind ``stored``; takes as long when there is none."""
        ...

    def busy(self, *, known_device: bool) -> bool:
        """Whether so many wait for their hash that another one had better come back; true later for a known device."""
        ...


class Tokens(Protocol):
    def access(self, user: User, session: str, sandbox: bool, now: datetime) -> AccessToken:
        """A short-lived proof of a session, which the server need not look up."""
        ...

    def first(self, session: str) -> RefreshToken:
        """A session's first refresh token."""
        ...

    def successor(self, session: str, token_hash: bytes) -> RefreshToken:
        """The token after that one; asked again, the same, so that a lost answer can be given again."""
        ...

    def present(self, text: str) -> PresentedRefreshToken | None:
        """What a phone's refresh token claims; None when it is not one."""
        ...
