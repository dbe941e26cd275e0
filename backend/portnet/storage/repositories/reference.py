"""The reference tables that operators imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from portnet.domain.reference.reference_table import ReferenceRow, Table
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Statement, query

_cells = msgspec.json.Decoder(dict[str, str])
_ROWS = "SELECT table_name, code, cells FROM reference_row ORDER BY table_name, code"
_GENERATION = (
    "SELECT CAST(coalesce(sum(generation), 0) AS bigint) AS generation FROM reference_import"
)


class ReferenceRepository:
    """Implements `ReferenceReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def generation(self) -> int:
        found = await self._database.read(query(_GENERATION))
        return int(found[0]["generation"])

    async def imported(self) -> tuple[int, Mapping[Table, Sequence[ReferenceRow]]]:
        return await self._database.read(_imported(), snapshot=True)


def _imported() -> Program[tuple[int, Mapping[Table, Sequence[ReferenceRow]]]]:
    generation = (yield Statement(_GENERATION))[0]["generation"]
    tables: dict[Table, list[ReferenceRow]] = defaultdict(list)
    for row in (yield Statement(_ROWS)):
        cells = _cells.decode(row["cells"])
        tables[Table(row["table_name"])].append(ReferenceRow(code=row["code"], cells=cells))
    return generation, tables
