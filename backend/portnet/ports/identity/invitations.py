"""Invitations as the services need them: codes made, told once, and recognised; never kept."""

from __future__ import annotations

from typing import Protocol

from portnet.domain.identity.member import InvitationCode


class Invitations(Protocol):
    def code(self, user: str, number: int) -> InvitationCode:
        """The code of a user's ``number``-th invitation; asked again, the same, so that a lost answer can be given
        again.
        """
        ...

    def hash(self, text: str) -> bytes:
        """What is kept of a code that somebody typed, however they wrote its letters."""
        ...


class PasswordHasher(Protocol):
    async def hash(self, password: str) -> str:
        """The text to store."""
        ...

    def is_common(self, password: str) -> bool:
        """Whether it is among the most common, however its letters are written."""
        ...
