"""What needs whose approval, what was asked for and decided, and what everybody has seen of it."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class ApprovalTable(Table, tablename="approval"):
    """``content`` is JSON of ours and never changes; ``standing_*`` is where the procedure of an act stood."""

    id = Text(primary_key=True)
    company = Text()
    content_id = Text()
    subject = Text()
    content = Text()
    role = Text()
    author = Text()
    requested_by = Text()
    requested_at = BigInt()
    deadline = BigInt()
    updated_at = BigInt()
    state = Text()
    standing_state = Text(null=True)
    standing_entered_at = BigInt(null=True)
    decided_by = Text(null=True)
    decided_at = BigInt(null=True)
    on_behalf_of = Text(null=True)
    self_approved = BigInt()
    reason = Text(null=True)
    version = BigInt()


class MatrixTable(Table, tablename="approval_matrix"):
    """``rules`` is JSON of ours: all rules of one company."""

    company = Text(primary_key=True)
    rules = Text()


class DelegationTable(Table, tablename="delegation"):
    """``kinds`` and ``amount_limit`` are JSON of ours."""

    id = Text(primary_key=True)
    company = Text()
    giver = Text()
    holder = Text()
    starts_at = BigInt()
    ends_at = BigInt()
    created_at = BigInt()
    kinds = Text(null=True)
    amount_limit = Text(null=True)
    revoked_at = BigInt(null=True)


class ApprovalSeenTable(Table, tablename="approval_seen"):
    """The key is (user_id, subject)."""

    user_id = Text(primary_key=True)
    subject = Text()
    content = Text()
    at = BigInt()
    before = Text(null=True)
