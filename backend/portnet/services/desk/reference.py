"""The reference tables in force: those that we ship, and what operators imported in their place.

Kept in memory, for frames ask for names all the time; what another process imports is noticed by its generation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from portnet.domain.reference.reference_table import ReferenceRow, Table, read_table
from portnet.domain.reference.references import References, references
from portnet.ports.clock import Clock
from portnet.ports.reading import ReferenceReader
from portnet.ports.unit_of_work import AuditDraft, TableImport, UnitsOfWork
from portnet.services.desk.anomaly import DESK

Rows = Mapping[Table, Sequence[ReferenceRow]]


class ReferenceTables:
    """One for a process. ``agencies`` are the catalogue's codes, which offices may name."""

    def __init__(
        self,
        shipped: Rows,
        agencies: Iterable[str],
        reader: ReferenceReader,
        units: UnitsOfWork,
        clock: Clock,
    ) -> None:
        self._shipped = shipped
        self._agencies = frozenset(agencies)
        self._reader = reader
        self._units = units
        self._clock = clock
        self._generation = 0
        self._current = references(shipped)

    @property
    def current(self) -> References:
        """As of the last `refresh`."""
        return self._current

    async def refresh(self) -> None:
        """Take up what was imported since; one small read when nothing was."""
        if await self._reader.generation() == self._generation:
            return
        self._generation, imported = await self._reader.imported()
        self._current = references(self._with(imported))

    def check(self, table: Table, data: bytes) -> tuple[ReferenceRow, ...]:
        """The rows of a file that could be imported now.

        Raises:
            FaultyTable: names every line that cannot be taken.
        """
        return read_table(table, data, self._current.known_codes(self._agencies))

    async def import_table(self, actor: str, table: Table, data: bytes) -> int:
        """Put a file's rows in the place of those of the last import; how many they are. All or nothing.

        Raises:
            FaultyTable: as `check`.
        """
        await self.refresh()
        rows = self.check(table, data)
        now = self._clock.now()
        async with self._units() as work:
            work.add(
                TableImport(table=table, rows=rows, at=now, by=actor),
                AuditDraft(
                    company=DESK,
                    at=now,
                    actor=actor,
                    action="reference.imported",
                    subject=f"{table.value}/{len(rows)}",
                ),
            )
            await work.commit()
        await self.refresh()
        return len(rows)

    def _with(self, imported: Rows) -> Rows:
        return {table: (*self._shipped[table], *imported.get(table, ())) for table in Table}
