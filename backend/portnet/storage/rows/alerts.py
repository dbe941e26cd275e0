"""Rows: what people are told, and how it went out."""

from __future__ import annotations

from typing import Any

import msgspec

from portnet.domain.alerts import (
    Alert,
    AlertFacts,
    AlertState,
    Attempt,
    Channel,
    Delivery,
    DeliveryState,
)
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import instant, instant_or_none, json_text, micros, micros_or_none

_facts = msgspec.json.Decoder(AlertFacts)


def alert_row(a: Alert) -> tuple[Any, ...]:
    return (
        a.id, a.chain, a.user, a.dossier or "", a.procedure or "", a.entry or "", a.kind, a.level,
        json_text(a.facts), a.collapse_key, micros(a.raised_at), micros(a.expires_at),
        a.state.value, micros_or_none(a.seen_at), a.acknowledged_by,
        micros_or_none(a.acknowledged_at), a.version, a.replaces,
    )  # fmt: skip


def alert(r: Row) -> Alert:
    return Alert(
        id=r["id"], chain=r["chain"], user=r["user_id"], dossier=r["dossier"] or None,
        procedure=r["procedure"] or None, entry=r["entry"] or None, kind=r["kind"], level=r["level"],
        facts=_facts.decode(r["facts"]), collapse_key=r["collapse_key"],
        raised_at=instant(r["raised_at"]), expires_at=instant(r["expires_at"]),
        state=AlertState(r["state"]), seen_at=instant_or_none(r["seen_at"]),
        acknowledged_by=r["acknowledged_by"],
        acknowledged_at=instant_or_none(r["acknowledged_at"]), version=r["version"],
        replaces=r["replaces"],
    )  # fmt: skip


def delivery_row(d: Delivery) -> tuple[Any, ...]:
    return (
        d.id, d.alert, d.user, d.channel.value, d.address, d.label, d.locale, micros(d.due_at),
        micros(d.expires_at), micros(d.updated_at), d.state.value, d.device, d.attempts, d.fence,
        micros_or_none(d.leased_until), d.provider_reference, d.reason,
    )  # fmt: skip


def delivery(r: Row) -> Delivery:
    return Delivery(
        id=r["id"], alert=r["alert"], user=r["user_id"], channel=Channel(r["channel"]),
        address=r["address"], label=r["label"], locale=r["locale"], due_at=instant(r["due_at"]),
        expires_at=instant(r["expires_at"]), updated_at=instant(r["updated_at"]),
        state=DeliveryState(r["state"]), device=r["device"], attempts=r["attempts"],
        fence=r["fence"], leased_until=instant_or_none(r["leased_until"]),
        provider_reference=r["provider_reference"], reason=r["reason"],
    )  # fmt: skip


def attempt_row(a: Attempt) -> tuple[Any, ...]:
    return a.id, a.delivery, a.number, micros(a.at), a.outcome, a.detail
