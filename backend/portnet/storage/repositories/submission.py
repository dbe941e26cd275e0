"""Submissions as their company reads them, and which mutations were done."""

from __future__ import annotations

from portnet.domain.submission import Submission
from portnet.ports.unit_of_work import MutationDone
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query


class SubmissionRepository:
    """Implements `SubmissionReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submission(self, company: str, submission: str) -> Submission | None:
        sql = "SELECT * FROM submission WHERE id = $1 AND (company = $2 OR broker = $2)"
        found = await self._database.read(query(sql, submission, company))
        return rows.submission(found[0]) if found else None

    async def done(self, user: str, key: str) -> MutationDone | None:
        sql = "SELECT * FROM mutation_done WHERE user_id = $1 AND key = $2"
        found = await self._database.read(query(sql, user, key))
        return rows.mutation_done(found[0]) if found else None
