"""The reference tables that we ship, as CSV beside this file. What operators import stands before them."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Mapping

from portnet.domain.reference.reference_table import ReferenceRow, Table, read_table
from portnet.domain.reference.references import references

#: A table comes after those that its rows point at.
_ORDER = (
    Table.PLACES,
    Table.OFFICES,
    Table.REGIMES,
    Table.BANKS,
    Table.HEADINGS,
    Table.DOCUMENTS,
    Table.TARIFF,
)


def load_shipped(agencies: Iterable[str]) -> Mapping[Table, tuple[ReferenceRow, ...]]:
    """The rows of every shipped table; ``agencies`` are the catalogue's codes, which offices name.

    Raises:
        FaultyTable: a shipped file is wrong.
    """
    rows: dict[Table, tuple[ReferenceRow, ...]] = {}
    agencies = frozenset(agencies)
    for table in _ORDER:
        rows[table] = read_table(table, _file(table), references(rows).known_codes(agencies))
    return rows


def load_tariff() -> tuple[ReferenceRow, ...]:
    """The tariff lines that we ship beside the headings; they point at no other table.

    Raises:
        FaultyTable: the file is wrong.
    """
    return read_table(Table.TARIFF, _file(Table.TARIFF), references({}).known_codes(()))


def _file(table: Table) -> bytes:
    return importlib.resources.files(__name__).joinpath(f"{table.value}.csv").read_bytes()
