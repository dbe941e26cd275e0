"""Whoever changes an account is heard of where it was reachable before: alert A25, so that a thief cannot be quiet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portnet.domain.access import Role
from portnet.domain.alerts import AlertFacts
from portnet.domain.events import AlertRaised, Record, user_audience
from portnet.ports.approving.telling import OwnNews, OwnPlanner
from portnet.ports.clock import Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import Change, Position, UnitOfWork

CHANGED = "A25"
#: Characters of a user's id in a text that names no people.
_REFERENCE = 6


class AccountWarnings:
    """Tells the person and their company's administrators of a change of device, phone, role or second factor."""

    def __init__(self, planner: OwnPlanner, ids: Ids, wakeups: Wakeups) -> None:
        self._planner = planner
        self._ids = ids
        self._wakeups = wakeups

    async def of(
        self, work: UnitOfWork, user: str, company: str, now: datetime
    ) -> Sequence[Change]:
        """The alerts, for the addresses that are known now: nothing that ``work`` collects is written yet."""
        people = await work.approving.recipients(company)
        administrators = {p.user.id for p in people if Role.ADMINISTRATOR in p.user.roles}
        news = OwnNews(
            kind=CHANGED,
            subject=user,
            company=company,
            facts=AlertFacts(reference=f"U-{user[-_REFERENCE:]}", at=now),
            only=frozenset(administrators | {user}),
            # Each change is told: a thief's must not hide behind the owner's.
            occasion=self._ids.new(),
        )
        changes: list[Change] = []
        for told in self._planner.own_news(news, people, now, self._ids.new):
            record = Record(
                id=self._ids.new(),
                at=now,
                event=AlertRaised(alert=told.alert),
                subject=told.alert.id,
                audiences=(user_audience(told.alert.user),),
            )
            changes += [told.alert, record, *told.deliveries]
        return changes

    def send(self, positions: Sequence[Position]) -> None:
        """After the commit: wake the phones and the dispatcher."""
        self._wakeups.feeds(positions)
        self._wakeups.outbox()
