"""What an SMS can carry: the GSM-7 alphabet, folding French into it, counting parts. Never cuts."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable

#: 3GPP TS 23.038, default alphabet: one septet each. It has é è à ù, but not ç ê ô î â œ ’ « ».
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: The extension table: an escape and a septet, two each.
EXTENSION = frozenset("^{}\\[~]|€\f")

#: Stands before a reference in an Arabic text, else it is laid out backwards.
LEFT_TO_RIGHT_MARK = "\u200e"

#: What canonical decomposition cannot fold. Marks that have no width vanish.
_REPLACEMENTS = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "œ": "oe",
    "Œ": "OE",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
    LEFT_TO_RIGHT_MARK: "",
    "\u200f": "",
}


class Encoding(enum.StrEnum):
    GSM7 = "GSM7"
    UCS2 = "UCS2"


#: Units in a message of one part, and in each part of a longer one, whose header takes six octets.
CAPACITY = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


def fold(text: str) -> str:
    """``text`` with every character that GSM-7 lacks put in one that it has, where there is one;
    others stay.
    """
    return "".join(character if _carried(character) else _folded(character) for character in text)


def encoding_of(text: str) -> Encoding:
    """The cheapest encoding that carries ``text`` as it stands."""
    return Encoding.GSM7 if all(map(_carried, text)) else Encoding.UCS2


def length(text: str, encoding: Encoding) -> int:
    """Septets or UTF-16 units. A character that GSM-7 lacks raises ValueError there."""
    return sum(_widths(text, encoding))


def parts(text: str, encoding: Encoding) -> int:
    """How many messages the network sends for ``text``; an escape or a surrogate pair is never cut
    in two.
    """
    single, multiple = CAPACITY[encoding]
    widths = list(_widths(text, encoding))
    if sum(widths) <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > multiple:
            count, used = count + 1, 0
        used += width
    return count


def _carried(character: str) -> bool:
    return character in BASIC or character in EXTENSION


def _folded(character: str) -> str:
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    decomposed = unicodedata.normalize("NFKD", character)
    bare = "".join(part for part in decomposed if not unicodedata.combining(part))
    return bare if bare and all(map(_carried, bare)) else character


def _widths(text: str, encoding: Encoding) -> Iterable[int]:
    if encoding is Encoding.UCS2:
        return (2 if ord(character) > 0xFFFF else 1 for character in text)
    if not all(map(_carried, text)):
        raise ValueError("the text has characters outside GSM-7")
    return (2 if character in EXTENSION else 1 for character in text)
