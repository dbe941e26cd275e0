"""Declarations as they may be read. Access is part of each question: what a viewer may not see is not found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from portnet.domain.access import Viewer
from portnet.domain.agency import Reference
from portnet.domain.declaring.elsewhere import KnownElsewhere
from portnet.domain.submission import Revision, Submission
from portnet.ports.reading import Page, PageSize


class DeclarationReader(Protocol):
    """A company sees its own, a broker those that it drafts while a mandate covers them."""

    async def declarations(self, viewer: Viewer, now: datetime, page: PageSize) -> Page[Submission]:
        """The last changed first, without those that were discarded."""
        ...

    async def declarations_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Submission]: ...

    async def revisions_of(self, declarations: Sequence[str]) -> Mapping[str, Sequence[Revision]]:
        """What was sent of each, oldest first; of declarations that may be seen."""
        ...

    async def known_elsewhere(
        self, company: str, references: Sequence[Reference]
    ) -> Sequence[KnownElsewhere]:
        """Which of ``references`` the company's files know that go on."""
        ...

    async def sent_last(
        self, viewer: Viewer, now: datetime, company: str, kind: str
    ) -> Submission | None:
        """The declaration of that kind that the company sent last, if the viewer may see it."""
        ...
