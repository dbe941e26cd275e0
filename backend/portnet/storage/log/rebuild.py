"""The read model made again from the log, or compared with it row by row, a few thousand events at a time.

Nobody may write meanwhile what is rebuilt in place; a comparison sees one moment and disturbs nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from piccolo.table import Table

from portnet.domain.alerts import Alert
from portnet.domain.approving.approval import Approval
from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.drafting import DraftField
from portnet.domain.dossier import Dossier
from portnet.domain.events import Event
from portnet.domain.filing import Link
from portnet.domain.indicators.counting import Uncounted, UncountedKind
from portnet.domain.procedure import Entry, Procedure
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Revision, Submission
from portnet.ports.clock import Clock, Ids
from portnet.storage import rows, tables
from portnet.storage.description import description
from portnet.storage.engines.database import Database
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Batch, Program, Row, Statement, query
from portnet.storage.log.replay import Logged, Rebuilt, rebuild

#: Events of one step.
_TOGETHER = 4_000
#: Differences that are kept; the others are counted only.
_MOST = 200
_PAGE = (
    "SELECT id, at, subject, payload FROM event WHERE (subject, id) > ($1, $2)"
    " ORDER BY subject, id LIMIT $3"
)

_event = msgspec.json.Decoder(Event)

_NOTHING = Rebuilt()

Values = tuple[Any, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A column where the read model is not what the log says; ``column`` is empty when a whole row is too few or
    too many."""

    table: str
    key: str
    column: str
    live: object
    logged: object

    def __str__(self) -> str:
        if self.column:
            return f"{self.table} {self.key}: {self.column} is {self.live!r}, the log says {self.logged!r}"
        if self.live is None:
            return f"{self.table} {self.key}: is missing"
        return f"{self.table} {self.key}: is not in the log"


class Outcome(msgspec.Struct, kw_only=True):
    """How many events were read, how many rows they make, and where the read model differed."""

    events: int = 0
    rows: int = 0
    different: int = 0
    differences: list[Difference] = []

    def note(self, difference: Difference) -> None:
        self.different += 1
        if len(self.differences) < _MOST:
            self.differences.append(difference)


class _Shelf:
    """One table of the read model: whose rows it has, how they are found and told apart."""

    def __init__(
        self,
        kind: type[msgspec.Struct],
        table: type[Table],
        owner: str,
        key: tuple[str, ...] = ("id",),
    ) -> None:
        described = description(table)
        self.name = described.name
        self.columns = described.columns
        self.owner = owner
        self.key = [described.columns.index(column) for column in key]
        self.writing = rows.WRITINGS[kind]

    def of(self, row: Values) -> str:
        """The row's key as one word."""
        return "/".join(str(row[place]) for place in self.key)


#: The read model, by the fields of `Rebuilt`.
SHELVES = {
    "dossiers": _Shelf(Dossier, tables.DossierTable, "id"),
    "procedures": _Shelf(Procedure, tables.ProcedureTable, "dossier"),
    "entries": _Shelf(Entry, tables.EntryTable, "dossier"),
    "links": _Shelf(Link, tables.ReferenceTable, "dossier", ("ref_key", "procedure")),
    "alerts": _Shelf(Alert, tables.AlertTable, "id"),
    "requests": _Shelf(InformationRequest, tables.RequestTable, "id"),
    "submissions": _Shelf(Submission, tables.SubmissionTable, "id"),
    "approvals": _Shelf(Approval, tables.ApprovalTable, "id"),
    "fields": _Shelf(
        DraftField, tables.DeclarationFieldTable, "submission", ("submission", "path")
    ),
    "revisions": _Shelf(Revision, tables.RevisionTable, "submission", ("submission", "number")),
}
_Shelved = Mapping[str, list[Values]]


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """The subjects that a few thousand events are about, whole, and the rows that they make.

    ``others`` are subjects that make no rows: mandates, or dossiers whose beginning was lost.
    """

    after: tuple[str, str]
    events: int
    owners: Mapping[str, list[str]]
    others: list[str]
    rows: _Shelved


async def verify(database: Database, catalogue: Catalogue, together: int = _TOGETHER) -> Outcome:
    """Where the read model differs from what the log says, all of it at one moment."""
    program = _verified(database.dialect, catalogue, together)
    return await database.read(program, snapshot=True)


async def rebuild_into(source: Database, target: Database, catalogue: Catalogue) -> Outcome:
    """Write into ``target``, which has today's tables and may be ``source``, what the log of ``source`` says.

    Rows that the log does not know are left alone.
    """
    outcome = Outcome()
    after = ("", "")
    while step := await source.read(_step(catalogue, after, _TOGETHER)):
        async with target.transaction() as transaction:
            await transaction.commit(_written(target.dialect, step))
        outcome.events += step.events
        outcome.rows += sum(map(len, step.rows.values()))
        after = step.after
    return outcome


async def recount(database: Database, clock: Clock, ids: Ids) -> int:
    """Note every live dossier, for the indicators to be counted again; how many those are."""
    found = await database.read(query("SELECT id FROM dossier WHERE sandbox = 0"))
    now, kind = clock.now(), UncountedKind.DOSSIER
    notes = [Uncounted(id=ids.new(), kind=kind, subject=row["id"], at=now) for row in found]
    async with database.transaction() as transaction:
        await transaction.commit(_noted(notes))
    return len(notes)


def _noted(notes: Sequence[Uncounted]) -> Program[None]:
    writing = rows.WRITINGS[Uncounted]
    yield Batch(writing.sql, [writing.row(note) for note in notes])


def _verified(dialect: Dialect, catalogue: Catalogue, together: int) -> Program[Outcome]:
    outcome = Outcome()
    after = ("", "")
    while step := (yield from _step(catalogue, after, together)):
        for name, shelf in SHELVES.items():
            live = yield from _live(dialect, shelf, [*step.owners[name], *step.others])
            _compare(outcome, shelf, live, step.rows[name])
        outcome.events += step.events
        outcome.rows += sum(map(len, step.rows.values()))
        after = step.after
    for shelf in SHELVES.values():
        unknown = yield Statement(
            f"SELECT * FROM {shelf.name} r WHERE NOT EXISTS"
            f" (SELECT 1 FROM event e WHERE e.subject = r.{shelf.owner})"
        )
        for row in unknown:
            _compare(outcome, shelf, [_values(shelf, row)], [])
    return outcome


def _step(catalogue: Catalogue, after: tuple[str, str], limit: int) -> Program[_Step | None]:
    """What follows ``after`` in the log by subjects; None at its end. A subject is never cut in two."""
    found: list[Row] = yield Statement(_PAGE, (*after, limit))
    if not found:
        return None
    last = found[-1]["subject"]
    if len(found) == limit:
        position = (last, found[-1]["id"])
        while rest := (yield Statement(_PAGE, (*position, limit))):
            own = [row for row in rest if row["subject"] == last]
            found += own
            if len(own) < limit:
                break
            position = (last, own[-1]["id"])
    return _made(catalogue, found)


def _made(catalogue: Catalogue, found: Sequence[Row]) -> _Step:
    logged: dict[str, list[Logged]] = {}
    for row in found:
        event = Logged(at=rows.instant(row["at"]), event=_event.decode(row["payload"]))
        logged.setdefault(row["subject"], []).append(event)
    subjects = {subject: rebuild(catalogue, own) for subject, own in logged.items()}
    return _Step(
        after=(found[-1]["subject"], found[-1]["id"]),
        events=len(found),
        owners={name: _subjects(subjects, name) for name in SHELVES},
        others=[subject for subject, rebuilt in subjects.items() if rebuilt == _NOTHING],
        rows={name: _rows(name, subjects.values()) for name in SHELVES},
    )


def _rows(name: str, subjects: Iterable[Rebuilt]) -> list[Values]:
    row = SHELVES[name].writing.row
    return [row(struct) for rebuilt in subjects for struct in getattr(rebuilt, name)]


def _subjects(subjects: Mapping[str, Rebuilt], name: str) -> list[str]:
    """The subjects whose rows of that shelf are known; a dossier may have none of its procedures' or references'."""
    field = "dossiers" if SHELVES[name].owner == "dossier" else name
    return [subject for subject, rebuilt in subjects.items() if getattr(rebuilt, field)]


def _live(dialect: Dialect, shelf: _Shelf, owners: Sequence[str]) -> Program[list[Values]]:
    found = yield Statement(
        f"SELECT * FROM {shelf.name} WHERE {dialect.any_of(shelf.owner, '$1')}",
        (dialect.array(owners),),
    )
    return [_values(shelf, row) for row in found]


def _values(shelf: _Shelf, row: Row) -> Values:
    return tuple(row[column] for column in shelf.columns)


def _compare(outcome: Outcome, shelf: _Shelf, live: list[Values], logged: list[Values]) -> None:
    standing = {shelf.of(row): row for row in live}
    for row in logged:
        key = shelf.of(row)
        found = standing.pop(key, None)
        if found is None:
            outcome.note(_whole(shelf, key, live=None, logged=row))
        elif found != row:
            for column, there, here in zip(shelf.columns, found, row, strict=True):
                if there != here:
                    outcome.note(
                        Difference(
                            table=shelf.name, key=key, column=column, live=there, logged=here
                        )
                    )
    for key, row in standing.items():
        outcome.note(_whole(shelf, key, live=row, logged=None))


def _whole(shelf: _Shelf, key: str, live: Values | None, logged: Values | None) -> Difference:
    return Difference(table=shelf.name, key=key, column="", live=live, logged=logged)


def _written(dialect: Dialect, step: _Step) -> Program[None]:
    for name, shelf in SHELVES.items():
        yield Statement(
            f"DELETE FROM {shelf.name} WHERE {dialect.any_of(shelf.owner, '$1')}",
            (dialect.array(step.owners[name]),),
        )
        yield Batch(shelf.writing.sql, step.rows[name])
