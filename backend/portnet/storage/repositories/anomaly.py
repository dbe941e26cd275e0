"""What the help desk reads: messages that could not be applied, whole, and what people asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portnet.domain.desk.anomaly import UNSETTLED, Anomaly, AnomalyState
from portnet.domain.desk.help import TRAIL_ENTRIES, HelpCase, HelpState, Trail
from portnet.ports.reading import AnomalyMessage, Page, PageSize
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Statement, query
from portnet.storage.repositories import keyset

_CASES = "FROM help_case h JOIN company c ON c.id = h.company"
_FROM = "FROM anomaly a JOIN agency_inbox i ON i.receipt = a.receipt"


class AnomalyRepository:
    """Implements `AnomalyReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def anomalies(
        self, states: Sequence[AnomalyState], page: PageSize, sandbox: bool | None = None
    ) -> Page[Anomaly]:
        dialect = self._database.dialect
        args: list[Any] = [dialect.array([state.value for state in states]), page.first + 1]
        conditions = [dialect.any_of("a.state", "$1")]
        if page.after is not None:
            after = keyset.read_cursor(page.after, (str,))
            if after is None:
                return keyset.EMPTY
            args.extend(after)
            conditions.append("a.id < $3")
        if sandbox is not None:
            args.append(int(sandbox))
            conditions.append(f"i.sandbox = ${len(args)}")
        order = "ORDER BY a.id DESC LIMIT $2"
        sql = f"SELECT a.* {_FROM} WHERE {' AND '.join(conditions)} {order}"
        found = await self._database.read(query(sql, *args))
        return keyset.page(found, page, rows.anomaly, ("id",))

    async def anomaly_message(self, anomaly: str) -> AnomalyMessage | None:
        return await self._database.read(_anomaly_message(anomaly), snapshot=True)

    async def anomalies_by_id(
        self, ids: Sequence[str], sandbox: bool | None = None
    ) -> Mapping[str, Anomaly]:
        dialect = self._database.dialect
        sql = f"SELECT a.*, i.sandbox AS practice {_FROM} WHERE {dialect.any_of('a.id', '$1')}"
        found = await self._database.read(query(sql, dialect.array(ids)))
        return {
            row["id"]: rows.anomaly(row)
            for row in found
            if sandbox is None or bool(row["practice"]) == sandbox
        }

    async def trail(self, dossier: str) -> Trail | None:
        return await self._database.read(self._trail(dossier), snapshot=True)

    async def help_cases(
        self, states: Sequence[HelpState], first: int, sandbox: bool | None = None
    ) -> Sequence[HelpCase]:
        dialect = self._database.dialect
        values: list[Any] = [dialect.array([state.value for state in states]), first]
        condition = dialect.any_of("h.state", "$1")
        if sandbox is not None:
            condition += " AND c.sandbox = $3"
            values.append(int(sandbox))
        sql = f"SELECT h.* {_CASES} WHERE {condition} ORDER BY h.id DESC LIMIT $2"
        return [rows.help_case(row) for row in await self._database.read(query(sql, *values))]

    async def help_cases_of(self, user: str, first: int) -> Sequence[HelpCase]:
        sql = "SELECT * FROM help_case WHERE user_id = $1 ORDER BY id DESC LIMIT $2"
        return [rows.help_case(row) for row in await self._database.read(query(sql, user, first))]

    async def help_cases_by_id(
        self, ids: Sequence[str], sandbox: bool | None = None
    ) -> Mapping[str, HelpCase]:
        dialect = self._database.dialect
        condition = dialect.any_of("h.id", "$1")
        sql = f"SELECT h.*, c.sandbox AS practice {_CASES} WHERE {condition}"
        found = await self._database.read(query(sql, dialect.array(ids)))
        return {
            row["id"]: rows.help_case(row)
            for row in found
            if sandbox is None or bool(row["practice"]) == sandbox
        }

    def _trail(self, dossier: str) -> Program[Trail | None]:
        dossiers = yield Statement("SELECT * FROM dossier WHERE id = $1", (dossier,))
        if not dossiers:
            return None
        procedures = yield Statement(
            "SELECT * FROM procedure WHERE dossier = $1 ORDER BY opened_at, id", (dossier,)
        )
        entries = yield Statement(
            "SELECT * FROM entry WHERE dossier = $1"
            " ORDER BY occurred_at DESC, received_at DESC, id DESC LIMIT $2",
            (dossier, TRAIL_ENTRIES),
        )
        dialect = self._database.dialect
        unsettled = dialect.array([state.value for state in sorted(UNSETTLED)])
        anomalies = yield Statement(
            f"SELECT * FROM anomaly WHERE dossier = $1 AND {dialect.any_of('state', '$2')} ORDER BY id",
            (dossier, unsettled),
        )
        return Trail(
            dossier=rows.dossier(dossiers[0]),
            procedures=tuple(map(rows.procedure, procedures)),
            entries=tuple(map(rows.entry, entries)),
            anomalies=tuple(map(rows.anomaly, anomalies)),
        )


def _anomaly_message(anomaly: str) -> Program[AnomalyMessage | None]:
    found = yield Statement("SELECT * FROM anomaly WHERE id = $1", (anomaly,))
    if not found:
        return None
    inbox = "SELECT * FROM agency_inbox WHERE receipt = $1"
    messages = yield Statement(inbox, (found[0]["receipt"],))
    return AnomalyMessage(anomaly=rows.anomaly(found[0]), message=rows.raw_message(messages[0]))
