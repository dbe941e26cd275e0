"""What agencies sent, as it came, and what the help desk has of it."""

from __future__ import annotations

from piccolo.columns import BigInt, Bytea, Text
from piccolo.table import Table


class InboxTable(Table, tablename="agency_inbox"):
    receipt = Text(primary_key=True)
    source = Text()
    event_id = Text()
    body = Bytea()
    body_hash = Bytea()
    key = Text()
    sandbox = BigInt()
    received_at = BigInt()
    state = Text()
    settled_at = BigInt(null=True)
    progress = Text(null=True)


class InboxWaitTable(Table, tablename="inbox_wait"):
    """What a parked message waits for; the key is (ref_key, receipt)."""

    ref_key = Text(primary_key=True)
    receipt = Text()


class AnomalyTable(Table, tablename="anomaly"):
    id = Text(primary_key=True)
    receipt = Text()
    source = Text()
    reason = Text()
    state = Text()
    detail = Text()
    received_at = BigInt()
    updated_at = BigInt()
    dossier = Text(null=True)
    parked_until = BigInt(null=True)
    handled_by = Text(null=True)
    handler = Text(null=True)
    handled_at = BigInt(null=True)
    note = Text(null=True)


class HelpCaseTable(Table, tablename="help_case"):
    """``mutation`` is the app's own id of the question, unique for each user; ``trail`` is JSON."""

    id = Text(primary_key=True)
    company = Text()
    user_id = Text()
    mutation = Text()
    text = Text()
    opened_at = BigInt()
    state = Text()
    dossier = Text(null=True)
    trail = Text(null=True)
    closed_at = BigInt(null=True)
    closed_by = Text(null=True)
    closer = Text(null=True)
    answer = Text(null=True)
