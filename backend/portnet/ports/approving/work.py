"""What a unit of work knows of approvals. What it gives is of the unit's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from portnet.domain.alerts import Recipient
from portnet.domain.approving.approval import Approval
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Matrix
from portnet.domain.approving.seen import Seen


class ApprovingWork(Protocol):
    async def approval(self, approval: str) -> Approval | None:
        """Locked until the unit ends. Who changes its subject too locks that first."""
        ...

    async def newest_of(self, subject: str) -> Approval | None:
        """The last approval that was asked for of a submission or of an act in a procedure, locked as by `approval`."""
        ...

    async def matrix(self, company: str) -> Matrix | None:
        """The company's own rules, if it has set any."""
        ...

    async def delegations(self, company: str) -> Sequence[Delegation]:
        """Those that were not revoked, whenever they begin and end."""
        ...

    async def delegation(self, delegation: str) -> Delegation | None:
        """Locked until the unit ends."""
        ...

    async def recipients(self, company: str) -> Sequence[Recipient]:
        """The active users of a company with their live devices."""
        ...

    async def seen(self, user: str, subject: str) -> Seen | None: ...
