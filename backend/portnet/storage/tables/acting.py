"""What companies begin and ask for, on its way to agencies."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class SubmissionTable(Table, tablename="submission"):
    """``content`` is the company's JSON document; ``refs``, ``approval`` and ``reasons`` are JSON of ours."""

    id = Text(primary_key=True)
    company = Text()
    author = Text()
    target = Text()
    content = Text()
    content_hash = Text()
    refs = Text()
    envelope = BigInt()
    state = Text()
    entered_at = BigInt()
    created_at = BigInt()
    updated_at = BigInt()
    revision = BigInt()
    version = BigInt()
    approval = Text(null=True)
    reasons = Text()
    outgoing = Text(null=True)
    procedure = Text(null=True)
    broker = Text(null=True)
    form_version = BigInt(default=0)


class OutgoingTable(Table, tablename="outgoing"):
    """What leaves for an agency's system; the id is its idempotency key."""

    id = Text(primary_key=True)
    company = Text()
    kind = Text()
    source = Text()
    subject = Text()
    event = Text()
    body = Text()
    done_by = Text()
    sandbox = BigInt()
    created_at = BigInt()
    due_at = BigInt()
    updated_at = BigInt()
    state = Text()
    attempts = BigInt()
    fence = BigInt()
    leased_until = BigInt(null=True)
    reason = Text(null=True)


class MutationDoneTable(Table, tablename="mutation_done"):
    """Which mutations were done; the key is (user_id, key)."""

    user_id = Text(primary_key=True)
    key = Text()
    subject = Text()
    fingerprint = Text()
    at = BigInt()
