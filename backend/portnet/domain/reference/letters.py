"""Words as a search compares them: French, Arabic and English letters without what people leave out when they type.

Folded text holds nothing but a-z, 0-9 and the bare Arabic letters, so that every engine sees the same words in it.
"""

from __future__ import annotations

import re
import unicodedata

#: What remains of a folded text; everything else parts words.
_WORD = re.compile(r"[a-z0-9\u0620-\u064a]+")
#: Letters that no decomposition takes apart, and Arabic ones that people write for one another.
_SAME = str.maketrans(
    {
        "œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i",
        "ٱ": "ا", "ى": "ي", "ئ": "ي", "ی": "ي", "ؤ": "و", "ة": "ه", "ک": "ك", "ء": "", "ـ": "",
    }
)  # fmt: skip
#: What stands before an Arabic noun in one word with it, the longest first.
_PREFIXES = ("وال", "بال", "ال", "لل", "و")
#: Letters that must remain of a word that lost its prefix.
_SHORTEST_STEM = 3
#: A French or English word of so many letters is looked for without the ending of its plural.
_SHORTEST_PLURAL = 5
_PLURALS = ("es", "s", "x")


def fold(text: str) -> str:
    """``text`` in small letters, without accents, vowel signs, hamzas and tatweel, its digits 0 to 9."""
    folded = _spelled(text)
    return " ".join(_WORD.findall(folded))


def words(text: str) -> list[str]:
    """The folded words of ``text``."""
    return fold(text).split()


def indexed(text: str) -> str:
    """The folded words of ``text``, and those Arabic ones again that stand with an article or "and" before them."""
    own = words(text)
    return " ".join(dict.fromkeys([*own, *(stem for word in own for stem in _stems(word))]))


def beginnings(text: str) -> tuple[frozenset[str], ...]:
    """What a search for ``text`` looks for: for each typed word the beginnings, of which a name must have one.

    The last word may be unfinished; a letter alone, such as an elided article, counts only where nothing else stands.
    """
    typed = words(text)
    longer = [word for word in typed if len(word) > 1] or typed
    return tuple(dict.fromkeys(frozenset({_singular(word), *_stems(word)}) for word in longer))


def _spelled(text: str) -> str:
    # Twice: what folding takes apart may be in capitals, and what is in small letters may come apart.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_SAME)
    return "".join(_digit(c) for c in letters)


def _digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _stems(word: str) -> list[str]:
    return [
        word[len(prefix) :]
        for prefix in _PREFIXES
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST_STEM
    ]


def _singular(word: str) -> str:
    if len(word) < _SHORTEST_PLURAL or not word.isascii():
        return word
    ending = next((e for e in _PLURALS if word.endswith(e)), "")
    return word.removesuffix(ending)
