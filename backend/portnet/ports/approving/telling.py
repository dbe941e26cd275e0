"""Whom to tell of what a company does itself: its approvals and submissions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from portnet.domain.alerts import AlertFacts, Recipient
from portnet.ports.alerts import Planned


class OwnNews(msgspec.Struct, frozen=True, kw_only=True):
    """``kind`` is the alert's; ``subject`` the approval or submission, ``company`` whose it is.

    ``only`` are the users to tell, whatever their roles; None: those whom the alert catalogue names. ``occasion`` tells
    one telling of a kind from the next: a reminder's step.
    """

    kind: str
    subject: str
    company: str
    facts: AlertFacts
    only: frozenset[str] | None = None
    occasion: str = ""


class OwnPlanner(Protocol):
    def own_news(
        self,
        news: OwnNews,
        people: Sequence[Recipient],
        now: datetime,
        new_id: Callable[[], str],
    ) -> Sequence[Planned]:
        """Whom to tell, at which level and through which channels; nobody twice. Pure."""
        ...
