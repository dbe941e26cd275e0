"""Papers that people send: announced, sent in parts, stored. Their content is a file, named by its hash."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class DocumentTable(Table, tablename="document"):
    """``company`` is the subject's; ``dossier`` and ``procedure`` are set where the subject is part of one."""

    id = Text(primary_key=True)
    company = Text()
    subject_kind = Text()
    subject = Text()
    dossier = Text(null=True)
    procedure = Text(null=True)
    kind = Text()
    number = Text(null=True)
    media_type = Text()
    bytes = BigInt()
    sha256 = Text()
    state = Text()
    scan = Text(null=True)
    sent_by = Text()
    created_at = BigInt()
    expires_at = BigInt()
    stored_at = BigInt(null=True)
