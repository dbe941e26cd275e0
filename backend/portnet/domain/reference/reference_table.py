"""Reference tables as CSV: the columns of each, what may stand in them, and every line that is wrong, with its reason.

A table is taken whole or not at all. This module reads and checks; what the rows mean is `references`' to say.
"""

from __future__ import annotations

import csv
import enum
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from portnet.domain.business_hours import parse_week
from portnet.domain.reference.place import PlaceKind

#: Beyond these a file is something else than one of our small tables.
LARGEST_FILE = 5_000_000
MOST_ROWS = 20_000
#: A national tariff has some 20,000 lines; one with every level above them stays under these.
LARGEST_TARIFF = 50_000_000
MOST_TARIFF_ROWS = 100_000
LONGEST_CELL = 300

_ARABIC = re.compile(r"[\u0600-\u06ff]")
_DELIMITERS = (",", ";", "\t")

Check = Callable[[str], str | None]


class Table(enum.StrEnum):
    PLACES = "places"
    OFFICES = "offices"
    REGIMES = "regimes"
    BANKS = "banks"
    HEADINGS = "headings"
    DOCUMENTS = "documents"
    TARIFF = "tariff"


class ReferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a table: its code, and every cell by the name of its column."""

    code: str
    cells: Mapping[str, str]


class LineFault(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What is wrong where: ``line`` counts from 1, the header; ``column`` is empty when the whole line is at fault."""

    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.sentence}"


class FaultyTable(ValueError):
    """The file cannot be taken; ``faults`` are all that is wrong with it, by line."""

    def __init__(self, faults: Sequence[LineFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))


class KnownCodes(msgspec.Struct, frozen=True, kw_only=True):
    """What rows may point at in other tables."""

    places: frozenset[str]
    agencies: frozenset[str]
    headings: frozenset[str]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    check: Check
    required: bool = True


def columns(table: Table) -> tuple[str, ...]:
    """The header that a table's file begins with."""
    return tuple(column.name for column in _LAYOUTS[table])


def read_table(table: Table, data: bytes, known: KnownCodes) -> tuple[ReferenceRow, ...]:
    """The rows of a CSV file in UTF-8 (a byte order mark may lead), its cells apart by comma, semicolon or tab.

    Raises:
        FaultyTable: names every fault of every line.
    """
    lines = _lines(data, LARGEST_TARIFF if table is Table.TARIFF else LARGEST_FILE)
    header, delimiter = _header(table, lines)
    faults: list[LineFault] = []
    rows: list[tuple[int, ReferenceRow]] = []
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        next(reader)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows += _row(table, header, reader.line_num, cells, faults)
    except csv.Error as error:
        faults.append(LineFault(line=reader.line_num, column="", sentence=f"not CSV: {error}"))
    faults += _repeated(rows)
    faults += _pointing_nowhere(table, rows, known)
    if not rows and not faults:
        faults.append(LineFault(line=1, column="", sentence="there is no row under the header"))
    most = MOST_TARIFF_ROWS if table is Table.TARIFF else MOST_ROWS
    if len(rows) > most:
        faults.append(LineFault(line=1, column="", sentence=f"at most {most} rows"))
    if faults:
        raise FaultyTable(faults)
    return tuple(row for _, row in rows)


# ---------------------------------------------------------------- the file


def _lines(data: bytes, largest: int) -> list[str]:
    if len(data) > largest:
        raise _at(1, f"at most {largest} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _at(line, "not UTF-8; save the file as CSV UTF-8") from None
    if "\0" in text:
        raise _at(text[: text.index("\0")].count("\n") + 1, "the character U+0000; not a text file")
    # Not `splitlines`, which also cuts at characters that may stand inside a cell.
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")]


def _header(table: Table, lines: Sequence[str]) -> tuple[tuple[str, ...], str]:
    expected = columns(table)
    first = lines[0].strip() if lines else ""
    delimiter = max(_DELIMITERS, key=first.count)
    names = tuple(name.strip().lower() for name in first.split(delimiter))
    if sorted(names) == sorted(expected):
        return names, delimiter
    missing = [name for name in expected if name not in names]
    unknown = [name for name in names if name not in expected]
    said = [f"missing {', '.join(missing)}"] if missing else []
    said += [f"unknown {', '.join(unknown)}"] if unknown else []
    said += ["a column stands twice"] if len(set(names)) < len(names) else []
    raise _at(1, f"wrong columns ({'; '.join(said)}); expected {','.join(expected)}")


def _at(line: int, sentence: str) -> FaultyTable:
    return FaultyTable([LineFault(line=line, column="", sentence=sentence)])


# ---------------------------------------------------------------- the rows


def _row(
    table: Table,
    header: Sequence[str],
    line: int,
    cells: Sequence[str],
    faults: list[LineFault],
) -> list[tuple[int, ReferenceRow]]:
    if len(cells) != len(header):
        sentence = f"{len(cells)} cells, expected {len(header)}"
        faults.append(LineFault(line=line, column="", sentence=sentence))
        return []
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    for column in _LAYOUTS[table]:
        if wrong := _wrong(column, values[column.name]):
            faults.append(LineFault(line=line, column=column.name, sentence=wrong))
    return [(line, ReferenceRow(code=values["code"], cells=values))]


def _wrong(column: Column, value: str) -> str | None:
    if not value:
        return "is empty" if column.required else None
    if len(value) > LONGEST_CELL:
        return f"at most {LONGEST_CELL} characters"
    if not value.isprintable():
        return "holds a character that nobody can see"
    return column.check(value)


def _repeated(rows: Sequence[tuple[int, ReferenceRow]]) -> list[LineFault]:
    first: dict[str, int] = {}
    faults: list[LineFault] = []
    for line, row in rows:
        before = first.setdefault(row.code, line)
        if row.code and before != line:
            sentence = f"{row.code} stands in line {before} already"
            faults.append(LineFault(line=line, column="code", sentence=sentence))
    return faults


def _pointing_nowhere(
    table: Table, rows: Sequence[tuple[int, ReferenceRow]], known: KnownCodes
) -> list[LineFault]:
    match table:
        case Table.OFFICES:
            wanted = [("agency", known.agencies), ("place", known.places)]
            return [
                LineFault(line=line, column=name, sentence=f"{row.cells[name]} is not known")
                for line, row in rows
                for name, codes in wanted
                if row.cells[name] and row.cells[name] not in codes
            ]
        case Table.HEADINGS:
            codes = known.headings | {row.code for _, row in rows}
            return [
                LineFault(line=line, column="code", sentence=f"{row.code[:-2]} is not known")
                for line, row in rows
                if len(row.code) in (4, 6) and row.code[:-2] not in codes
            ]
        case _:
            return []


# ---------------------------------------------------------------- what may stand in a column


def _shaped(pattern: str, sentence: str) -> Check:
    shape = re.compile(pattern, re.ASCII)
    return lambda value: None if shape.fullmatch(value) else sentence


def _anything(_value: str) -> str | None:
    return None


def _arabic(value: str) -> str | None:
    return None if _ARABIC.search(value) else "holds no Arabic letter"


def _week(value: str) -> str | None:
    try:
        parse_week(value)
    except ValueError as error:
        return str(error)
    return None


def _layout(code: Check, *own: Column) -> tuple[Column, ...]:
    return (
        Column(name="code", check=code),
        *own,
        Column(name="fr", check=_anything),
        Column(name="ar", check=_arabic),
        Column(name="en", check=_anything),
        Column(name="source", check=_anything),
        Column(name="verified", check=_shaped("true|false", "is true or false")),
    )


_KINDS = "|".join(PlaceKind)
_LAYOUTS: Mapping[Table, tuple[Column, ...]] = {
    Table.PLACES: _layout(
        _shaped(
            r"[A-Z]{2}[A-Z2-9]{3}|XX-[A-Z0-9-]{2,30}",
            "is a UN/LOCODE (MACAS), or XX- and a name where there is none",
        ),
        Column(name="kind", check=_shaped(_KINDS, f"is one of {', '.join(PlaceKind)}")),
    ),
    Table.OFFICES: _layout(
        _shaped(r"[A-Z0-9][A-Z0-9-]{1,29}", "is capitals, digits and dashes, such as ADII-309"),
        Column(name="agency", check=_anything),
        Column(name="place", check=_anything),
        Column(name="bureau", check=_shaped(r"[0-9]{3}", "has three digits"), required=False),
        Column(
            name="phone",
            check=_shaped(r"\+[0-9]{8,15}", "is E.164, such as +212500000000"),
            required=False,
        ),
        Column(name="hours", check=_week),
        Column(name="ramadan_hours", check=_week, required=False),
    ),
    Table.REGIMES: _layout(_shaped(r"[0-9]{3}", "has three digits")),
    Table.BANKS: _layout(_shaped(r"[A-Z0-9]{2,11}", "is 2 to 11 capitals and digits")),
    Table.HEADINGS: _layout(
        _shaped(r"[0-9]{2}|[0-9]{4}|[0-9]{6}", "is a chapter, heading or subheading: 2, 4, 6 digits")
    ),
    Table.TARIFF: _layout(
        _shaped(r"([0-9]{2}){1,5}", "is a chapter, heading, subheading or line: 2 to 10 digits")
    ),
    Table.DOCUMENTS: _layout(_shaped(r"[0-9]{1,3}", "is a code of EDIFACT 1001: 1 to 3 digits")),
}  # fmt: skip
