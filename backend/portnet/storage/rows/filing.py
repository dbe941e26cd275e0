"""Rows of the files: dossiers, their procedures, what these are known by and wait for."""

from __future__ import annotations

from typing import Any

import msgspec

from portnet.domain.agency import AgencyEvent, Amount, Place, Reason, Reference
from portnet.domain.catalogue import Status
from portnet.domain.dossier import Dossier, WhatNow, urgency
from portnet.domain.filing import Link
from portnet.domain.paying.obligation import Obligation
from portnet.domain.procedure import Caution, Entry, EntryKind, Procedure, Refusal, Requested
from portnet.domain.request import InformationRequest, RequestKind, RequestState
from portnet.domain.timers import Timer, TimerKind
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import (
    instant,
    instant_or_none,
    json_or_none,
    json_text,
    micros,
    micros_or_none,
)

_event = msgspec.json.Decoder(AgencyEvent)
_what_now = msgspec.json.Decoder(WhatNow)
_reasons = msgspec.json.Decoder(tuple[Reason, ...])
_place = msgspec.json.Decoder(Place)
_cautions = msgspec.json.Decoder(tuple[Caution, ...])
_requested = msgspec.json.Decoder(Requested)
_amounts = msgspec.json.Decoder(tuple[Amount, ...])
_obligation = msgspec.json.Decoder(Obligation)


def dossier_row(d: Dossier) -> tuple[Any, ...]:
    return (
        d.id, d.company, d.broker, d.reference, d.title, d.direction, d.phase, d.status.value,
        urgency(d.status), int(d.perishable), json_text(d.what_now), int(d.sandbox),
        micros(d.opened_at), micros(d.updated_at), d.version, micros_or_none(d.broker_since),
    )  # fmt: skip


def dossier(r: Row) -> Dossier:
    return Dossier(
        id=r["id"], company=r["company"], broker=r["broker"], reference=r["reference"],
        title=r["title"], direction=r["direction"], phase=r["phase"], status=Status(r["status"]),
        perishable=bool(r["perishable"]), what_now=_what_now.decode(r["what_now"]),
        sandbox=bool(r["sandbox"]), opened_at=instant(r["opened_at"]),
        updated_at=instant(r["updated_at"]), version=r["version"],
        broker_since=instant_or_none(r["broker_since"]),
    )  # fmt: skip


def procedure_row(p: Procedure) -> tuple[Any, ...]:
    return (
        p.id, p.dossier, p.code, p.definition, p.identity, p.state, p.previous,
        micros(p.entered_at), micros(p.opened_at), micros(p.updated_at), micros_or_none(p.due_at),
        json_text(p.reasons), json_or_none(p.place), p.version, micros_or_none(p.expected_at),
        json_or_none(p.requested), p.taken_by, micros_or_none(p.taken_at),
        json_text(p.amounts) if p.amounts else None, json_or_none(p.obligation),
    )  # fmt: skip


def procedure(r: Row) -> Procedure:
    return Procedure(
        id=r["id"], dossier=r["dossier"], code=r["code"], definition=r["definition"],
        identity=r["identity"], state=r["state"], previous=r["previous"],
        entered_at=instant(r["entered_at"]), opened_at=instant(r["opened_at"]),
        updated_at=instant(r["updated_at"]), due_at=instant_or_none(r["due_at"]),
        reasons=_reasons.decode(r["reasons"]),
        place=None if r["place"] is None else _place.decode(r["place"]), version=r["version"],
        expected_at=instant_or_none(r["expected_at"]),
        requested=None if r["requested"] is None else _requested.decode(r["requested"]),
        taken_by=r["taken_by"], taken_at=instant_or_none(r["taken_at"]),
        amounts=_amounts.decode(r["amounts"]) if r["amounts"] else (),
        obligation=_obligation.decode(r["obligation"]) if r["obligation"] else None,
    )  # fmt: skip


def entry_row(e: Entry) -> tuple[Any, ...]:
    return (
        e.id, e.procedure, e.dossier, e.message.receipt, micros(e.message.occurred_at),
        micros(e.message.received_at), e.kind.value, e.from_state, e.to_state,
        None if e.refusal is None else e.refusal.value, e.alert, int(e.alerted),
        json_text(e.message), json_text(e.warnings) if e.warnings else None,
    )  # fmt: skip


def entry(r: Row) -> Entry:
    return Entry(
        id=r["id"], procedure=r["procedure"], dossier=r["dossier"],
        message=_event.decode(r["message"]), kind=EntryKind(r["kind"]),
        from_state=r["from_state"], to_state=r["to_state"],
        refusal=None if r["refusal"] is None else Refusal(r["refusal"]), alert=r["alert"],
        alerted=bool(r["alerted"]),
        warnings=_cautions.decode(r["warnings"]) if r["warnings"] else (),
    )  # fmt: skip


def link_row(link: Link) -> tuple[Any, ...]:
    ref = link.ref
    return ref.key, link.procedure, link.dossier, ref.scheme, ref.value, ref.version


def link(r: Row) -> Link:
    return Link(
        dossier=r["dossier"], procedure=r["procedure"],
        ref=Reference(scheme=r["scheme"], value=r["value"], version=r["revision"]),
    )  # fmt: skip


def timer_row(t: Timer) -> tuple[Any, ...]:
    return t.subject, t.kind.value, t.detail, micros(t.due_at), t.brings, t.dossier


def timer(r: Row) -> Timer:
    return Timer(
        subject=r["subject"], kind=TimerKind(r["kind"]), detail=r["detail"],
        due_at=instant(r["due_at"]), brings=r["brings"], dossier=r["dossier"],
    )  # fmt: skip


def request_row(r: InformationRequest) -> tuple[Any, ...]:
    return (
        r.id, r.procedure, r.dossier, r.text, r.lang, micros(r.asked_at), r.state.value,
        micros_or_none(r.due_at), micros_or_none(r.answered_at), r.answered_by, r.version,
        r.kind.value, r.answer,
    )  # fmt: skip


def request(r: Row) -> InformationRequest:
    return InformationRequest(
        id=r["id"], procedure=r["procedure"], dossier=r["dossier"], text=r["text"], lang=r["lang"],
        asked_at=instant(r["asked_at"]), state=RequestState(r["state"]),
        due_at=instant_or_none(r["due_at"]), answered_at=instant_or_none(r["answered_at"]),
        answered_by=r["answered_by"], version=r["version"],
        kind=RequestKind(r["kind"] or RequestKind.AGENCY), answer=r["answer"],
    )  # fmt: skip
