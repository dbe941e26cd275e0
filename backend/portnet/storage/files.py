"""Claim one inbox row and read what is known about its message, under locks, as one program.

On PostgreSQL the message's references are locked first (sorted advisory locks), then its dossiers: two workers never
open or fold one file at once. On SQLite the transaction itself does it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portnet.domain.agency import AgencyEvent
from portnet.domain.alerts import Recipient
from portnet.domain.anomaly import UNSETTLED, Anomaly, AnomalyState
from portnet.domain.filing import Files
from portnet.storage import rows
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, Row, Statement


def take(dialect: Dialect, receipt: str) -> Program[bool]:
    """Whether the inbox row is NEW, and ours until the transaction ends."""
    new = f"SELECT 1 FROM agency_inbox WHERE receipt = $1 AND state = 'NEW'{dialect.skip_locked}"
    return bool((yield Statement(new, (receipt,))))


def claim(dialect: Dialect, message: AgencyEvent) -> Program[Files | None]:
    """The files of ``message``; None when its inbox row is not NEW, or another worker's by now."""
    if not (yield from take(dialect, message.receipt)):
        return None
    return (yield from files_of(dialect, message))


def files_of(dialect: Dialect, message: AgencyEvent) -> Program[Files]:
    """What is known about a message's references and parties, locked."""
    keys = sorted({ref.key for ref in message.refs})
    yield from dialect.lock_references(keys)
    found = yield from _select(dialect, "reference", "ref_key", keys)
    links = tuple(map(rows.link, found))
    dossiers = yield from _select(
        dialect,
        "dossier",
        "id",
        [link.dossier for link in links],
        f" ORDER BY id{dialect.for_update}",
    )
    procedures = tuple(
        map(rows.procedure, (yield from _select(dialect, "procedure", "dossier", _ids(dossiers))))
    )
    entries = yield from _select(
        dialect, "entry", "procedure", [p.id for p in procedures if p.code == message.code]
    )
    companies = yield from _companies(dialect, message, [row["company"] for row in dossiers])
    brokers = [row["broker"] for row in dossiers if row["broker"] is not None]
    people = yield from _people(dialect, [*_ids(companies), *brokers])
    mandates = yield from _select(dialect, "mandate", "company", _ids(companies))
    anomalies = yield from _select(
        dialect,
        "anomaly",
        "receipt",
        [message.receipt, *(row["receipt"] for row in entries)],
        " AND state IN ('PARKED', 'OPEN', 'ATTACHED') ORDER BY id",
    )
    known = tuple(map(rows.anomaly, anomalies))
    return Files(
        links=links,
        dossiers={row["id"]: rows.dossier(row) for row in dossiers},
        procedures=procedures,
        entries=tuple(map(rows.entry, entries)),
        companies=tuple(map(rows.company, companies)),
        mandates=tuple(map(rows.mandate, mandates)),
        anomalies=tuple(anomaly for anomaly in known if anomaly.state in UNSETTLED),
        people=people,
        attached=_attached(known, message.receipt),
    )


def of_dossier(dialect: Dialect, dossier: str, procedure: str) -> Program[Files]:
    """A dossier that the caller locked, its people, and the entries of one of its procedures."""
    dossiers = yield from _select(dialect, "dossier", "id", [dossier])
    links = yield from _select(dialect, "reference", "dossier", [dossier])
    procedures = yield from _select(dialect, "procedure", "dossier", [dossier])
    entries = yield from _select(dialect, "entry", "procedure", [procedure])
    named = [row[side] for row in dossiers for side in ("company", "broker")]
    files = yield from of_companies(dialect, [company for company in named if company is not None])
    return msgspec.structs.replace(
        files,
        links=tuple(map(rows.link, links)),
        dossiers={row["id"]: rows.dossier(row) for row in dossiers},
        procedures=tuple(map(rows.procedure, procedures)),
        entries=tuple(map(rows.entry, entries)),
    )


def of_companies(dialect: Dialect, companies: Sequence[str]) -> Program[Files]:
    """Companies with their people and the mandates that they gave."""
    found = yield from _select(dialect, "company", "id", companies)
    people = yield from _people(dialect, companies)
    mandates = yield from _select(dialect, "mandate", "company", companies)
    return Files(
        companies=tuple(map(rows.company, found)),
        mandates=tuple(map(rows.mandate, mandates)),
        people=people,
    )


def file_of(dialect: Dialect, procedure: str) -> Program[Files | None]:
    """The dossier of a procedure, locked, with all its procedures and references, and this one's entries."""
    dossiers = yield Statement(
        "SELECT * FROM dossier WHERE id = (SELECT dossier FROM procedure WHERE id = $1)"
        f"{dialect.for_update}",
        (procedure,),
    )
    if not dossiers:
        return None
    dossier = rows.dossier(dossiers[0])
    ids = [dossier.id]
    links = yield from _select(dialect, "reference", "dossier", ids)
    procedures = yield from _select(dialect, "procedure", "dossier", ids)
    entries = yield from _select(dialect, "entry", "procedure", [procedure])
    known = [dossier.company, *((dossier.broker,) if dossier.broker else ())]
    companies = yield from _select(dialect, "company", "id", known)
    people = yield from _people(dialect, known)
    mandates = yield from _select(dialect, "mandate", "company", [dossier.company])
    return Files(
        links=tuple(map(rows.link, links)),
        dossiers={dossier.id: dossier},
        procedures=tuple(map(rows.procedure, procedures)),
        entries=tuple(map(rows.entry, entries)),
        companies=tuple(map(rows.company, companies)),
        mandates=tuple(map(rows.mandate, mandates)),
        people=people,
    )


def _attached(anomalies: Sequence[Anomaly], receipt: str) -> str | None:
    """Where the help desk filed this message last."""
    own = [a for a in anomalies if a.receipt == receipt and a.state is AnomalyState.ATTACHED]
    return own[-1].dossier if own else None


def _companies(dialect: Dialect, message: AgencyEvent, owners: Sequence[str]) -> Program[list[Row]]:
    """Those that own the dossiers, and those that the message names."""
    ices = {party.value for party in message.parties if party.scheme == "ICE"}
    owning, named = dialect.any_of("id", "$1"), dialect.any_of("ice", "$2")
    return (
        yield Statement(
            # Each half has its own index, and one that both find comes once.
            f"SELECT * FROM company WHERE {owning} UNION SELECT * FROM company WHERE {named}",
            (dialect.array(sorted(set(owners))), dialect.array(sorted(ices))),
        )
    )


def _people(dialect: Dialect, companies: Sequence[str]) -> Program[tuple[Recipient, ...]]:
    users = yield from _select(
        dialect, "user_account", "company", companies, " AND active = 1 ORDER BY id"
    )
    devices = yield from _select(
        dialect, "device", "user_id", _ids(users), " AND dead_at IS NULL ORDER BY id"
    )
    return tuple(
        Recipient(
            user=rows.user(user),
            devices=tuple(rows.device(d) for d in devices if d["user_id"] == user["id"]),
        )
        for user in users
    )


def _select(
    dialect: Dialect, table: str, column: str, values: Sequence[str], tail: str = ""
) -> Program[list[Row]]:
    wanted = sorted(set(values))
    if not wanted:
        return []
    if len(wanted) == 1:
        # Most often, and a plain comparison is half the work of an array.
        return (yield Statement(f"SELECT * FROM {table} WHERE {column} = $1{tail}", wanted))
    return (
        yield Statement(
            f"SELECT * FROM {table} WHERE {dialect.any_of(column, '$1')}{tail}",
            (dialect.array(wanted),),
        )
    )


def _ids(found: Sequence[Row]) -> list[str]:
    return [row["id"] for row in found]
