"""What a person last looked at of one subject, so that they are shown what changed since."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """``content`` is the content that ``user`` opened or decided last, ``before`` the one before that."""

    user: str
    subject: str
    content: str
    at: datetime
    before: str | None = None

    def against(self, content: str) -> str | None:
        """The content to compare ``content`` with: never itself, which it may be because it is on the screen."""
        return self.before if content == self.content else self.content


def looked(known: Seen | None, user: str, subject: str, content: str, now: datetime) -> Seen:
    """``known`` after ``user`` looked at ``content``; looking again changes nothing."""
    if known is None:
        return Seen(user=user, subject=subject, content=content, at=now)
    if known.content == content:
        return known
    return Seen(user=user, subject=subject, content=content, at=now, before=known.content)
