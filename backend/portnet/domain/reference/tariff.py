"""The tariff: its lines, and what somebody looks for in it. Which engine finds them is storage's to know."""

from __future__ import annotations

import re

import msgspec

from portnet.domain.localised import Localised
from portnet.domain.reference.letters import beginnings, fold

#: Digits of a Moroccan tariff line, the longest code there is.
LONGEST_CODE = 10
#: What is typed beyond this finds nothing better, and would only cost.
_MOST_WORDS = 8
_LONGEST_TEXT = 200
_CODE = re.compile(r"[0-9][0-9 .]*")


class TariffLine(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter, heading, subheading or national line: 2, 4, 6, 8 or 10 digits; ``source`` says who says so."""

    code: str
    label: Localised
    source: str
    verified: bool


class ByCode(msgspec.Struct, frozen=True, kw_only=True):
    """Lines whose code begins with ``digits``."""

    digits: str


class ByWords(msgspec.Struct, frozen=True, kw_only=True):
    """Lines whose names have all ``words``, each by one of its beginnings; those beginning with the first lead."""

    words: tuple[frozenset[str], ...]


def wanted(text: str) -> ByCode | ByWords | None:
    """What ``text`` looks for; None for no word at all, or for more digits than a code has."""
    text = text[:_LONGEST_TEXT].strip()
    folded = fold(text)
    if not folded:
        return None
    if _CODE.fullmatch(folded) and _CODE.fullmatch(_plain_digits(text)):
        digits = folded.replace(" ", "")
        return ByCode(digits=digits) if len(digits) <= LONGEST_CODE else None
    return ByWords(words=beginnings(text)[:_MOST_WORDS])


def _plain_digits(text: str) -> str:
    """``text`` with its digits as 0 to 9, its dots kept."""
    return "".join(fold(character) or character for character in text)
