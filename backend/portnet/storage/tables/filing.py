"""The files: dossiers, their procedures, what these are known by and wait for."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class DossierTable(Table, tablename="dossier"):
    """``urgency`` is the rank of ``status``, for the list's order; ``what_now`` is JSON."""

    id = Text(primary_key=True)
    company = Text()
    broker = Text(null=True)
    reference = Text()
    title = Text(null=True)
    direction = Text()
    phase = Text()
    status = Text()
    urgency = BigInt()
    perishable = BigInt()
    what_now = Text()
    sandbox = BigInt()
    opened_at = BigInt()
    updated_at = BigInt()
    version = BigInt()
    broker_since = BigInt(null=True)


class ProcedureTable(Table, tablename="procedure"):
    id = Text(primary_key=True)
    dossier = Text()
    code = Text()
    definition = BigInt()
    identity = Text()
    state = Text()
    previous = Text(null=True)
    entered_at = BigInt()
    opened_at = BigInt()
    updated_at = BigInt()
    due_at = BigInt(null=True)
    reasons = Text()
    place = Text(null=True)
    version = BigInt()
    expected_at = BigInt(null=True)
    requested = Text(null=True)
    taken_by = Text(null=True)
    taken_at = BigInt(null=True)
    amounts = Text(null=True)
    obligation = Text(null=True)


class EntryTable(Table, tablename="entry"):
    """The timeline; ``message`` is the whole agency event as JSON, which the fold replays."""

    id = Text(primary_key=True)
    procedure = Text()
    dossier = Text()
    receipt = Text()
    occurred_at = BigInt()
    received_at = BigInt()
    kind = Text()
    from_state = Text(null=True)
    to_state = Text(null=True)
    refusal = Text(null=True)
    alert = Text(null=True)
    alerted = BigInt()
    message = Text()
    warnings = Text(null=True)


class ReferenceTable(Table, tablename="reference"):
    """What a procedure is known by; the key is (ref_key, procedure), ``ref_key`` being ``SCHEME:value``."""

    ref_key = Text(primary_key=True)
    procedure = Text()
    dossier = Text()
    scheme = Text()
    value = Text()
    revision = BigInt(null=True)


class TimerTable(Table, tablename="timer"):
    """What the clock will bring; the key is (subject, kind, detail)."""

    subject = Text(primary_key=True)
    kind = Text()
    detail = Text()
    due_at = BigInt()
    brings = Text()
    dossier = Text(null=True)


class RequestTable(Table, tablename="information_request"):
    """What agencies asked, and we of payments in doubt; derived from the fold, kept for lists and look-ups."""

    id = Text(primary_key=True)
    procedure = Text()
    dossier = Text()
    text = Text()
    lang = Text()
    asked_at = BigInt()
    state = Text()
    due_at = BigInt(null=True)
    answered_at = BigInt(null=True)
    answered_by = Text(null=True)
    version = BigInt()
    kind = Text(null=True)
    answer = Text(null=True)
