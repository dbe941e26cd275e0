"""Rows: papers and what became of them."""

from __future__ import annotations

from typing import Any

from portnet.domain.declaring.document import Document, DocumentState, Scan, Subject, SubjectKind
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import instant, instant_or_none, micros, micros_or_none


def document_row(d: Document) -> tuple[Any, ...]:
    s = d.subject
    return (
        d.id, s.company, s.kind.value, s.id, s.dossier, s.procedure, d.kind, d.number, d.media_type,
        d.bytes, d.sha256, d.state.value, None if d.scan is None else d.scan.value, d.sent_by,
        micros(d.created_at), micros(d.expires_at), micros_or_none(d.stored_at),
    )  # fmt: skip


def document(r: Row) -> Document:
    subject = Subject(
        kind=SubjectKind(r["subject_kind"]), id=r["subject"], company=r["company"],
        dossier=r["dossier"], procedure=r["procedure"],
    )  # fmt: skip
    return Document(
        id=r["id"], subject=subject, kind=r["kind"], number=r["number"],
        media_type=r["media_type"], bytes=r["bytes"], sha256=r["sha256"],
        state=DocumentState(r["state"]), scan=None if r["scan"] is None else Scan(r["scan"]),
        sent_by=r["sent_by"], created_at=instant(r["created_at"]),
        expires_at=instant(r["expires_at"]), stored_at=instant_or_none(r["stored_at"]),
    )  # fmt: skip
