"""Judges one answer by its field: is it there, is it short enough, is it what its type and format say?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from portnet.domain.declaring.answering.sheet import Sheet
from portnet.domain.declaring.answering.tidying import SEPARATOR
from portnet.domain.declaring.form import Field, FieldType, Format, Severity
from portnet.domain.declaring.issue import Facts, Issue, IssueCode
from portnet.domain.identifiers import check_container, check_dum, check_ice, doubtful_dum_key

#: How long an answer may be where its field does not say.
_LONGEST: Mapping[FieldType, int] = {
    FieldType.NUMBER: 24,
    FieldType.MONEY: 24,
    FieldType.DATE: 24,
    FieldType.MULTI_CHOICE: 500,
}
_USUAL_LONGEST = 100
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AIR_WAYBILL = re.compile(r"[0-9]{3}-([0-9]{7})([0-9])")
_TARIFF_CODE = re.compile(r"[0-9]{10}")
#: Joiners that Arabic is written with, and marks of direction that change no order by themselves. All else that is
#: not seen could show a manager another text than the one that is sent.
_HARMLESS = str.maketrans("", "", "\u200c\u200d\u200e\u200f")

Finding = tuple[IssueCode, Severity, Mapping[str, str]]


def judge(sheet: Sheet, field: Field, path: str, line: str | None, facts: Facts) -> Iterator[Issue]:
    """What is wrong with the one answer at ``path``."""
    rank = sheet.lines(field.group).get(line) if line is not None else None
    own = {"line": str(rank)} if rank is not None else {}
    for code, severity, arguments in _findings(sheet, field, path, line, facts):
        yield Issue(
            path=path,
            code=code,
            label=field.label,
            severity=severity,
            arguments={**own, **arguments},
        )


def number(text: str) -> Decimal | None:
    """A decimal of at most 15 digits before the point; None for any other text."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def day(text: str) -> date | None:
    """A day written as 2026-11-22; None for any other text."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def shown(day: date) -> str:
    """As days are written in Morocco."""
    return f"{day:%d/%m/%Y}"


def _error(code: IssueCode, **arguments: str) -> Finding:
    return code, Severity.ERROR, arguments


def _warning(code: IssueCode, **arguments: str) -> Finding:
    return code, Severity.WARN, arguments


def _findings(
    sheet: Sheet, field: Field, path: str, line: str | None, facts: Facts
) -> Iterator[Finding]:
    text = sheet.texts.get(path, "")
    if not sheet.asks(field, line):
        if text and field.forbidden is not None:
            yield _error(IssueCode(field.forbidden))
        elif text:
            yield _warning(IssueCode.NOT_ASKED)
        return
    if not text:
        if field.required:
            yield _error(IssueCode.REQUIRED)
        return
    longest = field.max_length or _LONGEST.get(field.type, _USUAL_LONGEST)
    if len(text) > longest:
        yield _error(IssueCode.TOO_LONG, most=str(longest))
        return
    if not text.isprintable() and not text.translate(_HARMLESS).isprintable():
        yield _error(IssueCode.HIDDEN_CHARACTERS)
        return
    yield from _typed(sheet, field, text, facts)


def _typed(sheet: Sheet, field: Field, text: str, facts: Facts) -> Iterator[Finding]:
    match field.type:
        case FieldType.NUMBER:
            yield from _number(field, text, field.decimals)
        case FieldType.MONEY:
            currency = sheet.text(field.currency or "")
            yield from _number(field, text, facts.decimals.get(currency), currency)
        case FieldType.DATE:
            yield from _day(field, text, facts.today)
        case FieldType.CHOICE | FieldType.MULTI_CHOICE:
            chosen = text.split(SEPARATOR) if field.type is FieldType.MULTI_CHOICE else [text]
            if any(value not in field.labels for value in chosen):
                yield _error(IssueCode.NOT_AN_OPTION)
        case _:
            yield from _text(field, text, facts)


def _number(field: Field, text: str, decimals: int | None, currency: str = "") -> Iterator[Finding]:
    value = number(text)
    if value is None:
        yield _error(IssueCode.NOT_A_NUMBER)
        return
    exponent = value.normalize().as_tuple().exponent
    if decimals is not None and isinstance(exponent, int) and -exponent > decimals:
        if decimals == 0 and not currency:
            yield _error(IssueCode.NOT_WHOLE)
        else:
            yield _error(IssueCode.TOO_MANY_DECIMALS, most=str(decimals))
    if field.positive and value <= 0:
        yield _error(IssueCode.NOT_POSITIVE)
    elif value < 0 and not field.signed:
        yield _error(IssueCode.NEGATIVE)


def _day(field: Field, text: str, today: date) -> Iterator[Finding]:
    value = day(text)
    if value is None:
        yield _error(IssueCode.NOT_A_DATE)
        return
    if field.earliest is not None:
        earliest = today + timedelta(days=field.earliest)
        if value < earliest:
            yield IssueCode.TOO_EARLY, field.early, {"date": shown(earliest)}
    if field.latest is not None:
        latest = today + timedelta(days=field.latest)
        if value > latest:
            yield _error(IssueCode.TOO_LATE, date=shown(latest))


def _text(field: Field, text: str, facts: Facts) -> Iterator[Finding]:
    if field.min_length is not None and len(text) < field.min_length:
        yield _error(IssueCode.TOO_SHORT, least=str(field.min_length))
    if field.pattern is not None and not _compiled(field.pattern).fullmatch(text):
        yield _error(IssueCode.WRONG_SHAPE)
    elif field.options is not None and text not in field.labels:
        yield _warning(IssueCode.NOT_LISTED)
    match field.format:
        case None:
            return
        case Format.ICE:
            if not check_ice(text):
                yield _error(IssueCode.ICE_WRONG)
        case Format.CONTAINER:
            if not check_container(text):
                yield _error(IssueCode.CONTAINER_WRONG)
        case Format.AIR_WAYBILL:
            found = _AIR_WAYBILL.fullmatch(text)
            if found is None or int(found[1]) % 7 != int(found[2]):
                yield _error(IssueCode.AIR_WAYBILL_WRONG)
        case Format.DUM:
            if not check_dum(text):
                yield _error(IssueCode.DUM_WRONG)
            elif doubtful_dum_key(text):
                yield _warning(IssueCode.DUM_KEY_DOUBTFUL)
        case Format.TARIFF_CODE:
            yield from _tariff_code(text, facts)


def _tariff_code(text: str, facts: Facts) -> Iterator[Finding]:
    if not _TARIFF_CODE.fullmatch(text):
        yield _error(IssueCode.TARIFF_CODE_WRONG)
    elif text[:6] not in facts.headings:
        severity = Severity.ERROR if facts.whole_tariff else Severity.WARN
        yield IssueCode.TARIFF_CODE_UNKNOWN, severity, {"heading": text[:6]}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
