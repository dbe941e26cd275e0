"""Rows: tariff lines of an edition, in an order that is the tariff's, with the words by which they are found."""

from __future__ import annotations

from typing import Any

from portnet.domain.localised import Localised
from portnet.domain.reference.letters import indexed, words
from portnet.domain.reference.tariff import LONGEST_CODE, TariffLine
from portnet.storage.engines.program import Row

#: Ids of one edition.
_EDITION = 10 ** (LONGEST_CODE + 1)
#: Before the first word of a name: `^tomates` is found where the name begins with it. No folded word holds it.
FIRST = "^"


def edition_ids(edition: int) -> tuple[int, int]:
    """The first and the last id that a line of the edition can have."""
    return edition * _EDITION, (edition + 1) * _EDITION - 1


def code_ids(edition: int, digits: str) -> tuple[int, int]:
    """The first and the last id of codes that begin with ``digits``; shorter codes may lie among them."""
    start = edition * _EDITION
    lowest, highest = digits.ljust(LONGEST_CODE, "0"), digits.ljust(LONGEST_CODE, "9")
    return start + int(lowest) * 10, start + int(highest) * 10 + 9


def tariff_line_row(line: TariffLine, edition: int, shipped: bool) -> tuple[Any, ...]:
    number = edition * _EDITION + int(line.code.ljust(LONGEST_CODE, "0")) * 10 + len(line.code) // 2
    label = line.label
    return (
        number, line.code, label.fr, label.ar, label.en, line.source, int(line.verified),
        int(shipped), _words(label),
    )  # fmt: skip


def tariff_line(r: Row) -> TariffLine:
    return TariffLine(
        code=r["code"], label=Localised(fr=r["fr"], ar=r["ar"], en=r["en"]), source=r["source"],
        verified=bool(r["verified"]),
    )  # fmt: skip


def _words(label: Localised) -> str:
    found: dict[str, None] = {}
    for name in (label.fr, label.ar, label.en):
        beginning = indexed(" ".join(words(name)[:1])).split()
        found |= dict.fromkeys([*(f"{FIRST}{word}" for word in beginning), *indexed(name).split()])
    return " ".join(found)
