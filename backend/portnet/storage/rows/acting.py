"""Rows: what companies begin and ask for, on its way to agencies."""

from __future__ import annotations

from typing import Any

import msgspec

from portnet.domain.agency import Reason, Reference
from portnet.domain.outgoing import Outgoing, OutgoingKind, OutgoingState
from portnet.domain.submission import Approval, Submission
from portnet.ports.unit_of_work import MutationDone
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import (
    instant,
    instant_or_none,
    json_or_none,
    json_text,
    micros,
    micros_or_none,
)

_reasons = msgspec.json.Decoder(tuple[Reason, ...])
_references = msgspec.json.Decoder(tuple[Reference, ...])
_approval = msgspec.json.Decoder(Approval)


def submission_row(s: Submission) -> tuple[Any, ...]:
    return (
        s.id, s.company, s.author, s.target, s.content, s.content_hash, json_text(s.refs),
        s.envelope, s.state, micros(s.entered_at), micros(s.created_at), micros(s.updated_at),
        s.revision, s.version, json_or_none(s.approval), json_text(s.reasons), s.outgoing,
        s.procedure, s.broker, s.form_version,
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
        broker=r["broker"], form_version=r["form_version"],
    )  # fmt: skip


def outgoing_row(o: Outgoing) -> tuple[Any, ...]:
    return (
        o.id, o.company, o.kind.value, o.source, o.subject, o.event, o.body, o.by, int(o.sandbox),
        micros(o.created_at), micros(o.due_at), micros(o.updated_at), o.state.value, o.attempts,
        o.fence, micros_or_none(o.leased_until), o.reason,
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


def mutation_done_row(m: MutationDone) -> tuple[Any, ...]:
    return m.user, m.key, m.subject, m.fingerprint, micros(m.at)


def mutation_done(r: Row) -> MutationDone:
    return MutationDone(
        user=r["user_id"], key=r["key"], subject=r["subject"], fingerprint=r["fingerprint"],
        at=instant(r["at"]),
    )  # fmt: skip
