"""The one edge where domain structs become rows and rows become structs.

Rows hold int, str, bytes and None only, the same on both engines: instants are microseconds since the epoch, booleans 0
and 1, nested values JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from piccolo.table import Table

from portnet.domain.access import Company, CompanyKind, Mandate, Role, User
from portnet.domain.agency import AgencyEvent, Place, Reason, Reference
from portnet.domain.alerts import (
    Alert,
    AlertFacts,
    AlertState,
    Attempt,
    Channel,
    Delivery,
    DeliveryState,
    Device,
)
from portnet.domain.catalogue import Status
from portnet.domain.desk.anomaly import Anomaly, AnomalyReason, AnomalyState
from portnet.domain.desk.help import HelpCase, HelpState, Trail
from portnet.domain.dossier import Dossier, WhatNow, urgency
from portnet.domain.filing import Link
from portnet.domain.identity.account import Credentials, Session
from portnet.domain.inbox import RawMessage
from portnet.domain.indicators.counting import Uncounted
from portnet.domain.indicators.feedback import Feedback
from portnet.domain.indicators.measuring import OpenStep
from portnet.domain.outgoing import Outgoing, OutgoingKind, OutgoingState
from portnet.domain.procedure import Caution, Entry, EntryKind, Procedure, Refusal, Requested
from portnet.domain.request import InformationRequest, RequestState
from portnet.domain.submission import Approval, Submission
from portnet.domain.timers import Timer, TimerKind
from portnet.ports.unit_of_work import MutationDone
from portnet.storage import tables
from portnet.storage.description import description
from portnet.storage.engines.program import Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_to_json = msgspec.json.Encoder()
_event = msgspec.json.Decoder(AgencyEvent)
_what_now = msgspec.json.Decoder(WhatNow)
_reasons = msgspec.json.Decoder(tuple[Reason, ...])
_place = msgspec.json.Decoder(Place)
_facts = msgspec.json.Decoder(AlertFacts)
_trail = msgspec.json.Decoder(Trail)
_cautions = msgspec.json.Decoder(tuple[Caution, ...])
_roles = msgspec.json.Decoder(tuple[Role, ...])
_requested = msgspec.json.Decoder(Requested)
_references = msgspec.json.Decoder(tuple[Reference, ...])
_approval = msgspec.json.Decoder(Approval)


def micros(at: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """The instant of that many microseconds, aware UTC."""
    return _EPOCH + value * _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def instant_or_none(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def json_text(value: object) -> str:
    """JSON as the tables keep it."""
    return _to_json.encode(value).decode()


def _json_or_none(value: object | None) -> str | None:
    return None if value is None else json_text(value)


# What a table's row is, column by column in the table's own order.


def company_row(c: Company) -> tuple[Any, ...]:
    return c.id, c.kind.value, c.name, c.ice, int(c.sandbox)


def user_row(u: User) -> tuple[Any, ...]:
    return (
        u.id, u.company, u.login, u.name, json_text(u.roles), u.locale, u.phone, int(u.active)
    )  # fmt: skip


def credentials_row(c: Credentials) -> tuple[Any, ...]:
    return c.user, c.password_hash


def session_row(s: Session) -> tuple[Any, ...]:
    return (
        s.id, s.user, micros(s.opened_at), micros(s.expires_at), micros(s.refreshed_at),
        s.token_hash, s.previous_hash, micros_or_none(s.previous_until),
        micros_or_none(s.ended_at), s.ended_because,
    )  # fmt: skip


def device_row(d: Device) -> tuple[Any, ...]:
    return (
        d.id, d.user, d.session, d.channel.value, d.kind, d.address, d.label, d.locale,
        micros(d.registered_at), micros(d.last_seen_at), micros_or_none(d.dead_at),
    )  # fmt: skip


def mandate_row(m: Mandate) -> tuple[Any, ...]:
    return (
        m.id, m.company, m.broker, micros(m.starts_at), micros_or_none(m.ends_at),
        micros_or_none(m.revoked_at),
    )  # fmt: skip


def anomaly_row(a: Anomaly) -> tuple[Any, ...]:
    return (
        a.id, a.receipt, a.source, a.reason.value, a.state.value, a.detail,
        micros(a.received_at), micros(a.updated_at), a.dossier, micros_or_none(a.parked_until),
        a.handled_by, a.handler, micros_or_none(a.handled_at), a.note,
    )  # fmt: skip


def help_case_row(c: HelpCase) -> tuple[Any, ...]:
    return (
        c.id, c.company, c.user, c.mutation, c.text, micros(c.opened_at), c.state.value, c.dossier,
        None if c.trail is None else json_text(c.trail),
    )  # fmt: skip


def dossier_row(d: Dossier) -> tuple[Any, ...]:
    return (
        d.id, d.company, d.broker, d.reference, d.title, d.direction, d.phase, d.status.value,
        urgency(d.status), int(d.perishable), json_text(d.what_now), int(d.sandbox),
        micros(d.opened_at), micros(d.updated_at), d.version,
    )  # fmt: skip


def procedure_row(p: Procedure) -> tuple[Any, ...]:
    return (
        p.id, p.dossier, p.code, p.definition, p.identity, p.state, p.previous,
        micros(p.entered_at), micros(p.opened_at), micros(p.updated_at), micros_or_none(p.due_at),
        json_text(p.reasons), _json_or_none(p.place), p.version, micros_or_none(p.expected_at),
        _json_or_none(p.requested), p.taken_by, micros_or_none(p.taken_at),
    )  # fmt: skip


def entry_row(e: Entry) -> tuple[Any, ...]:
    return (
        e.id, e.procedure, e.dossier, e.message.receipt, micros(e.message.occurred_at),
        micros(e.message.received_at), e.kind.value, e.from_state, e.to_state,
        None if e.refusal is None else e.refusal.value, e.alert, int(e.alerted),
        json_text(e.message), json_text(e.warnings) if e.warnings else None,
    )  # fmt: skip


def link_row(link: Link) -> tuple[Any, ...]:
    ref = link.ref
    return ref.key, link.procedure, link.dossier, ref.scheme, ref.value, ref.version


def alert_row(a: Alert) -> tuple[Any, ...]:
    return (
        a.id, a.chain, a.user, a.dossier or "", a.procedure or "", a.entry or "", a.kind, a.level,
        json_text(a.facts), a.collapse_key, micros(a.raised_at), micros(a.expires_at),
        a.state.value, micros_or_none(a.seen_at), a.acknowledged_by,
        micros_or_none(a.acknowledged_at), a.version, a.replaces,
    )  # fmt: skip


def delivery_row(d: Delivery) -> tuple[Any, ...]:
    return (
        d.id, d.alert, d.user, d.channel.value, d.address, d.label, d.locale, micros(d.due_at),
        micros(d.expires_at), micros(d.updated_at), d.state.value, d.device, d.attempts, d.fence,
        micros_or_none(d.leased_until), d.provider_reference, d.reason,
    )  # fmt: skip


def attempt_row(a: Attempt) -> tuple[Any, ...]:
    return a.id, a.delivery, a.number, micros(a.at), a.outcome, a.detail


def uncounted_row(u: Uncounted) -> tuple[Any, ...]:
    return u.id, u.kind.value, u.subject, micros(u.at)


def open_step_row(o: OpenStep) -> tuple[Any, ...]:
    return (
        o.procedure, o.dossier, o.agency, o.office, o.circuit, o.chapter, o.month,
        micros(o.due_at),
    )  # fmt: skip


def feedback_row(f: Feedback) -> tuple[Any, ...]:
    return f.dossier, f.user, f.score, f.text, micros(f.at)


def upsert(table: type[Table], key: tuple[str, ...] = ()) -> str:
    """Writes a whole row over the one with the same key, the table's own unless said otherwise."""
    described = description(table)
    columns = described.columns
    primary = key or (described.primary_key,)
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    replaced = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in primary)
    return (
        f"INSERT INTO {described.name} ({', '.join(columns)}) VALUES ({places})"
        f" ON CONFLICT ({', '.join(primary)}) DO UPDATE SET {replaced}"
    )


def timer_row(t: Timer) -> tuple[Any, ...]:
    return t.subject, t.kind.value, t.detail, micros(t.due_at), t.brings, t.dossier


def request_row(r: InformationRequest) -> tuple[Any, ...]:
    return (
        r.id, r.procedure, r.dossier, r.text, r.lang, micros(r.asked_at), r.state.value,
        micros_or_none(r.due_at), micros_or_none(r.answered_at), r.answered_by, r.version,
    )  # fmt: skip


def submission_row(s: Submission) -> tuple[Any, ...]:
    return (
        s.id, s.company, s.author, s.target, s.content, s.content_hash, json_text(s.refs),
        s.envelope, s.state, micros(s.entered_at), micros(s.created_at), micros(s.updated_at),
        s.revision, s.version, _json_or_none(s.approval), json_text(s.reasons), s.outgoing,
        s.procedure,
    )  # fmt: skip


def outgoing_row(o: Outgoing) -> tuple[Any, ...]:
    return (
        o.id, o.company, o.kind.value, o.source, o.subject, o.event, o.body, o.by, int(o.sandbox),
        micros(o.created_at), micros(o.due_at), micros(o.updated_at), o.state.value, o.attempts,
        o.fence, micros_or_none(o.leased_until), o.reason,
    )  # fmt: skip


def mutation_done_row(m: MutationDone) -> tuple[Any, ...]:
    return m.user, m.key, m.subject, m.fingerprint, micros(m.at)


class Writing:
    """How structs of one type are written: an upsert by the table's key, and the row's values."""

    def __init__(
        self, table: type[Table], row: Callable[[Any], tuple[Any, ...]], key: tuple[str, ...] = ()
    ) -> None:
        self.row = row
        self.sql = upsert(table, key)


#: In the order in which they are written: files first, then what was raised about them.
WRITINGS: Mapping[type[msgspec.Struct], Writing] = {
    Company: Writing(tables.CompanyTable, company_row),
    User: Writing(tables.UserTable, user_row),
    Credentials: Writing(tables.CredentialsTable, credentials_row),
    Mandate: Writing(tables.MandateTable, mandate_row),
    Session: Writing(tables.SessionTable, session_row),
    Device: Writing(tables.DeviceTable, device_row),
    Dossier: Writing(tables.DossierTable, dossier_row),
    Procedure: Writing(tables.ProcedureTable, procedure_row),
    Entry: Writing(tables.EntryTable, entry_row),
    Link: Writing(tables.ReferenceTable, link_row, key=("ref_key", "procedure")),
    Anomaly: Writing(tables.AnomalyTable, anomaly_row),
    Alert: Writing(tables.AlertTable, alert_row),
    Delivery: Writing(tables.DeliveryTable, delivery_row),
    Attempt: Writing(tables.AttemptTable, attempt_row),
    Feedback: Writing(tables.FeedbackTable, feedback_row, key=("dossier", "user_id")),
    Uncounted: Writing(tables.UncountedTable, uncounted_row),
    OpenStep: Writing(tables.OpenStepTable, open_step_row),
    Timer: Writing(tables.TimerTable, timer_row, key=("subject", "kind", "detail")),
    InformationRequest: Writing(tables.RequestTable, request_row),
    Submission: Writing(tables.SubmissionTable, submission_row),
    Outgoing: Writing(tables.OutgoingTable, outgoing_row),
    MutationDone: Writing(tables.MutationDoneTable, mutation_done_row, key=("user_id", "key")),
    HelpCase: Writing(tables.HelpCaseTable, help_case_row),
}


# What a row means, by the names of its columns.


def company(r: Row) -> Company:
    return Company(
        id=r["id"], kind=CompanyKind(r["kind"]), name=r["name"], ice=r["ice"],
        sandbox=bool(r["sandbox"]),
    )  # fmt: skip


def user(r: Row) -> User:
    return User(
        id=r["id"], company=r["company"], login=r["login"], name=r["name"],
        roles=_roles.decode(r["roles"]), locale=r["locale"], phone=r["phone"],
        active=bool(r["active"]),
    )  # fmt: skip


def session(r: Row) -> Session:
    return Session(
        id=r["id"], user=r["user_id"], opened_at=instant(r["opened_at"]),
        expires_at=instant(r["expires_at"]), refreshed_at=instant(r["refreshed_at"]),
        token_hash=r["token_hash"], previous_hash=r["previous_hash"],
        previous_until=instant_or_none(r["previous_until"]),
        ended_at=instant_or_none(r["ended_at"]), ended_because=r["ended_because"],
    )  # fmt: skip


def device(r: Row) -> Device:
    return Device(
        id=r["id"], user=r["user_id"], session=r["session"], channel=Channel(r["channel"]), kind=r["kind"],
        address=r["address"], label=r["label"], locale=r["locale"],
        registered_at=instant(r["registered_at"]), last_seen_at=instant(r["last_seen_at"]),
        dead_at=instant_or_none(r["dead_at"]),
    )  # fmt: skip


def mandate(r: Row) -> Mandate:
    return Mandate(
        id=r["id"], company=r["company"], broker=r["broker"], starts_at=instant(r["starts_at"]),
        ends_at=instant_or_none(r["ends_at"]), revoked_at=instant_or_none(r["revoked_at"]),
    )  # fmt: skip


def raw_message(r: Row) -> RawMessage:
    return RawMessage(
        receipt=r["receipt"], source=r["source"], event_id=r["event_id"], body=r["body"],
        body_hash=r["body_hash"], key=r["key"], sandbox=bool(r["sandbox"]),
        received_at=instant(r["received_at"]),
    )  # fmt: skip


def anomaly(r: Row) -> Anomaly:
    return Anomaly(
        id=r["id"], receipt=r["receipt"], source=r["source"], reason=AnomalyReason(r["reason"]),
        state=AnomalyState(r["state"]), detail=r["detail"], received_at=instant(r["received_at"]),
        updated_at=instant(r["updated_at"]), dossier=r["dossier"],
        parked_until=instant_or_none(r["parked_until"]), handled_by=r["handled_by"],
        handler=r["handler"], handled_at=instant_or_none(r["handled_at"]), note=r["note"],
    )  # fmt: skip


def help_case(r: Row) -> HelpCase:
    return HelpCase(
        id=r["id"], company=r["company"], user=r["user_id"], mutation=r["mutation"], text=r["text"],
        opened_at=instant(r["opened_at"]), state=HelpState(r["state"]), dossier=r["dossier"],
        trail=None if r["trail"] is None else _trail.decode(r["trail"]),
    )  # fmt: skip


def dossier(r: Row) -> Dossier:
    return Dossier(
        id=r["id"], company=r["company"], broker=r["broker"], reference=r["reference"],
        title=r["title"], direction=r["direction"], phase=r["phase"], status=Status(r["status"]),
        perishable=bool(r["perishable"]), what_now=_what_now.decode(r["what_now"]),
        sandbox=bool(r["sandbox"]), opened_at=instant(r["opened_at"]),
        updated_at=instant(r["updated_at"]), version=r["version"],
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


def link(r: Row) -> Link:
    return Link(
        dossier=r["dossier"], procedure=r["procedure"],
        ref=Reference(scheme=r["scheme"], value=r["value"], version=r["revision"]),
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


def delivery(r: Row) -> Delivery:
    return Delivery(
        id=r["id"], alert=r["alert"], user=r["user_id"], channel=Channel(r["channel"]),
        address=r["address"], label=r["label"], locale=r["locale"], due_at=instant(r["due_at"]),
        expires_at=instant(r["expires_at"]), updated_at=instant(r["updated_at"]),
        state=DeliveryState(r["state"]), device=r["device"], attempts=r["attempts"],
        fence=r["fence"], leased_until=instant_or_none(r["leased_until"]),
        provider_reference=r["provider_reference"], reason=r["reason"],
    )  # fmt: skip


def timer(r: Row) -> Timer:
    return Timer(
        subject=r["subject"], kind=TimerKind(r["kind"]), detail=r["detail"],
        due_at=instant(r["due_at"]), brings=r["brings"], dossier=r["dossier"],
    )  # fmt: skip


def request(r: Row) -> InformationRequest:
    return InformationRequest(
        id=r["id"], procedure=r["procedure"], dossier=r["dossier"], text=r["text"], lang=r["lang"],
        asked_at=instant(r["asked_at"]), state=RequestState(r["state"]),
        due_at=instant_or_none(r["due_at"]), answered_at=instant_or_none(r["answered_at"]),
        answered_by=r["answered_by"], version=r["version"],
    )  # fmt: skip


def submission(r: Row) -> Submission:
    return Submission(
        id=r["id"], company=r["company"], author=r["author"], target=r["target"],
        content=r["content"], content_hash=r["content_hash"], refs=_references.decode(r["refs"]),
        envelope=r["envelope"], state=r["state"], entered_at=instant(r["entered_at"]),
        created_at=instant(r["created_at"]), updated_at=instant(r["updated_at"]),
        revision=r["revision"], version=r["version"],
        approval=None if r["approval"] is None else _approval.decode(r["approval"]),
        reasons=_reasons.decode(r["reasons"]), outgoing=r["outgoing"], procedure=r["procedure"],
    )  # fmt: skip


def outgoing(r: Row) -> Outgoing:
    return Outgoing(
        id=r["id"], company=r["company"], kind=OutgoingKind(r["kind"]), source=r["source"],
        subject=r["subject"], event=r["event"], body=r["body"], by=r["done_by"],
        sandbox=bool(r["sandbox"]), created_at=instant(r["created_at"]),
        due_at=instant(r["due_at"]), updated_at=instant(r["updated_at"]),
        state=OutgoingState(r["state"]), attempts=r["attempts"], fence=r["fence"],
        leased_until=instant_or_none(r["leased_until"]), reason=r["reason"],
    )  # fmt: skip


def mutation_done(r: Row) -> MutationDone:
    return MutationDone(
        user=r["user_id"], key=r["key"], subject=r["subject"], fingerprint=r["fingerprint"],
        at=instant(r["at"]),
    )  # fmt: skip
