"""The unit of work over either engine: what it loads is locked, what it collects is written in one go, then committed.

The feeds' counters are bumped last, in the order of their names: within an audience the order of commits is the order
of ``seq``, without gaps, and no two transactions wait for each other crosswise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, Self

import msgspec

from portnet.domain.access import Company, Mandate, User, Viewer
from portnet.domain.agency import AgencyEvent
from portnet.domain.alerts import Alert, Device
from portnet.domain.audit import GENESIS, AuditRecord, chain_hash
from portnet.domain.declaring.document import Document
from portnet.domain.desk.help import HelpCase
from portnet.domain.events import Record, company_audience, frame_of
from portnet.domain.filing import Files
from portnet.domain.identity.account import Session
from portnet.domain.identity.member import Invitation
from portnet.domain.identity.second_factor import SecondFactor
from portnet.domain.inbox import Progress, Reawakening, Settlement
from portnet.domain.outgoing import Outgoing
from portnet.domain.paying.obligation import PAYMENT
from portnet.domain.paying.order import PaymentOrder
from portnet.domain.procedure import Procedure
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Submission
from portnet.domain.timers import Retimed, Timer, TimerKey
from portnet.ports.unit_of_work import (
    AcknowledgedStep,
    AnomalyCase,
    AuditDraft,
    Change,
    DraftCase,
    MutationDone,
    Position,
    Ringing,
    TableImport,
    TariffInForce,
    Vanished,
)
from portnet.storage import rows
from portnet.storage.approving import StorageApprovingWork
from portnet.storage.desk import anomaly_case, step_of, taken_steps, write_import
from portnet.storage.drafts import SUBSCRIPTION, draft_case, may_only_read
from portnet.storage.engines.database import Database, Transaction
from portnet.storage.engines.program import Batch, Program, Row, Statement, Together, query
from portnet.storage.files import claim, file_of, files_of, take
from portnet.storage.queues.timers import ringing
from portnet.storage.repositories.declaring.tariff import put_in_force
from portnet.storage.rows.documents import document as document_of

_EVENT = (
    "INSERT INTO event (id, at, kind, subject, procedure, entry, payload)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
_FEED = "INSERT INTO feed (audience, seq, event) VALUES ($1, $2, $3)"
_HEADS = (
    "INSERT INTO feed_head (audience, seq, floor) VALUES {rows}"
    " ON CONFLICT (audience) DO UPDATE SET seq = feed_head.seq + excluded.seq"
    " RETURNING audience, seq"
)
#: How many counters one statement bumps: each number of them is a statement to prepare.
_HEADS_TOGETHER = 32
_AUDIT_HEAD = "SELECT seq, hash FROM audit WHERE company = $1 ORDER BY seq DESC LIMIT 1"
_AUDIT = (
    "INSERT INTO audit (company, seq, at, actor, action, subject, hash, on_behalf_of)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)
_SETTLE = "UPDATE agency_inbox SET state = $2, settled_at = $3 WHERE receipt = $1"
_PROGRESS = "UPDATE agency_inbox SET progress = $2 WHERE receipt = $1"
_VANISH = "DELETE FROM entry WHERE id = $1"
_WAIT = "INSERT INTO inbox_wait (ref_key, receipt) VALUES ($1, $2) ON CONFLICT (ref_key, receipt) DO NOTHING"
_UNWAIT = "DELETE FROM inbox_wait WHERE receipt = $1"
_MOOT = "DELETE FROM timer WHERE subject = $1 AND kind = $2 AND detail = $3"


class StorageUnitOfWork:
    """See the port. Entered once; not for several tasks at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._context: AbstractAsyncContextManager[Transaction] | None = None
        self._transaction: Transaction | None = None
        self._structs: dict[type[msgspec.Struct], list[msgspec.Struct]] = defaultdict(list)
        self._records: list[Record] = []
        self._audits: list[AuditDraft] = []
        self._settled: list[Settlement] = []
        self._reawakened: list[Reawakening] = []
        self._moot: list[TimerKey] = []
        self._imported: list[TableImport] = []
        self._tariffs: list[TariffInForce] = []
        self._vanished: list[Vanished] = []
        self._progressed: list[Progress] = []

    async def __aenter__(self) -> Self:
        self._context = self._database.transaction()
        self._transaction = await self._context.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._context is not None:
            await self._context.__aexit__(kind, error, trace)

    def add(self, *changes: Change) -> None:
        for change in changes:
            match change:
                case Record():
                    self._records.append(change)
                case AuditDraft():
                    self._audits.append(change)
                case Settlement():
                    self._settled.append(change)
                case Reawakening():
                    self._reawakened.append(change)
                case Retimed():
                    self._moot.extend(change.moot)
                    self._structs[Timer].extend(change.live)
                case TableImport():
                    self._imported.append(change)
                case TariffInForce():
                    self._tariffs.append(change)
                case Progress():
                    self._progressed.append(change)
                case Vanished():
                    self._vanished.append(change)
                case _:
                    self._structs[type(change)].append(change)

    async def commit(self) -> tuple[Position, ...]:
        return await self._begun.commit(self._flush()) or ()

    async def take(self, receipt: str) -> bool:
        return await self._begun.run(take(self._database.dialect, receipt))

    async def take_in(
        self,
        message: AgencyEvent,
        decide: Callable[[Files], Iterable[Change]],
        correcting: bool = False,
    ) -> tuple[Position, ...] | None:
        return await self._begun.commit(self._take_in(message, decide, correcting))

    async def ring(
        self, timer: Timer, now: datetime, decide: Callable[[Ringing], Iterable[Change]]
    ) -> tuple[Position, ...] | None:
        return await self._begun.commit(self._ring(timer, now, decide))

    async def file(self, procedure: str) -> Files | None:
        return await self._begun.run(file_of(self._database.dialect, procedure))

    async def files(self, message: AgencyEvent) -> Files:
        return await self._begun.run(files_of(self._database.dialect, message))

    @property
    def approving(self) -> StorageApprovingWork:
        return StorageApprovingWork(self._database.dialect, self._begun)

    async def submission(self, submission: str) -> Submission | None:
        # Two drafts of one id find no row to lock: the id itself is locked.
        lock = self._database.dialect.lock_references([f"submission:{submission}"])
        await self._begun.run(lock)
        found = await self._locked("SELECT * FROM submission WHERE id = $1", submission)
        return rows.submission(found[0]) if found else None

    async def draft(
        self, viewer: Viewer, key: str, draft: str, company: str, after: int
    ) -> DraftCase:
        program = draft_case(self._database.dialect, viewer, key, draft, company, after)
        return await self._begun.run(program)

    async def outgoing(self, outgoing: str) -> Outgoing | None:
        found = await self._locked("SELECT * FROM outgoing WHERE id = $1", outgoing)
        return rows.outgoing(found[0]) if found else None

    async def outgoing_of(self, submission: str) -> Outgoing | None:
        last = "SELECT outgoing FROM submission WHERE id = $1"
        found = await self._locked(f"SELECT * FROM outgoing WHERE id = ({last})", submission)
        return rows.outgoing(found[0]) if found else None

    async def request(self, request: str) -> InformationRequest | None:
        sql = "SELECT * FROM information_request WHERE id = $1"
        found = await self._begun.run(query(sql, request))
        return rows.request(found[0]) if found else None

    async def payments(self, company: str, refs: Sequence[str]) -> Sequence[Procedure]:
        dialect = self._database.dialect
        # Two payments of one debt may be in two dossiers: the debt itself is locked, by all its names.
        await self._begun.run(dialect.lock_references([f"owed:{company}:{ref}" for ref in refs]))
        sql = (
            "SELECT p.* FROM procedure p JOIN dossier d ON d.id = p.dossier"
            " WHERE d.company = $1 AND p.code = $2 AND p.id IN"
            f" (SELECT r.procedure FROM reference r WHERE {dialect.any_of('r.ref_key', '$3')})"
        )
        found = await self._begun.run(query(sql, company, PAYMENT, dialect.array(refs)))
        return [rows.procedure(row) for row in found]

    async def payment_order(self, procedure: str) -> PaymentOrder | None:
        sql = "SELECT * FROM payment_order WHERE procedure = $1"
        found = await self._begun.run(query(sql, procedure))
        return rows.payment_order(found[0]) if found else None

    async def document(self, document: str) -> Document | None:
        found = await self._locked("SELECT * FROM document WHERE id = $1", document)
        return document_of(found[0]) if found else None

    async def company(self, company: str) -> Company | None:
        found = await self._begun.run(query("SELECT * FROM company WHERE id = $1", company))
        return rows.company(found[0]) if found else None

    async def people(self, company: str) -> Sequence[User]:
        sql = "SELECT * FROM user_account WHERE company = $1 AND active = 1 ORDER BY id"
        return [rows.user(row) for row in await self._begun.run(query(sql, company))]

    async def reads_only(self, company: str) -> bool:
        return may_only_read(await self._begun.run(query(SUBSCRIPTION, company)))

    async def members(self, company: str) -> Sequence[User]:
        # Who is invited has no row yet, and the company's own row is every message's.
        lock = self._database.dialect.lock_references([f"members:{company}"])
        await self._begun.run(lock)
        sql = "SELECT * FROM user_account WHERE company = $1 ORDER BY id"
        return [rows.user(row) for row in await self._begun.run(query(sql, company))]

    async def login_is_free(self, login: str) -> bool:
        await self._begun.run(self._database.dialect.lock_references([f"login:{login}"]))
        return await self.account(login) is None

    async def account(self, login: str) -> User | None:
        sql = "SELECT * FROM user_account WHERE login = $1"
        found = await self._begun.run(query(sql, login))
        return rows.user(found[0]) if found else None

    async def invitation(self, user: str) -> Invitation | None:
        found = await self._locked("SELECT * FROM invitation WHERE user_id = $1", user)
        return rows.invitation(found[0]) if found else None

    async def has_password(self, user: str) -> bool:
        sql = "SELECT 1 FROM credentials WHERE user_id = $1 AND password_hash <> ''"
        return bool(await self._begun.run(query(sql, user)))

    async def sessions_of(self, user: str) -> Sequence[Session]:
        sql = "SELECT * FROM user_session WHERE user_id = $1 AND ended_at IS NULL ORDER BY id"
        return [rows.session(row) for row in await self._locked(sql, user)]

    async def mandates(self, company: str) -> Sequence[Mandate]:
        sql = "SELECT * FROM mandate WHERE company = $1 ORDER BY id"
        return [rows.mandate(row) for row in await self._begun.run(query(sql, company))]

    async def done(self, user: str, key: str) -> MutationDone | None:
        # Two that were sent at once find no row to lock: the key itself is locked.
        await self._begun.run(self._database.dialect.lock_references([f"mutation:{user}:{key}"]))
        sql = "SELECT * FROM mutation_done WHERE user_id = $1 AND key = $2"
        found = await self._begun.run(query(sql, user, key))
        return rows.mutation_done(found[0]) if found else None

    async def session(self, session: str) -> Session | None:
        found = await self._locked("SELECT * FROM user_session WHERE id = $1", session)
        return rows.session(found[0]) if found else None

    async def second_factor(self, user: str) -> SecondFactor | None:
        # As for devices: a first enrolment finds no row to lock.
        await self._begun.run(self._database.dialect.lock_references([f"second_factor:{user}"]))
        found = await self._locked("SELECT * FROM second_factor WHERE user_id = $1", user)
        return rows.second_factor(found[0]) if found else None

    async def devices_at(self, address: str) -> Sequence[Device]:
        # A first registration finds no row to lock: the address itself is locked.
        await self._begun.run(self._database.dialect.lock_references([f"device:{address}"]))
        sql = "SELECT * FROM device WHERE address = $1 ORDER BY id"
        return [rows.device(row) for row in await self._locked(sql, address)]

    async def devices_of(self, session: str) -> Sequence[Device]:
        sql = "SELECT * FROM device WHERE session = $1 ORDER BY id"
        return [rows.device(row) for row in await self._locked(sql, session)]

    async def mandate(self, mandate: str) -> Mandate | None:
        found = await self._locked("SELECT * FROM mandate WHERE id = $1", mandate)
        return rows.mandate(found[0]) if found else None

    async def alerts(self, user: str, ids: Sequence[str]) -> Sequence[Alert]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM alert WHERE user_id = $1 AND {dialect.any_of('id', '$2')} ORDER BY id"
        return [rows.alert(row) for row in await self._locked(sql, user, dialect.array(ids))]

    async def chain(self, user: str, alert: str) -> Sequence[Alert]:
        # First the file, as the intake does: who takes an alert takes the file's step.
        told = "SELECT dossier FROM alert WHERE id = $2 AND user_id = $1"
        await self._locked(f"SELECT id FROM dossier WHERE id = ({told})", user, alert)
        sql = (
            "SELECT * FROM alert WHERE chain ="
            " (SELECT chain FROM alert WHERE id = $2 AND user_id = $1) ORDER BY id"
        )
        return [rows.alert(row) for row in await self._locked(sql, user, alert)]

    async def step_of(self, alert: Alert) -> AcknowledgedStep | None:
        return await self._begun.run(step_of(self._database.dialect, alert))

    async def taken_steps(self, user: User) -> Sequence[AcknowledgedStep]:
        return await self._begun.run(taken_steps(self._database.dialect, user))

    async def anomaly(
        self, anomaly: str, refs: Sequence[str], dossier: str | None
    ) -> AnomalyCase | None:
        return await self._begun.run(anomaly_case(self._database.dialect, anomaly, refs, dossier))

    async def help_case(self, user: str, mutation: str) -> HelpCase | None:
        # As for devices: a first question finds no row to lock.
        await self._begun.run(self._database.dialect.lock_references([f"help:{user}:{mutation}"]))
        sql = "SELECT * FROM help_case WHERE user_id = $1 AND mutation = $2"
        found = await self._locked(sql, user, mutation)
        return rows.help_case(found[0]) if found else None

    @property
    def _begun(self) -> Transaction:
        if self._transaction is None:
            raise RuntimeError("the unit of work was not entered")
        return self._transaction

    async def _locked(self, sql: str, *args: Any) -> list[Row]:
        return await self._begun.run(query(sql + self._database.dialect.for_update, *args))

    def _take_in(
        self,
        message: AgencyEvent,
        decide: Callable[[Files], Iterable[Change]],
        correcting: bool,
    ) -> Program[tuple[Position, ...] | None]:
        files = yield from claim(self._database.dialect, message, correcting)
        if files is None:
            return None
        self.add(*decide(files))
        return (yield from self._flush())

    def _ring(
        self, timer: Timer, now: datetime, decide: Callable[[Ringing], Iterable[Change]]
    ) -> Program[tuple[Position, ...] | None]:
        claimed = yield from ringing(self._database.dialect, timer, now)
        if claimed is None:
            return None
        self.add(*decide(claimed))
        return (yield from self._flush())

    def _flush(self) -> Program[tuple[Position, ...]]:
        if self._vanished:
            yield Batch(_VANISH, [(gone.entry,) for gone in self._vanished])
        writes = [
            Batch(writing.sql, [writing.row(struct) for struct in structs])
            for kind, writing in rows.WRITINGS.items()
            if (structs := self._structs.get(kind))
        ]
        if self._records:
            writes.append(Batch(_EVENT, [_event_row(record) for record in self._records]))
        yield Together([*writes, *self._moot_timers(), *self._settlements()])
        yield from self._reawaken()
        for imported in self._imported:
            yield from write_import(imported)
        for tariff in self._tariffs:
            yield from put_in_force(self._database.dialect, tariff.edition, tariff.shipped)
        return (yield from self._publish())

    def _moot_timers(self) -> Iterator[Batch]:
        # None that is set again, whatever moved it before: writes that go together touch no row of each other's.
        live = {(t.subject, t.kind.value, t.detail) for t in self._timers()}
        moot = [(key.subject, key.kind.value, key.detail) for key in self._moot]
        if gone := [key for key in moot if key not in live]:
            yield Batch(_MOOT, gone)

    def _timers(self) -> list[Timer]:
        return [timer for timer in self._structs.get(Timer, ()) if isinstance(timer, Timer)]

    def _settlements(self) -> Iterator[Statement | Batch]:
        for settlement in self._settled:
            at = rows.micros(settlement.at)
            yield Statement(_SETTLE, (settlement.receipt, settlement.state.value, at))
            if settlement.refs:
                yield Batch(_WAIT, [(ref, settlement.receipt) for ref in settlement.refs])
            else:
                yield Statement(_UNWAIT, (settlement.receipt,))
        for progress in self._progressed:
            yield Statement(_PROGRESS, (progress.receipt, progress.after))

    def _reawaken(self) -> Program[None]:
        dialect = self._database.dialect
        for reawakening in self._reawakened:
            yield Statement(
                "UPDATE agency_inbox SET state = 'NEW' WHERE state = 'PARKED' AND receipt IN"
                f" (SELECT receipt FROM inbox_wait WHERE {dialect.any_of('ref_key', '$1')})",
                (dialect.array(reawakening.refs),),
            )

    def _publish(self) -> Program[tuple[Position, ...]]:
        framed = [record for record in self._records if frame_of(record.event) is not None]
        moves = Counter(audience for record in framed for audience in record.audiences)
        # A company whose trail grows is locked by its counter even if its feed stands still.
        moves.update({company_audience(draft.company): 0 for draft in self._audits})
        heads = yield from _bump(moves)
        following = {audience: heads[audience] - moves[audience] for audience in heads}
        lines: list[tuple[str, int, str]] = []
        for record in framed:
            for audience in record.audiences:
                following[audience] += 1
                lines.append((audience, following[audience], record.id))
        audits = yield from self._chained_audits()
        yield Together([Batch(_FEED, lines), *audits])
        return tuple(Position(audience=a, seq=heads[a]) for a in sorted(moves) if moves[a])

    def _chained_audits(self) -> Program[list[Batch]]:
        chains: list[Batch] = []
        by_company: dict[str, list[AuditDraft]] = defaultdict(list)
        for draft in self._audits:
            by_company[draft.company].append(draft)
        for company, drafts in sorted(by_company.items()):
            last = yield Statement(_AUDIT_HEAD, (company,))
            position, previous = (last[0]["seq"], last[0]["hash"]) if last else (0, GENESIS)
            lines: list[tuple[Any, ...]] = []
            for draft in drafts:
                position += 1
                previous = chain_hash(previous, _audit_record(draft, position))
                at = rows.micros(draft.at)
                said = (draft.actor, draft.action, draft.subject)
                lines.append((company, position, at, *said, previous, draft.on_behalf_of))
            chains.append(Batch(_AUDIT, lines))
        return chains


def _bump(moves: Mapping[str, int]) -> Program[dict[str, int]]:
    """Move each audience's counter, in the order of the names; where they stand then."""
    heads: dict[str, int] = {}
    audiences = sorted(moves)
    for start in range(0, len(audiences), _HEADS_TOGETHER):
        some = audiences[start : start + _HEADS_TOGETHER]
        values = [value for audience in some for value in (audience, moves[audience])]
        bumped = yield Statement(_bumping(len(some)), values)
        heads |= {row["audience"]: row["seq"] for row in bumped}
    return heads


@cache
def _bumping(count: int) -> str:
    return _HEADS.format(rows=", ".join(f"(${2 * i + 1}, ${2 * i + 2}, 0)" for i in range(count)))


def _event_row(record: Record) -> tuple[Any, ...]:
    return (
        record.id,
        rows.micros(record.at),
        str(record.event.__struct_config__.tag),
        record.subject,
        record.procedure,
        record.entry,
        rows.json_text(record.event),
    )


def _audit_record(draft: AuditDraft, position: int) -> AuditRecord:
    return AuditRecord(
        company=draft.company,
        position=position,
        at=draft.at,
        actor=draft.actor,
        action=draft.action,
        subject=draft.subject,
        on_behalf_of=draft.on_behalf_of,
    )
