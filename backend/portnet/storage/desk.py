"""What the help desk and the people who answer alerts work on, read under locks, as programs.

Locks are taken in the intake's order (message, references, dossiers, anomaly), so that neither waits for the other
crosswise.
"""

from __future__ import annotations

from collections.abc import Sequence

from portnet.domain.access import User
from portnet.domain.alerts import Alert
from portnet.domain.filing import Files
from portnet.domain.inbox import InboxState
from portnet.ports.unit_of_work import AcknowledgedStep, AnomalyCase, TableImport
from portnet.storage import rows
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Batch, Program, Row, Statement

_GENERATION = (
    "INSERT INTO reference_import (table_name, generation, imported_at, imported_by)"
    " VALUES ($1, 1, $2, $3) ON CONFLICT (table_name) DO UPDATE SET"
    " generation = reference_import.generation + 1, imported_at = excluded.imported_at,"
    " imported_by = excluded.imported_by"
)
#: Told to the user, said by their name, and still shown.
_TAKEN = (
    "SELECT alert.* FROM alert JOIN procedure ON procedure.id = alert.procedure"
    " WHERE alert.user_id = $1 AND alert.acknowledged_by = $2 AND procedure.taken_by = $2"
    " ORDER BY alert.dossier"
)
_ROW = "INSERT INTO reference_row (table_name, code, cells) VALUES ($1, $2, $3)"


def anomaly_case(
    dialect: Dialect, anomaly: str, refs: Sequence[str], dossier: str | None
) -> Program[AnomalyCase | None]:
    """See `UnitOfWork.anomaly`."""
    named = yield Statement("SELECT receipt, dossier FROM anomaly WHERE id = $1", (anomaly,))
    if not named:
        return None
    inbox = f"SELECT * FROM agency_inbox WHERE receipt = $1{dialect.for_update}"
    messages = yield Statement(inbox, (named[0]["receipt"],))
    yield from dialect.lock_references(refs)
    at_stake = [key for key in (named[0]["dossier"], dossier) if key is not None]
    files = yield from _files(dialect, refs, at_stake)
    locked = f"SELECT * FROM anomaly WHERE id = $1{dialect.for_update}"
    found = yield Statement(locked, (anomaly,))
    return AnomalyCase(
        anomaly=rows.anomaly(found[0]),
        message=rows.raw_message(messages[0]),
        state=InboxState(messages[0]["state"]),
        files=files,
    )


def step_of(dialect: Dialect, alert: Alert) -> Program[AcknowledgedStep | None]:
    """See `UnitOfWork.step_of`."""
    locked = f"SELECT * FROM dossier WHERE id = $1{dialect.for_update}"
    dossiers = yield Statement(locked, (alert.dossier,))
    entries = yield Statement("SELECT occurred_at FROM entry WHERE id = $1", (alert.entry,))
    if not dossiers or not entries:
        return None
    procedures = yield Statement("SELECT * FROM procedure WHERE dossier = $1", (alert.dossier,))
    mandates = yield Statement(
        "SELECT * FROM mandate WHERE company = $1", (dossiers[0]["company"],)
    )
    return AcknowledgedStep(
        occurred_at=rows.instant(entries[0]["occurred_at"]),
        dossier=rows.dossier(dossiers[0]),
        procedures=tuple(map(rows.procedure, procedures)),
        mandates=tuple(map(rows.mandate, mandates)),
    )


def taken_steps(dialect: Dialect, user: User) -> Program[list[AcknowledgedStep]]:
    """See `UnitOfWork.taken_steps`."""
    found = yield Statement(_TAKEN, (user.id, user.name))
    steps: list[AcknowledgedStep] = []
    for row in found:
        step = yield from step_of(dialect, rows.alert(row))
        if step is not None:
            steps.append(step)
    return steps


def write_import(imported: TableImport) -> Program[None]:
    """Put the rows in the place of those of the import before; its generation is taken first, and locks the table."""
    table = imported.table.value
    yield Statement(_GENERATION, (table, rows.micros(imported.at), imported.by))
    yield Statement("DELETE FROM reference_row WHERE table_name = $1", (table,))
    yield Batch(_ROW, [(table, row.code, rows.json_text(row.cells)) for row in imported.rows])


def _files(dialect: Dialect, refs: Sequence[str], dossiers: Sequence[str]) -> Program[Files]:
    """The dossiers, locked, and whose the references are."""
    own = yield from _select(
        dialect, "dossier", "id", dossiers, f" ORDER BY id{dialect.for_update}"
    )
    links = yield from _select(dialect, "reference", "ref_key", refs)
    others = yield from _select(dialect, "dossier", "id", [row["dossier"] for row in links])
    procedures = yield from _select(dialect, "procedure", "dossier", dossiers)
    companies = [row["company"] for row in (*own, *others)]
    known = yield from _select(dialect, "company", "id", companies)
    mandates = yield from _select(dialect, "mandate", "company", companies)
    return Files(
        links=tuple(map(rows.link, links)),
        dossiers={row["id"]: rows.dossier(row) for row in (*others, *own)},
        procedures=tuple(map(rows.procedure, procedures)),
        companies=tuple(map(rows.company, known)),
        mandates=tuple(map(rows.mandate, mandates)),
    )


def _select(
    dialect: Dialect, table: str, column: str, values: Sequence[str], tail: str = ""
) -> Program[list[Row]]:
    sql = f"SELECT * FROM {table} WHERE {dialect.any_of(column, '$1')}{tail}"
    return (yield Statement(sql, (dialect.array(sorted(set(values))),)))
