"""What a company's people see of each other, and of the brokers whom they may ask to work for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from portnet.domain.access import Company, User


class ListedMember(msgspec.Struct, frozen=True, kw_only=True):
    """``last_seen_at`` is when a session of theirs was last opened or renewed; ``invited_until`` is set while their
    invitation waits for them.
    """

    user: User
    last_seen_at: datetime | None = None
    invited_until: datetime | None = None


class MemberReader(Protocol):
    async def members(self, company: str, now: datetime) -> Sequence[ListedMember]:
        """Everybody whom a company has or had, by name."""
        ...

    async def broker(self, ice: str, *, sandbox: bool) -> Company | None:
        """The brokerage of that company identifier; None for any other company."""
        ...
