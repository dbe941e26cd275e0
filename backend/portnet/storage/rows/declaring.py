"""Rows: how declarations are written, and what was sent of them."""

from __future__ import annotations

from typing import Any

from portnet.domain.declaring.drafting import DraftField
from portnet.domain.submission import Revision
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import instant, micros


def draft_field_row(f: DraftField) -> tuple[Any, ...]:
    return f.submission, f.path, f.version, f.by, f.queue, micros(f.at)


def draft_field(r: Row) -> DraftField:
    return DraftField(
        submission=r["submission"], path=r["path"], version=r["version"], by=r["written_by"],
        queue=r["queue"], at=instant(r["at"]),
    )  # fmt: skip


def revision_row(r: Revision) -> tuple[Any, ...]:
    return r.submission, r.number, r.content, r.content_hash, micros(r.sent_at)


def revision(r: Row) -> Revision:
    return Revision(
        submission=r["submission"], number=r["number"], content=r["content"],
        content_hash=r["content_hash"], sent_at=instant(r["sent_at"]),
    )  # fmt: skip
