"""How declarations are written, field by field, and what was sent of them."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class DeclarationFieldTable(Table, tablename="declaration_field"):
    """Who wrote a field last; the key is (submission, path)."""

    submission = Text(primary_key=True)
    path = Text()
    version = BigInt()
    written_by = Text()
    queue = Text()
    at = BigInt()


class RevisionTable(Table, tablename="submission_revision"):
    """Contents as they were sent; the key is (submission, number)."""

    submission = Text(primary_key=True)
    number = BigInt()
    content = Text()
    content_hash = Text()
    sent_at = BigInt()
