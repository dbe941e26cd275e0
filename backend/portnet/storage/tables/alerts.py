"""What people are told, and how it went out."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class AlertTable(Table, tablename="alert"):
    """``dossier``, ``procedure`` and ``entry`` are empty where the alert is about none."""

    id = Text(primary_key=True)
    chain = Text()
    user_id = Text()
    dossier = Text()
    procedure = Text()
    entry = Text()
    kind = Text()
    level = BigInt()
    facts = Text()
    collapse_key = Text()
    raised_at = BigInt()
    expires_at = BigInt()
    state = Text()
    seen_at = BigInt(null=True)
    acknowledged_by = Text(null=True)
    acknowledged_at = BigInt(null=True)
    version = BigInt()
    replaces = Text(null=True)


class DeliveryTable(Table, tablename="delivery"):
    id = Text(primary_key=True)
    alert = Text()
    user_id = Text()
    channel = Text()
    address = Text()
    label = Text()
    locale = Text()
    due_at = BigInt()
    expires_at = BigInt()
    updated_at = BigInt()
    state = Text()
    device = Text(null=True)
    attempts = BigInt()
    fence = BigInt()
    leased_until = BigInt(null=True)
    provider_reference = Text(null=True)
    reason = Text(null=True)


class AttemptTable(Table, tablename="attempt"):
    id = Text(primary_key=True)
    delivery = Text()
    number = BigInt()
    at = BigInt()
    outcome = Text()
    detail = Text(null=True)
