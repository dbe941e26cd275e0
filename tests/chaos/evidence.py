"""What the database says after everything has died and come back: read with nothing of the server that wrote it."""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from portnet.agencies.canonical import to_event
from portnet.catalogue import load_catalogue
from portnet.domain.adapter import Malformed
from portnet.domain.agency import AgencyEvent
from portnet.domain.alerts import Alert
from portnet.domain.audit import AuditLink, AuditRecord, verify_chain
from portnet.domain.catalogue import Catalogue
from portnet.domain.dossier import Dossier, what_now
from portnet.domain.folding import new_entry
from portnet.domain.inbox import RawMessage
from portnet.domain.procedure import Entry, Procedure, fold
from portnet.storage import rows
from portnet.storage.engines import Database, Row, open_database, query
from portnet_notifications.catalogue import ALERTS


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Every row that matters, and how each feed was heard."""

    messages: tuple[RawMessage, ...]
    states: Counter[str]
    entries: tuple[Entry, ...]
    procedures: tuple[Procedure, ...]
    dossiers: tuple[Dossier, ...]
    alerts: tuple[Alert, ...]
    audit: dict[str, list[AuditLink]]
    #: Each audience's feed: its numbers in order, and what each is about.
    feeds: dict[str, list[Row]]
    heads: dict[str, int]

    def entry_ids(self) -> set[str]:
        return {entry.id for entry in self.entries}


class Examiner:
    """Looks into the database of a server that runs or has died."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self) -> int:
        """How many messages nobody has taken in yet."""
        sql = "SELECT count(*) AS n FROM agency_inbox WHERE state = 'NEW'"
        found = await self._select(sql)
        return int(found[0]["n"])

    async def evidence(self) -> Evidence:
        """All of it, as it is now."""
        inbox = await self._select("SELECT * FROM agency_inbox ORDER BY receipt")
        feed = await self._select(
            "SELECT f.audience, f.seq, e.kind, e.subject, e.entry FROM feed f"
            " JOIN event e ON e.id = f.event ORDER BY f.audience, f.seq"
        )
        heads = await self._select("SELECT audience, seq FROM feed_head")
        entries = await self._select("SELECT * FROM entry ORDER BY receipt")
        procedures = await self._select("SELECT * FROM procedure ORDER BY id")
        dossiers = await self._select("SELECT * FROM dossier ORDER BY id")
        alerts = await self._select("SELECT * FROM alert ORDER BY id")
        audit = await self._select("SELECT * FROM audit ORDER BY company, seq")
        return Evidence(
            messages=tuple(_raw(row) for row in inbox),
            states=Counter(row["state"] for row in inbox),
            entries=tuple(map(rows.entry, entries)),
            procedures=tuple(map(rows.procedure, procedures)),
            dossiers=tuple(map(rows.dossier, dossiers)),
            alerts=tuple(map(rows.alert, alerts)),
            audit=_grouped(audit, "company", _link),
            feeds=_grouped(feed, "audience", _as_it_is),
            heads={row["audience"]: row["seq"] for row in heads},
        )

    async def _select(self, sql: str) -> list[Row]:
        return await self._database.read(query(sql))


@asynccontextmanager
async def examining(url: str) -> AsyncGenerator[Examiner]:
    database = open_database(url)
    await database.start()
    try:
        yield Examiner(database)
    finally:
        await database.stop()


def every_state_is_the_fold_of_the_raw_messages(evidence: Evidence) -> None:
    """Each procedure and dossier stands where its accepted messages, folded afresh, put it."""
    catalogue = load_catalogue(frozenset(ALERTS))
    events = [_understood(raw) for raw in evidence.messages]
    for procedure in evidence.procedures:
        _stands_where_folded(catalogue, procedure, events, evidence.entries)
    for dossier in evidence.dossiers:
        own = [p for p in evidence.procedures if p.dossier == dossier.id]
        assert (dossier.status, dossier.what_now) == what_now(catalogue, own)


def every_trail_verifies(evidence: Evidence) -> None:
    """No audit record is missing, doubled or changed."""
    assert evidence.audit
    for links in evidence.audit.values():
        assert [link.record.position for link in links] == list(range(1, len(links) + 1))
        assert verify_chain(links) is None


def every_alert_was_raised_once(evidence: Evidence) -> None:
    """For each person and step that deserves one, and for no other step."""
    raised = Counter((alert.chain, alert.user) for alert in evidence.alerts)
    assert set(raised.values()) == {1}
    deserving = {f"{entry.id}:{entry.alert}" for entry in evidence.entries if entry.alert}
    assert {alert.chain for alert in evidence.alerts} == deserving


def every_feed_is_gapless(evidence: Evidence) -> None:
    """From 1 to its head, which the counter knows."""
    for audience, lines in evidence.feeds.items():
        assert [line["seq"] for line in lines] == list(range(1, evidence.heads[audience] + 1))


def _stands_where_folded(
    catalogue: Catalogue,
    procedure: Procedure,
    events: Sequence[AgencyEvent],
    entries: Sequence[Entry],
) -> None:
    definition = catalogue.definition(procedure.code, procedure.definition)
    own = [
        new_entry(event.receipt, procedure, event)
        for event in events
        if event.code == procedure.code
        and event.reference(definition.identity) == procedure.identity
    ]
    outcome = fold(definition, procedure.opened_at, own)
    standing = msgspec.structs.asdict(outcome.standing)
    # Known to a fold while it lasts, and kept nowhere.
    del standing["previous_due_at"]
    assert standing == {name: getattr(procedure, name) for name in standing}
    judged = {entry.message.receipt: entry.kind for entry in outcome.entries}
    kept = {e.message.receipt: e.kind for e in entries if e.procedure == procedure.id}
    assert kept == judged


def _understood(raw: RawMessage) -> AgencyEvent:
    event = to_event(raw)
    assert not isinstance(event, Malformed)
    return event


def _grouped(found: Sequence[Row], key: str, value: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in found:
        groups.setdefault(row[key], []).append(value(row))
    return groups


def _as_it_is(row: Row) -> Row:
    return row


def _link(row: Row) -> AuditLink:
    record = AuditRecord(
        company=row["company"],
        position=row["seq"],
        at=rows.instant(row["at"]),
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
    )
    return AuditLink(record=record, hash=row["hash"])


def _raw(row: Row) -> RawMessage:
    return RawMessage(
        receipt=row["receipt"],
        source=row["source"],
        event_id=row["event_id"],
        body=row["body"],
        body_hash=row["body_hash"],
        key=row["key"],
        sandbox=bool(row["sandbox"]),
        received_at=rows.instant(row["received_at"]),
    )
