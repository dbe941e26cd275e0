"""The indicators' ledger over either engine: notes are counted in the transaction that deletes them, hence once.

Histories are read before that transaction, which stays short. A reader takes all notes about a dossier that it sees, so
that whoever counts the last one has read the newest history, and an older reading finds its notes gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from portnet.domain.indicators.counting import (
    Counted,
    TallyKey,
    UncountedKind,
    difference,
)
from portnet.domain.indicators.definition import Indicator
from portnet.domain.indicators.histogram import Tally, merged
from portnet.domain.indicators.measuring import History, OpenStep, Rating
from portnet.ports.indicators import Backlog, Recount, ToldOf
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Batch, Program, Row, Statement
from portnet.storage.tables import CountedTable, TallyTable

_ONE_AT_A_TIME = "indicators"
_OLDEST = "SELECT kind, subject FROM indicator_uncounted ORDER BY id LIMIT $1"
_TOLD = (
    "SELECT n.id, n.at, d.company, d.broker, v.channel, e.received_at FROM indicator_uncounted n"
    " JOIN delivery v ON v.id = n.subject JOIN alert a ON a.id = v.alert"
    " JOIN entry e ON e.id = a.entry JOIN dossier d ON d.id = a.dossier"
    " WHERE d.sandbox = 0 AND "
)
_SEPARATOR = "|"
_TALLY = rows.upsert(TallyTable)
_COUNTED = rows.upsert(CountedTable)

_counted = msgspec.json.Decoder(Counted)
_buckets = msgspec.json.Decoder(dict[int, int])


def tally(row: Row) -> Tally:
    """The tally of a row of its table."""
    return Tally(count=row["items"], total=row["total"], buckets=_buckets.decode(row["buckets"]))


class StorageLedger:
    """See the port."""

    def __init__(self, database: Database, indicators: Sequence[Indicator]) -> None:
        self._database = database
        self._indicators = {indicator.code: indicator for indicator in indicators}

    async def backlog(self, limit: int) -> Backlog:
        return await self._database.read(_read(self._database.dialect, limit), snapshot=True)

    async def count(
        self, backlog: Backlog, recounts: Sequence[Recount], told: Mapping[str, Counted]
    ) -> int:
        program = self._count(backlog, recounts, told)
        async with self._database.transaction() as transaction:
            return await transaction.commit(program) or 0

    def _count(
        self, backlog: Backlog, recounts: Sequence[Recount], told: Mapping[str, Counted]
    ) -> Program[int]:
        dialect = self._database.dialect
        yield from dialect.lock_references([_ONE_AT_A_TIME])
        noted = [note for notes in backlog.notes.values() for note in notes]
        deleted = yield Statement(
            "DELETE FROM indicator_uncounted"
            f" WHERE {dialect.any_of('id', '$1')} RETURNING id, subject",
            (dialect.array([*noted, *backlog.settled]),),
        )
        gone = {row["id"] for row in deleted}
        ours = {row["subject"] for row in deleted if row["subject"] in backlog.notes}
        own = [recount for recount in recounts if recount.dossier in ours]
        before = yield from _counted_before(dialect, sorted(ours))
        after = [recount.counted for recount in own]
        after += [counted for note, counted in told.items() if note in gone]
        yield from self._change(difference(self._indicators, before, after))
        yield from _keep(dialect, sorted(ours), own)
        return len(ours) + len(gone.intersection(backlog.settled))

    def _change(self, changes: Mapping[TallyKey, Tally]) -> Program[None]:
        dialect = self._database.dialect
        names = {_name(key): key for key in changes}
        known = yield Statement(
            f"SELECT * FROM indicator_tally WHERE {dialect.any_of('id', '$1')}",
            (dialect.array(sorted(names)),),
        )
        standing = {row["id"]: tally(row) for row in known}
        written = [
            _row(name, key, merged([standing.get(name, Tally()), changes[key]]))
            for name, key in sorted(names.items())
        ]
        yield Batch(_TALLY, written)


def _read(dialect: Dialect, limit: int) -> Program[Backlog]:
    oldest = yield Statement(_OLDEST, (limit,))
    kinds: dict[str, list[str]] = defaultdict(list)
    for row in oldest:
        kinds[row["kind"]].append(row["subject"])
    dossiers = sorted(set(kinds[UncountedKind.DOSSIER]))
    settled = yield from _notes(dialect, UncountedKind.DELIVERY, kinds[UncountedKind.DELIVERY])
    told = yield Statement(
        _TOLD + dialect.any_of("n.id", "$1"), (dialect.array([row["id"] for row in settled]),)
    )
    notes: dict[str, list[str]] = defaultdict(list)
    for row in (yield from _notes(dialect, UncountedKind.DOSSIER, dossiers)):
        notes[row["subject"]].append(row["id"])
    histories = yield from _histories(dialect, dossiers)
    return Backlog(
        notes={dossier: tuple(own) for dossier, own in notes.items()},
        histories=histories,
        settled=tuple(row["id"] for row in settled),
        told=tuple(map(_told, told)),
    )


def _notes(dialect: Dialect, kind: UncountedKind, subjects: Sequence[str]) -> Program[list[Row]]:
    return (
        yield Statement(
            "SELECT id, subject FROM indicator_uncounted"
            f" WHERE kind = $1 AND {dialect.any_of('subject', '$2')}",
            (kind.value, dialect.array(subjects)),
        )
    )


def _histories(dialect: Dialect, ids: Sequence[str]) -> Program[tuple[History, ...]]:
    of = dialect.any_of("dossier", "$1")
    dossiers = yield Statement(
        f"SELECT * FROM dossier WHERE {dialect.any_of('id', '$1')} AND sandbox = 0 ORDER BY id",
        (dialect.array(ids),),
    )
    live = dialect.array([row["id"] for row in dossiers])
    procedures = yield Statement(
        f"SELECT * FROM procedure WHERE {of} ORDER BY opened_at, id", (live,)
    )
    entries = yield Statement(f"SELECT * FROM entry WHERE {of}", (live,))
    ratings = yield Statement(f"SELECT * FROM feedback WHERE {of} ORDER BY at, user_id", (live,))
    return tuple(
        History(
            dossier=rows.dossier(row),
            procedures=tuple(rows.procedure(p) for p in procedures if p["dossier"] == row["id"]),
            entries=tuple(rows.entry(e) for e in entries if e["dossier"] == row["id"]),
            ratings=tuple(_rating(r) for r in ratings if r["dossier"] == row["id"]),
        )
        for row in dossiers
    )


def _rating(row: Row) -> Rating:
    return Rating(score=row["score"], at=rows.instant(row["at"]))


def _told(row: Row) -> ToldOf:
    return ToldOf(
        note=row["id"],
        company=row["company"],
        broker=row["broker"],
        channel=row["channel"],
        received_at=rows.instant(row["received_at"]),
        accepted_at=rows.instant(row["at"]),
    )


def _counted_before(dialect: Dialect, dossiers: Sequence[str]) -> Program[list[Counted]]:
    found = yield Statement(
        f"SELECT counted FROM indicator_counted WHERE {dialect.any_of('dossier', '$1')}",
        (dialect.array(dossiers),),
    )
    return [_counted.decode(row["counted"]) for row in found]


def _keep(dialect: Dialect, dossiers: Sequence[str], recounts: Sequence[Recount]) -> Program[None]:
    these = dialect.array(dossiers)
    for table in ("indicator_counted", "open_step"):
        yield Statement(f"DELETE FROM {table} WHERE {dialect.any_of('dossier', '$1')}", (these,))
    kept = [(r.dossier, rows.json_text(r.counted)) for r in recounts if r.counted.measures]
    yield Batch(_COUNTED, kept)
    writing = rows.WRITINGS[OpenStep]
    yield Batch(writing.sql, [writing.row(step) for r in recounts for step in r.open])


def _name(key: TallyKey) -> str:
    return _SEPARATOR.join(map(str, msgspec.structs.astuple(key)))


def _row(name: str, key: TallyKey, tally: Tally) -> tuple[object, ...]:
    return (
        name,
        key.reader,
        key.grouping.value,
        key.month,
        key.indicator,
        key.group,
        key.owner,
        tally.count,
        tally.total,
        rows.json_text(tally.buckets),
    )
