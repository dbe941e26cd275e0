"""One spelling for what people type: digits of any script, separators, spaces. It never judges and never loses a word.

Check and screen see the same text: what is stored is tidied, and the check tidies again what comes from elsewhere.
"""

from __future__ import annotations

import re
import unicodedata

from portnet.domain.declaring.form import Field, FieldType, Format
from portnet.domain.identifiers import normalise

#: Longer texts are left alone: the check refuses them whatever they say.
LONGEST = 2_000
#: Between the values of a MULTI_CHOICE.
SEPARATOR = ","

# Arabic-Indic and Persian digits, and the Arabic signs for decimals and thousands.
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.", "٬")
_AIR_WAYBILL = re.compile(r"([0-9]{3})-?([0-9]{8})")
_SEPARATORS = re.compile(r"[\s.-]+")
#: A comma is a decimal sign, as French keyboards have it, except where it may as well stand for thousands.
_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]{1,2}|[0-9]{4,})")


def tidy(field: Field, text: str) -> str:
    """``text`` as it is stored and compared; empty means no answer."""
    if len(text) > LONGEST:
        return text
    match field.type:
        case FieldType.NUMBER | FieldType.MONEY:
            return _number(text)
        case FieldType.DATE:
            return text.translate(_DIGITS).strip()
        case FieldType.MULTI_CHOICE:
            chosen = {value.strip() for value in text.split(SEPARATOR)} - {""}
            return SEPARATOR.join(sorted(chosen))
        case FieldType.REFERENCE:
            return _reference(field, text.translate(_DIGITS))
        case FieldType.TEXT if field.pattern is None:
            spaced = " ".join(text.split())
            return spaced if spaced.isascii() else unicodedata.normalize("NFC", spaced)
        case _:
            return text.translate(_DIGITS).strip()


def _number(text: str) -> str:
    """Without spaces, and with a point for decimals. ``1,234`` is left: a thousand or one and a bit, nobody knows."""
    compact = "".join(text.translate(_DIGITS).split())
    comma = _COMMA.fullmatch(compact)
    return f"{comma[1]}.{comma[2]}" if comma else compact


def _reference(field: Field, text: str) -> str:
    match field.format:
        case Format.ICE | Format.TARIFF_CODE:
            return _SEPARATORS.sub("", text)
        case Format.AIR_WAYBILL:
            found = _AIR_WAYBILL.fullmatch(_SEPARATORS.sub("", text))
            return f"{found[1]}-{found[2]}" if found else text.strip()
        case Format.CONTAINER | Format.DUM:
            return normalise(field.format.value, text)
        case None:
            return normalise(field.scheme or "", text)
