"""Who may decide an approval now: by their own role, or by a right that somebody lent them.

Resolved at the moment of the decision, never before: a delegation that ended, or whose giver lost the role, lends
nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import User
from portnet.domain.approving.approval import Approval
from portnet.domain.approving.money import Money
from portnet.domain.identity.subscription import SUBSCRIPTION
from portnet.domain.submission import NotDone, Person

#: A right that was lent may be lent on once: further, nobody remembers who answers for it.
LONGEST_CHAIN = 2


class Delegation(msgspec.Struct, frozen=True, kw_only=True):
    """``giver`` lends ``holder`` the right to decide, from ``starts_at`` until ``ends_at``.

    ``kinds`` are the actions of the matrix that it covers, all of them when None; ``limit`` the largest amount: what
    has no known amount in that currency is not covered then.
    """

    id: str
    company: str
    giver: str
    holder: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    kinds: tuple[str, ...] | None = None
    limit: Money | None = None
    revoked_at: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        return self.revoked_at is None and self.starts_at <= at < self.ends_at

    def covers(self, kind: str, amount: Money | None, at: datetime) -> bool:
        if not self.in_force(at) or (self.kinds is not None and kind not in self.kinds):
            return False
        if self.limit is None:
            return True
        return amount is not None and amount.surely_within(self.limit)


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """The right to decide: one's own, or that of ``on_behalf_of``; ``alone`` in a company of one."""

    on_behalf_of: str | None = None
    alone: bool = False


def authority(
    approval: Approval,
    person: Person,
    people: Sequence[User],
    delegations: Sequence[Delegation],
    now: datetime,
) -> Authority | NotDone:
    """Whether ``person`` may decide ``approval``, and by whose right. A company that may only read decides nothing but
    what its subscription needs.

    Args:
        people: the active users of the company.
        delegations: the company's.
    """
    right = _right(approval, person, people, delegations, now)
    if isinstance(right, Authority) and person.reads_only:
        return right if approval.content.code == SUBSCRIPTION else NotDone.SUSPENDED
    return right


def _right(
    approval: Approval,
    person: Person,
    people: Sequence[User],
    delegations: Sequence[Delegation],
    now: datetime,
) -> Authority | NotDone:
    present = {user.id for user in people}
    if person.user not in present:
        # Who has left decides nothing, whatever was lent to them.
        return NotDone.NOT_YOURS
    if person.user in (approval.author, approval.requested_by):
        return Authority(alone=True) if person.alone else NotDone.OWN_WORK
    if person.alone or approval.role in person.roles:
        return Authority()
    holders = {user.id for user in people if approval.role in user.roles}
    covering = [
        d for d in delegations if d.covers(approval.content.kind, approval.content.amount, now)
    ]
    others = present - {approval.author, approval.requested_by}
    for giver in _givers(person.user, covering, others):
        if giver in holders:
            return Authority(on_behalf_of=giver)
    return NotDone.NOT_YOURS


def delegates(
    approval: Approval,
    people: Sequence[User],
    delegations: Sequence[Delegation],
    now: datetime,
) -> frozenset[str]:
    """Who may decide it by a right that somebody lent them."""
    found: set[str] = set()
    for user in people:
        person = Person(user=user.id, company=user.company, roles=frozenset(user.roles))
        given = authority(approval, person, people, delegations, now)
        if isinstance(given, Authority) and given.on_behalf_of is not None:
            found.add(user.id)
    return frozenset(found)


def _givers(holder: str, delegations: Sequence[Delegation], active: set[str]) -> Iterator[str]:
    """Whose right ``holder`` has, nearest first; a chain goes through active people only."""
    reached, nearest = {holder}, [holder]
    for _ in range(LONGEST_CHAIN):
        nearest = sorted(
            d.giver
            for d in delegations
            if d.holder in nearest and d.giver in active and d.giver not in reached
        )
        reached.update(nearest)
        yield from nearest
