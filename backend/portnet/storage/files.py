"""Claim one inbox row and read what is known about its message, under locks, as one program.

On PostgreSQL the message's references are locked first (sorted advisory locks), then its dossiers: two workers never
open or fold one file at once. On SQLite the transaction itself does it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from portnet.domain.agency import AgencyEvent, event_key
from portnet.domain.alerts import Device, Recipient
from portnet.domain.desk.anomaly import UNSETTLED, Anomaly, AnomalyState
from portnet.domain.filing import Files
from portnet.domain.paying.obligation import PAID, PAYMENT
from portnet.storage import rows
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, Row, Statement, gather
from portnet.storage.touched import select, selecting, touching

_UNSETTLED = " AND state IN ('PARKED', 'OPEN', 'ATTACHED') ORDER BY id"


def take(dialect: Dialect, receipt: str) -> Program[bool]:
    """Whether the inbox row is NEW, and ours until the transaction ends."""
    new = f"SELECT 1 FROM agency_inbox WHERE receipt = $1 AND state = 'NEW'{dialect.skip_locked}"
    return bool((yield Statement(new, (receipt,))))


def claim(dialect: Dialect, message: AgencyEvent, correcting: bool) -> Program[Files | None]:
    """The files of ``message``; None when its inbox row is not NEW, or another worker's by now.

    A message that touches very many procedures is given them part by part, as far as it has come.
    """
    keys = sorted({ref.key for ref in message.refs})
    taken = yield from _take_message(dialect, message, keys)
    if taken is None:
        return None
    files = yield from _files_of(dialect, message, keys, taken["progress"], correcting)
    return msgspec.structs.replace(files, awaited=bool(taken["awaited"]))


def files_of(dialect: Dialect, message: AgencyEvent) -> Program[Files]:
    """What is known about a message's references and parties, locked."""
    keys = sorted({ref.key for ref in message.refs})
    yield from dialect.lock_references(keys)
    return (yield from _files_of(dialect, message, keys, None, correcting=False))


def _files_of(
    dialect: Dialect,
    message: AgencyEvent,
    keys: Sequence[str],
    progress: str | None,
    correcting: bool,
) -> Program[Files]:
    """The same once its references are locked; of very many files those after ``progress``."""
    touched = yield from touching(dialect, message, keys, progress)
    dossiers = yield from select(
        dialect, "dossier", "id", touched.dossiers, f" ORDER BY id{dialect.for_update}"
    )
    procedures, entries, companies = yield from gather(
        selecting(dialect, "procedure", "dossier", _ids(dossiers)),
        _entries(dialect, message, _ids(dossiers), touched.members),
        _companies(dialect, message, [row["company"] for row in dossiers]),
    )
    brokers = [row["broker"] for row in dossiers if row["broker"] is not None]
    receipts = [message.receipt, *(row["receipt"] for row in entries)]
    users, devices, mandates, anomalies = yield from gather(
        *_people(dialect, [*_ids(companies), *brokers]),
        selecting(dialect, "mandate", "company", _ids(companies)),
        selecting(dialect, "anomaly", "receipt", receipts, _UNSETTLED),
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
        procedures=tuple(map(rows.procedure, procedures)),
        entries=tuple(map(rows.entry, entries)),
        companies=tuple(map(rows.company, companies)),
        mandates=tuple(map(rows.mandate, mandates)),
        anomalies=tuple(anomaly for anomaly in known if anomaly.state in UNSETTLED),
        people=_recipients(users, devices),
        attached=_attached(known, message.receipt),
        targets=touched.targets,
        told=tuple(map(rows.alert, told)),
        batch=touched.batch,
    )


def of_dossier(dialect: Dialect, dossier: str, procedure: str) -> Program[Files]:
    """A dossier that the caller locked, its people, and the entries of one of its procedures."""
    dossiers, links, procedures, entries = yield from gather(
        selecting(dialect, "dossier", "id", [dossier]),
        selecting(dialect, "reference", "dossier", [dossier]),
        selecting(dialect, "procedure", "dossier", [dossier]),
        selecting(dialect, "entry", "procedure", [procedure]),
    )
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
    found, users, devices, mandates = yield from gather(
        selecting(dialect, "company", "id", companies),
        *_people(dialect, companies),
        selecting(dialect, "mandate", "company", companies),
    )
    return Files(
        companies=tuple(map(rows.company, found)),
        mandates=tuple(map(rows.mandate, mandates)),
        people=_recipients(users, devices),
    )


def _take_message(
    dialect: Dialect, message: AgencyEvent, keys: Sequence[str]
) -> Program[Row | None]:
    """The inbox row if it is NEW, with its references locked, and whether another message waits for this one."""
    awaited = "EXISTS (SELECT 1 FROM inbox_wait WHERE ref_key = $2)"
    new = (
        f"SELECT progress, CASE WHEN {awaited} THEN 1 ELSE 0 END AS awaited FROM agency_inbox"
        f" WHERE receipt = $1 AND state = 'NEW'{dialect.skip_locked}"
    )
    key = event_key(message.source, message.event_id)
    found = yield dialect.locking(Statement(new, (message.receipt, key)), keys)
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
    known = [dossier.company, *((dossier.broker,) if dossier.broker else ())]
    links, procedures, entries, companies, users, devices, mandates = yield from gather(
        selecting(dialect, "reference", "dossier", [dossier.id]),
        selecting(dialect, "procedure", "dossier", [dossier.id]),
        selecting(dialect, "entry", "procedure", [procedure]),
        selecting(dialect, "company", "id", known),
        *_people(dialect, known),
        selecting(dialect, "mandate", "company", [dossier.company]),
    )
    return Files(
        links=tuple(map(rows.link, links)),
        dossiers={dossier.id: dossier},
        procedures=tuple(map(rows.procedure, procedures)),
        entries=tuple(map(rows.entry, entries)),
        companies=tuple(map(rows.company, companies)),
        mandates=tuple(map(rows.mandate, mandates)),
        people=_recipients(users, devices),
    )


def _attached(anomalies: Sequence[Anomaly], receipt: str) -> str | None:
    """Where the help desk filed this message last."""
    own = [a for a in anomalies if a.receipt == receipt and a.state is AnomalyState.ATTACHED]
    return own[-1].dossier if own else None


def _entries(
    dialect: Dialect, message: AgencyEvent, dossiers: Sequence[str], members: frozenset[str] | None
) -> Statement:
    """Those of the dossiers' procedures that carry the message's code, or of ``members`` alone.

    What customs say is paid settles payments.
    """
    codes = (message.code, PAYMENT) if message.event == PAID else (message.code,)
    of_code = dialect.among("p.code", codes)
    within = dialect.among("p.dossier", sorted(dossiers), first=len(of_code.args) + 1)
    if members is not None:
        within = dialect.among("p.id", sorted(members), first=len(of_code.args) + 1)
    sql = (
        "SELECT e.* FROM procedure p JOIN entry e ON e.procedure = p.id"
        f" WHERE {within.sql} AND {of_code.sql}"
    )
    return Statement(sql, (*of_code.args, *within.args))


def _companies(dialect: Dialect, message: AgencyEvent, owners: Sequence[str]) -> Statement:
    """Those that own the dossiers, and those that the message names."""
    ices = {party.value for party in message.parties if party.scheme == "ICE"}
    owning = dialect.among("id", sorted(set(owners)))
    named = dialect.among("ice", sorted(ices), first=len(owning.args) + 1)
    # Each half has its own index, and one that both find comes once.
    sql = f"SELECT * FROM company WHERE {owning.sql} UNION SELECT * FROM company WHERE {named.sql}"
    return Statement(sql, (*owning.args, *named.args))


def _people(dialect: Dialect, companies: Sequence[str]) -> tuple[Statement, Statement]:
    """The companies' active members, and their live devices."""
    active = dialect.among("u.company", sorted(set(companies)))
    of_them = f"FROM user_account u WHERE {active.sql} AND u.active = 1"
    devices = (
        f"SELECT * FROM device WHERE user_id IN (SELECT u.id {of_them})"
        " AND dead_at IS NULL ORDER BY id"
    )
    return (
        Statement(f"SELECT u.* {of_them} ORDER BY u.id", active.args),
        Statement(devices, active.args),
    )


def people_of(dialect: Dialect, companies: Sequence[str]) -> Program[tuple[Recipient, ...]]:
    """The active users of companies, with their live devices."""
    users, devices = yield from gather(*_people(dialect, companies))
    return _recipients(users, devices)


def _recipients(users: Sequence[Row], devices: Sequence[Row]) -> tuple[Recipient, ...]:
    of_user: dict[str, list[Device]] = defaultdict(list)
    for device in devices:
        of_user[device["user_id"]].append(rows.device(device))
    return tuple(
        Recipient(user=rows.user(user), devices=tuple(of_user[user["id"]])) for user in users
    )


def _ids(found: Sequence[Row]) -> list[str]:
    return [row["id"] for row in found]
