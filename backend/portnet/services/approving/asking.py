"""An act that needs an approval becomes a request for one: nothing leaves before somebody else has said yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portnet.domain.access import Viewer
from portnet.domain.approving.approval import (
    LAPSES_AFTER,
    Approval,
    content_of_act,
    standing_of,
)
from portnet.domain.catalogue import Catalogue
from portnet.domain.procedure import Procedure
from portnet.domain.submission import NotDone
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.clock import Ids
from portnet.ports.unit_of_work import AuditDraft, Change, UnitOfWork
from portnet.services.approving.following import asked, matrix_of
from portnet.services.approving.telling import OwnTeller


class ActApprovals:
    """Asks for approvals of acts."""

    def __init__(
        self, catalogue: Catalogue, reader: ApprovalReader, teller: OwnTeller, ids: Ids
    ) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._teller = teller
        self._ids = ids

    async def alone(self, viewer: Viewer) -> bool:
        """Whether nobody else of the company could approve anything."""
        people = await self._reader.people(viewer.company)
        return [user.id for user in people] == [viewer.user]

    async def ask(
        self,
        work: UnitOfWork,
        viewer: Viewer,
        procedure: Procedure,
        event: str,
        text: str | None,
        now: datetime,
    ) -> tuple[Approval, Sequence[Change]] | NotDone:
        """The approval that waits, with what makes it so.

        One act of a procedure waits at a time: the same one again is the same approval, another is UNDER_WAY.
        """
        content = content_of_act(procedure, event, text)
        known = await work.approving.newest_of(procedure.id)
        if known is not None and known.pending and known.standing == standing_of(procedure):
            same = known.company == viewer.company and known.content.id == content.id
            return (known, ()) if same else NotDone.UNDER_WAY
        matrix = await matrix_of(work, self._catalogue, viewer.company)
        approval = Approval(
            id=self._ids.new(),
            company=viewer.company,
            content=content,
            role=matrix.role_for_act(event),
            author=viewer.user,
            requested_by=viewer.user,
            requested_at=now,
            deadline=now + LAPSES_AFTER,
            updated_at=now,
            standing=standing_of(procedure),
        )
        audit = AuditDraft(
            company=viewer.company,
            at=now,
            actor=f"user:{viewer.user}",
            action="approval.request",
            subject=f"{approval.id}/{content.id}",
        )
        return approval, [*await asked(work, self._teller, approval, now), audit]
