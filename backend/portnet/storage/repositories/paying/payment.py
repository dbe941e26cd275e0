"""Orders to pay, and the payments that may be of one debt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from portnet.domain.paying.obligation import PAYMENT, UNOWED
from portnet.domain.paying.order import PaymentOrder
from portnet.domain.procedure import Procedure
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import query

_UNOWED = ", ".join(f"'{scheme}'" for scheme in sorted(UNOWED))
_SHARING = (
    "SELECT DISTINCT mine.procedure AS asked, p.* FROM reference mine"
    " JOIN reference theirs ON theirs.ref_key = mine.ref_key AND theirs.procedure <> mine.procedure"
    " JOIN procedure p ON p.id = theirs.procedure"
    " JOIN dossier d ON d.id = p.dossier JOIN dossier o ON o.id = mine.dossier"
    f" WHERE {{these}} AND mine.scheme NOT IN ({_UNOWED}) AND p.code = '{PAYMENT}'"
    " AND d.company = o.company"
)


class PaymentRepository:
    """Implements `PaymentReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders_of(self, payments: Sequence[str]) -> Mapping[str, PaymentOrder]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM payment_order WHERE {dialect.any_of('procedure', '$1')}"
        found = await self._database.read(query(sql, dialect.array(payments)))
        return {row["procedure"]: rows.payment_order(row) for row in found}

    async def sharing(self, payments: Sequence[str]) -> Mapping[str, Sequence[Procedure]]:
        dialect = self._database.dialect
        sql = _SHARING.format(these=dialect.any_of("mine.procedure", "$1"))
        groups: dict[str, list[Procedure]] = defaultdict(list)
        for row in await self._database.read(query(sql, dialect.array(payments))):
            groups[row["asked"]].append(rows.procedure(row))
        return groups
