"""Who may work on a submission: its own company, and the broker that drafts it while its mandate is in force."""

from __future__ import annotations

from datetime import datetime

from portnet.domain.access import Viewer
from portnet.domain.submission import Submission
from portnet.ports.unit_of_work import UnitOfWork


async def may_work_on(
    work: UnitOfWork, viewer: Viewer, submission: Submission, now: datetime
) -> bool:
    if submission.company == viewer.company:
        return True
    if submission.broker != viewer.company:
        return False
    mandates = await work.mandates(submission.company)
    return any(m.broker == viewer.company and m.covers(now) for m in mandates)
