"""What is counted, and what people say of it."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class UncountedTable(Table, tablename="indicator_uncounted"):
    """Notes of changes that the indicators have yet to see; each is deleted by whoever counts it."""

    id = Text(primary_key=True)
    kind = Text()
    subject = Text()
    at = BigInt()


class CountedTable(Table, tablename="indicator_counted"):
    """What was counted of each dossier, as JSON: what a recount takes out again."""

    dossier = Text(primary_key=True)
    counted = Text()


class TallyTable(Table, tablename="indicator_tally"):
    """One indicator, reader, owner, month and group; ``id`` is all of these as one word, ``buckets`` JSON."""

    id = Text(primary_key=True)
    reader = Text()
    grouping = Text()
    month = BigInt()
    indicator = Text()
    group_key = Text()
    owner = Text()
    items = BigInt()
    total = BigInt()
    buckets = Text()


class OpenStepTable(Table, tablename="open_step"):
    """Procedures that an agency has and should have moved by ``due_at``."""

    procedure = Text(primary_key=True)
    dossier = Text()
    agency = Text()
    office = Text(null=True)
    circuit = Text(null=True)
    chapter = Text(null=True)
    month = BigInt()
    due_at = BigInt()


class FeedbackTable(Table, tablename="feedback"):
    """One rating of one person for one dossier; the key is (dossier, user_id)."""

    dossier = Text(primary_key=True)
    user_id = Text()
    score = BigInt()
    text = Text(null=True)
    at = BigInt()
