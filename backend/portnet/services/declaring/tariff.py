"""The tariff as people search it: curated headings that we ship, and a full national one that operators load.

A file is loaded in batches into an edition of its own, and shown whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from portnet.domain.localised import Localised
from portnet.domain.reference.reference_table import KnownCodes, ReferenceRow, Table, read_table
from portnet.domain.reference.references import Listed
from portnet.domain.reference.tariff import TariffLine, wanted
from portnet.ports.clock import Clock
from portnet.ports.declaring.tariff import TariffEditions, TariffReader
from portnet.ports.unit_of_work import AuditDraft, TariffInForce, UnitsOfWork
from portnet.services.desk.anomaly import DESK

#: Lines of one transaction: some tens of milliseconds, in which nobody else writes.
_BATCH = 1_000
_NO_CODES = KnownCodes(places=frozenset(), agencies=frozenset(), headings=frozenset())


class Tariff:
    """One for a process. ``shipped`` are the lines that we ship beside the headings of the reference tables."""

    def __init__(
        self,
        shipped: Sequence[ReferenceRow],
        reader: TariffReader,
        editions: TariffEditions,
        units: UnitsOfWork,
        clock: Clock,
    ) -> None:
        self._shipped = tuple(map(_line, shipped))
        self._reader = reader
        self._editions = editions
        self._units = units
        self._clock = clock
        self._kept: Mapping[str, Listed] | None = None

    async def search(self, text: str, first: int) -> Sequence[TariffLine]:
        """By the beginning of a code, dots or not, or by words of a name, the last of them maybe unfinished."""
        asked = wanted(text)
        return [] if asked is None else await self._reader.search(asked, first)

    async def lines(self) -> Sequence[TariffLine]:
        """The whole tariff, by code."""
        return await self._reader.lines()

    async def keep(self, headings: Mapping[str, Listed]) -> None:
        """Let ``headings``, as the reference tables have them now, be found; nothing to do when they are."""
        if headings is self._kept:
            return
        lines = self._known(headings)
        await self._editions.keep_shipped(lines, _fingerprint(lines), self._clock.now())
        self._kept = headings

    def check(self, data: bytes) -> tuple[TariffLine, ...]:
        """The lines of a file that could be imported.

        Raises:
            FaultyTable: names every line that cannot be taken.
        """
        return tuple(map(_line, read_table(Table.TARIFF, data, _NO_CODES)))

    async def import_file(self, actor: str, data: bytes, headings: Mapping[str, Listed]) -> int:
        """Put a file's lines in the place of those of the last import; how many they are. All or nothing.

        Raises:
            FaultyTable: as `check`.
            TariffEditionGone: somebody else began an import meanwhile.
        """
        lines = self.check(data)
        shipped = self._known(headings)
        edition = await self._editions.begin(actor, self._clock.now())
        for start in range(0, len(lines), _BATCH):
            await self._editions.add(edition, lines[start : start + _BATCH], shipped=False)
        await self._editions.add(edition, shipped, shipped=True)
        async with self._units() as work:
            work.add(
                TariffInForce(edition=edition, shipped=_fingerprint(shipped)),
                AuditDraft(
                    company=DESK,
                    at=self._clock.now(),
                    actor=actor,
                    action="reference.imported",
                    subject=f"{Table.TARIFF.value}/{len(lines)}",
                ),
            )
            await work.commit()
        await self._editions.drop_before(edition)
        return len(lines)

    def _known(self, headings: Mapping[str, Listed]) -> tuple[TariffLine, ...]:
        known = {line.code: line for line in self._shipped}
        known |= {code: _heading(row) for code, row in headings.items()}
        return tuple(line for _, line in sorted(known.items()))


def _line(row: ReferenceRow) -> TariffLine:
    cells = row.cells
    return TariffLine(
        code=row.code,
        label=Localised(fr=cells["fr"], ar=cells["ar"], en=cells["en"]),
        source=cells["source"],
        verified=cells["verified"] == "true",
    )


def _heading(row: Listed) -> TariffLine:
    return TariffLine(code=row.code, label=row.label, source=row.source, verified=row.verified)


def _fingerprint(lines: Iterable[TariffLine]) -> str:
    return hashlib.sha256(msgspec.json.encode(tuple(lines))).hexdigest()
