"""Claim one inbox row and read what is known about its message, under locks, as one program.

On PostgreSQL the message's references are locked first (sorted advisory locks), then its dossiers: two workers never
open or fold one file at once. On SQLite the transaction itself does it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portnet.domain.agency import AgencyEvent, event_key
from portnet.domain.alerts import Recipient
from portnet.domain.desk.anomaly import UNSETTLED, Anomaly, AnomalyState
from portnet.domain.filing import Files
from portnet.storage import rows
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, Row, Statement
from portnet.storage.touched import select, touching


def take(dialect: Dialect, receipt: str) -> Program[bool]:
    """Whether the inbox row is NEW, and ours until the transaction ends."""
    new = f"SELECT 1 FROM agency_inbox WHERE receipt = $1 AND state = 'NEW'{dialect.skip_locked}"
    return bool((yield Statement(new, (receipt,))))


def claim(dialect: Dialect, message: AgencyEvent, correcting: bool) -> Program[Files | None]:
    """The files of ``message``; None when its inbox row is not NEW, or another worker's by now.

    A message that touches very many procedures is given them part by part, as far as it has come.
    """
    taken = yield from _take_message(dialect, message)
    if taken is None:
        return None
    files = yield from files_of(dialect, message, taken["progress"], correcting)
    return msgspec.structs.replace(files, awaited=bool(taken["awaited"]))


def files_of(
    dialect: Dialect,
    message: AgencyEvent,
    progress: str | None = None,
    correcting: bool = False,
) -> Program[Files]:
    """What is known about a message's references and parties, locked; of very many files those after ``progress``."""
    keys = sorted({ref.key for ref in message.refs})
    yield from dialect.lock_references(keys)
    touched = yield from touching(dialect, message, keys, progress)
    dossiers = yield from select(
        dialect, "dossier", "id", touched.dossiers, f" ORDER BY id{dialect.for_update}"
    )
    procedures = tuple(
        map(rows.procedure, (yield from select(dialect, "procedure", "dossier", _ids(dossiers))))
    )
    entries = yield from select(
        dialect,
        "entry",
        "procedure",
        [p.id for p in procedures if p.code == message.code and touched.includes(p.id)],
    )
    companies = yield from _companies(dialect, message, [row["company"] for row in dossiers])
    brokers = [row["broker"] for row in dossiers if row["broker"] is not None]
    people = yield from people_of(dialect, [*_ids(companies), *brokers])
    mandates = yield from select(dialect, "mandate", "company", _ids(companies))
    anomalies = yield from select(
        dialect,
        "anomaly",
        "receipt",
        [message.receipt, *(row["receipt"] for row in entries)],
        " AND state IN ('PARKED', 'OPEN', 'ATTACHED') ORDER BY id",
    )
    known = tuple(map(rows.anomaly, anomalies))
    told: list[Row] = []
    if correcting:
        told = yield from select(
            dialect, "alert", "dossier", _ids(dossiers), f" ORDER BY id{dialect.for_update}"
        )
    return Files(
        links=touched.links,
        dossiers={row["id"]: rows.dossier(row) for row in dossiers},
        procedures=procedures,
        entries=tuple(map(rows.entry, entries)),
        companies=tuple(map(rows.company, companies)),
        mandates=tuple(map(rows.mandate, mandates)),
        anomalies=tuple(anomaly for anomaly in known if anomaly.state in UNSETTLED),
        people=people,
        attached=_attached(known, message.receipt),
        targets=touched.targets,
        told=tuple(map(rows.alert, told)),
        batch=touched.batch,
    )


def of_dossier(dialect: Dialect, dossier: str, procedure: str) -> Program[Files]:
    """A dossier that the caller locked, its people, and the entries of one of its procedures."""
    dossiers = yield from select(dialect, "dossier", "id", [dossier])
    links = yield from select(dialect, "reference", "dossier", [dossier])
    procedures = yield from select(dialect, "procedure", "dossier", [dossier])
    entries = yield from select(dialect, "entry", "procedure", [procedure])
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
    found = yield from select(dialect, "company", "id", companies)
    people = yield from people_of(dialect, companies)
    mandates = yield from select(dialect, "mandate", "company", companies)
    return Files(
        companies=tuple(map(rows.company, found)),
        mandates=tuple(map(rows.mandate, mandates)),
        people=people,
    )


def _take_message(dialect: Dialect, message: AgencyEvent) -> Program[Row | None]:
    """The inbox row if it is NEW, and whether another message waits for this one."""
    awaited = "EXISTS (SELECT 1 FROM inbox_wait WHERE ref_key = $2)"
    new = (
        f"SELECT progress, CASE WHEN {awaited} THEN 1 ELSE 0 END AS awaited FROM agency_inbox"
        f" WHERE receipt = $1 AND state = 'NEW'{dialect.skip_locked}"
    )
    key = event_key(message.source, message.event_id)
    found = yield Statement(new, (message.receipt, key))
    return found[0] if found else None


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
    links = yield from select(dialect, "reference", "dossier", ids)
    procedures = yield from select(dialect, "procedure", "dossier", ids)
    entries = yield from select(dialect, "entry", "procedure", [procedure])
    known = [dossier.company, *((dossier.broker,) if dossier.broker else ())]
    companies = yield from select(dialect, "company", "id", known)
    people = yield from people_of(dialect, known)
    mandates = yield from select(dialect, "mandate", "company", [dossier.company])
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


def people_of(dialect: Dialect, companies: Sequence[str]) -> Program[tuple[Recipient, ...]]:
    """The active users of companies, with their live devices."""
    users = yield from select(
        dialect, "user_account", "company", companies, " AND active = 1 ORDER BY id"
    )
    devices = yield from select(
        dialect, "device", "user_id", _ids(users), " AND dead_at IS NULL ORDER BY id"
    )
    return tuple(
        Recipient(
            user=rows.user(user),
            devices=tuple(rows.device(d) for d in devices if d["user_id"] == user["id"]),
        )
        for user in users
    )


def _ids(found: Sequence[Row]) -> list[str]:
    return [row["id"] for row in found]
