"""What rows of several feeds show: read once for all, then given to each audience as far as it may see it.

One event stands in the feeds of a company, of its broker and of everyone who was told: they show the same file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Company, Mandate
from portnet.domain.alerts import Alert
from portnet.domain.dossier import Dossier
from portnet.domain.events import FeedRow, FrameKind, company_audience, user_audience
from portnet.domain.filing import hearers
from portnet.domain.identity.mandate import as_held
from portnet.domain.procedure import Entry, Procedure
from portnet.ports.reading import Shown
from portnet.storage import rows
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, Row, Statement

Feeds = Mapping[str, Sequence[FeedRow]]


def shown_to(dialect: Dialect, feeds: Feeds, now: datetime) -> Program[dict[str, Shown]]:
    """By audience, what its rows show; what it may not see, or no longer, is left out."""
    if not any(feeds.values()):
        return {audience: Shown() for audience in feeds}
    read = yield from _read(dialect, feeds)
    return {audience: _shown(read, audience, own, now) for audience, own in feeds.items()}


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """All that any of the feeds shows, whoever may see it."""

    dossiers: Mapping[str, Dossier]
    mandates: Sequence[Mandate]
    procedures: Mapping[str, Sequence[Procedure]]
    entries: Mapping[str, Entry]
    companies: Mapping[str, Company]
    alerts: Mapping[str, Alert]
    #: By user who was told.
    company_of: Mapping[str, str]


def _read(dialect: Dialect, feeds: Feeds) -> Program[_Read]:
    def select(
        table: str, column: str, values: Iterable[str | None], order: str = "id"
    ) -> Program[list[Row]]:
        distinct = sorted({value for value in values if value is not None})
        if not distinct:
            return []
        sql = f"SELECT * FROM {table} WHERE {dialect.any_of(column, '$1')} ORDER BY {order}"
        return (yield Statement(sql, (dialect.array(distinct),)))

    changed = [row for own in feeds.values() for row in own if _tells_of_dossier(row)]
    alerts = yield from select("alert", "id", _alerts_of(feeds))
    subjects = [row.subject for row in changed] + [alert["dossier"] for alert in alerts]
    dossiers = yield from select("dossier", "id", subjects)
    found = [dossier["id"] for dossier in dossiers]
    owners = [dossier["company"] for dossier in dossiers]
    procedures = yield from select("procedure", "dossier", found, "opened_at, id")
    entries = yield from select("entry", "id", (row.entry for row in changed))
    companies = yield from select("company", "id", owners)
    mandates = yield from select(
        "mandate", "company", (d["company"] for d in dossiers if d["broker"])
    )
    users = yield from select("user_account", "id", (alert["user_id"] for alert in alerts))
    return _Read(
        dossiers={row["id"]: rows.dossier(row) for row in dossiers},
        mandates=[rows.mandate(row) for row in mandates],
        procedures=_by_dossier(procedures),
        entries={row["id"]: rows.entry(row) for row in entries},
        companies={row["id"]: rows.company(row) for row in companies},
        alerts={row["id"]: rows.alert(row) for row in alerts},
        company_of={row["id"]: row["company"] for row in users},
    )


def _shown(read: _Read, audience: str, own: Sequence[FeedRow], now: datetime) -> Shown:
    alerts = [
        alert
        for alert in (read.alerts.get(subject) for subject in _alerts_of({audience: own}))
        if alert is not None and user_audience(alert.user) == audience
    ]
    subjects = {row.subject for row in own if _tells_of_dossier(row)}
    subjects |= {alert.dossier for alert in alerts if alert.dossier is not None}
    companies = {read.company_of[alert.user] for alert in alerts if alert.user in read.company_of}
    dossiers = {
        subject: as_held(dossier, read.mandates, now)
        for subject in subjects
        if (dossier := read.dossiers.get(subject)) is not None
        and any(
            company in companies or company_audience(company) == audience
            for company in hearers(dossier, read.mandates, now)
        )
    }
    entries = (read.entries.get(row.entry) for row in own if row.entry is not None)
    owners = {dossier.company for dossier in dossiers.values()}
    return Shown(
        dossiers=dossiers,
        procedures={dossier: read.procedures.get(dossier, ()) for dossier in dossiers},
        entries={e.id: e for e in entries if e is not None and e.dossier in dossiers},
        companies={id_: read.companies[id_] for id_ in owners if id_ in read.companies},
        alerts={a.id: a for a in alerts if a.dossier is None or a.dossier in dossiers},
    )


def _tells_of_dossier(row: FeedRow) -> bool:
    return row.kind is FrameKind.DOSSIER_CHANGED


def _alerts_of(feeds: Feeds) -> list[str]:
    told = (row for own in feeds.values() for row in own if row.kind is FrameKind.ALERT_CHANGED)
    return [row.subject for row in told]


def _by_dossier(found: Iterable[Row]) -> Mapping[str, Sequence[Procedure]]:
    groups: dict[str, list[Procedure]] = defaultdict(list)
    for row in found:
        groups[row["dossier"]].append(rows.procedure(row))
    return groups
