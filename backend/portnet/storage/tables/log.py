"""The append-only log, its feeds, the audit trail."""

from __future__ import annotations

from piccolo.columns import BigInt, Bytea, Text
from piccolo.table import Table


class EventTable(Table, tablename="event"):
    """The append-only log; ``payload`` is the tagged event as JSON."""

    id = Text(primary_key=True)
    at = BigInt()
    kind = Text()
    subject = Text()
    procedure = Text(null=True)
    entry = Text(null=True)
    payload = Text()


class FeedTable(Table, tablename="feed"):
    """Fan-out on write; the key is (audience, seq)."""

    audience = Text(primary_key=True)
    seq = BigInt()
    event = Text()


class FeedHeadTable(Table, tablename="feed_head"):
    """How far each feed has come, and from where on it is kept."""

    audience = Text(primary_key=True)
    seq = BigInt()
    floor = BigInt()


class AuditTable(Table, tablename="audit"):
    """A company's trail; the key is (company, seq), each ``hash`` covers the one before."""

    company = Text(primary_key=True)
    seq = BigInt()
    at = BigInt()
    actor = Text()
    action = Text()
    subject = Text()
    hash = Bytea()
    on_behalf_of = Text(null=True)


class InstallationTable(Table, tablename="installation"):
    """What is true of this database as a whole: its feed generation."""

    key = Text(primary_key=True)
    value = Text()
