"""What phones hear of approvals and submissions, as changes of the transaction that brings the news."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portnet.domain.act import GATEWAY
from portnet.domain.alerts import AlertFacts
from portnet.domain.approving.approval import Approval, Matter, act_of
from portnet.domain.catalogue import Catalogue
from portnet.domain.events import (
    AlertRaised,
    ApprovalChanged,
    Record,
    company_audience,
    user_audience,
)
from portnet.domain.identifiers import short_reference
from portnet.domain.submission import Submission
from portnet.ports.approving.telling import OwnNews, OwnPlanner
from portnet.ports.clock import Ids
from portnet.ports.unit_of_work import Change, UnitOfWork

#: Characters of a declaration's id in a text: it has no reference before its agency gives one.
_REFERENCE = 6


class OwnTeller:
    """Says news of a company's own work."""

    def __init__(self, catalogue: Catalogue, planner: OwnPlanner, ids: Ids) -> None:
        self._catalogue = catalogue
        self._planner = planner
        self._ids = ids

    def changed(self, approval: Approval, now: datetime) -> Record:
        """The frame that every phone of the company hears."""
        return Record(
            id=self._ids.new(),
            at=now,
            event=ApprovalChanged(approval=approval),
            subject=approval.id,
            audiences=(company_audience(approval.company),),
        )

    async def of_approval(
        self,
        work: UnitOfWork,
        kind: str,
        approval: Approval,
        now: datetime,
        only: frozenset[str] | None = None,
        occasion: str = "",
    ) -> Sequence[Change]:
        news = OwnNews(
            kind=kind,
            subject=approval.id,
            company=approval.company,
            facts=self._facts(approval),
            only=only,
            occasion=occasion,
        )
        return await self._told(work, news, now)

    async def of_submission(
        self, work: UnitOfWork, kind: str, submission: Submission, now: datetime
    ) -> Sequence[Change]:
        news = OwnNews(
            kind=kind,
            subject=submission.id,
            company=submission.company,
            facts=_facts_of_declaration(submission.id, submission.entered_at),
            # The same submission may be sent, and rejected, several times.
            occasion=str(submission.version),
        )
        return await self._told(work, news, now)

    async def _told(self, work: UnitOfWork, news: OwnNews, now: datetime) -> Sequence[Change]:
        people = await work.approving.recipients(news.company)
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

    def _facts(self, approval: Approval) -> AlertFacts:
        if approval.content.matter is Matter.DECLARATION:
            return _facts_of_declaration(approval.content.subject, approval.deadline)
        act = act_of(approval.content)
        definition = self._catalogue.latest(approval.content.code)
        scheme = definition.identity if definition else ""
        return AlertFacts(reference=short_reference(scheme, act.identity), at=approval.deadline)


def _facts_of_declaration(submission: str, at: datetime) -> AlertFacts:
    return AlertFacts(reference=f"D-{submission[-_REFERENCE:]}", agency=GATEWAY, at=at)
