"""Rows: what agencies sent, as it came, and what the help desk has of it."""

from __future__ import annotations

from typing import Any

import msgspec

from portnet.domain.desk.anomaly import Anomaly, AnomalyReason, AnomalyState
from portnet.domain.desk.help import HelpCase, HelpState, Trail
from portnet.domain.inbox import RawMessage
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import instant, instant_or_none, json_text, micros, micros_or_none

_trail = msgspec.json.Decoder(Trail)


def raw_message(r: Row) -> RawMessage:
    return RawMessage(
        receipt=r["receipt"], source=r["source"], event_id=r["event_id"], body=r["body"],
        body_hash=r["body_hash"], key=r["key"], sandbox=bool(r["sandbox"]),
        received_at=instant(r["received_at"]),
    )  # fmt: skip


def anomaly_row(a: Anomaly) -> tuple[Any, ...]:
    return (
        a.id, a.receipt, a.source, a.reason.value, a.state.value, a.detail,
        micros(a.received_at), micros(a.updated_at), a.dossier, micros_or_none(a.parked_until),
        a.handled_by, a.handler, micros_or_none(a.handled_at), a.note,
    )  # fmt: skip


def anomaly(r: Row) -> Anomaly:
    return Anomaly(
        id=r["id"], receipt=r["receipt"], source=r["source"], reason=AnomalyReason(r["reason"]),
        state=AnomalyState(r["state"]), detail=r["detail"], received_at=instant(r["received_at"]),
        updated_at=instant(r["updated_at"]), dossier=r["dossier"],
        parked_until=instant_or_none(r["parked_until"]), handled_by=r["handled_by"],
        handler=r["handler"], handled_at=instant_or_none(r["handled_at"]), note=r["note"],
    )  # fmt: skip


def help_case_row(c: HelpCase) -> tuple[Any, ...]:
    return (
        c.id, c.company, c.user, c.mutation, c.text, micros(c.opened_at), c.state.value, c.dossier,
        None if c.trail is None else json_text(c.trail), micros_or_none(c.closed_at), c.closed_by,
        c.closer, c.answer,
    )  # fmt: skip


def help_case(r: Row) -> HelpCase:
    return HelpCase(
        id=r["id"], company=r["company"], user=r["user_id"], mutation=r["mutation"], text=r["text"],
        opened_at=instant(r["opened_at"]), state=HelpState(r["state"]), dossier=r["dossier"],
        trail=None if r["trail"] is None else _trail.decode(r["trail"]),
        closed_at=instant_or_none(r["closed_at"]), closed_by=r["closed_by"], closer=r["closer"],
        answer=r["answer"],
    )  # fmt: skip
