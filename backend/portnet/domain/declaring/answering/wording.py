"""How answers are written for people: options by their names, amounts and days as each language has them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from portnet.domain.declaring.answering.judging import day, number, shown
from portnet.domain.declaring.answering.tidying import SEPARATOR
from portnet.domain.declaring.form import Field, FieldType
from portnet.domain.localised import Locale, Localised

_ATTACHED = Localised(fr="jointe", ar="مرفقة", en="attached")
_COMMA: Mapping[Locale, str] = {"fr": ", ", "ar": "، ", "en": ", "}
#: Between the thousands, where it must not break.
_SPACE = "\u00a0"
#: Enough of a document's id to tell two of them apart.
_TAIL = 6


def same(text: str) -> Localised:
    """What is written alike in every language."""
    return Localised(fr=text, ar=text, en=text)


def joined(parts: tuple[Localised, ...], between: str) -> Localised:
    return Localised(
        fr=between.join(part.fr for part in parts),
        ar=between.join(part.ar for part in parts),
        en=between.join(part.en for part in parts),
    )


def worded(field: Field, text: str, currency: str = "") -> Localised:
    """The answer as people read it; one that has not its field's shape as it was typed."""
    match field.type:
        case FieldType.CHOICE | FieldType.MULTI_CHOICE | FieldType.TEXT if field.options:
            values = [text] if field.type is FieldType.TEXT else text.split(SEPARATOR)
            return _options(field, values)
        case FieldType.NUMBER | FieldType.MONEY:
            return _number(text, currency)
        case FieldType.DATE:
            known = day(text)
            return same(shown(known) if known else text)
        case FieldType.DOCUMENT:
            return joined((_ATTACHED, same(f"(…{text[-_TAIL:]})")), " ")
        case _:
            return same(text)


def _options(field: Field, values: list[str]) -> Localised:
    labels = [field.labels.get(value, same(value)) for value in values]
    if field.type is FieldType.TEXT and values[0] in field.labels:
        # The code is what the papers say; its name helps to read it.
        return joined((same(values[0]), *labels), " – ")
    return Localised(
        fr=_COMMA["fr"].join(label.fr for label in labels),
        ar=_COMMA["ar"].join(label.ar for label in labels),
        en=_COMMA["en"].join(label.en for label in labels),
    )


def _number(text: str, currency: str) -> Localised:
    value = number(text)
    if value is None:
        return same(text)
    english = _grouped(value)
    french = english.translate({ord(","): _SPACE, ord("."): ","})
    unit = f"{_SPACE}{currency}" if currency else ""
    return Localised(fr=french + unit, ar=french + unit, en=english + unit)


def _grouped(value: Decimal) -> str:
    return f"{value:,f}"
