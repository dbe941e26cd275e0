"""Approvals as their company reads them; another company's are not found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from portnet.domain.access import User
from portnet.domain.approving.approval import Approval, Content
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Matrix
from portnet.domain.approving.seen import Seen
from portnet.ports.reading import Page, PageSize


class ApprovalReader(Protocol):
    async def pending(self, company: str, size: PageSize) -> Page[Approval]:
        """By deadline, the first to lapse first."""
        ...

    async def approvals_by_id(self, company: str, ids: Sequence[str]) -> Mapping[str, Approval]: ...

    async def newest_of_subjects(
        self, company: str, subjects: Sequence[str]
    ) -> Mapping[str, Approval]:
        """The last approval of each submission or procedure that has had one."""
        ...

    async def newest_of_contents(
        self, company: str, contents: Sequence[str]
    ) -> Mapping[str, Approval]:
        """The last approval of each content's subject, which may be of a later content."""
        ...

    async def contents(self, company: str, contents: Sequence[str]) -> Mapping[str, Content]: ...

    async def seen(self, user: str, subjects: Sequence[str]) -> Mapping[str, Seen]:
        """What the user looked at last, by subject."""
        ...

    async def matrix(self, company: str) -> Matrix | None: ...

    async def delegations(self, company: str) -> Sequence[Delegation]:
        """Those that were not revoked."""
        ...

    async def people(self, company: str) -> Sequence[User]:
        """The active users of a company."""
        ...
