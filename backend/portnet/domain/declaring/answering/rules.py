"""Judges answers together: goods by sea, sums, weights, titles. A form keeps the rules that it names.

The paths here are those that forms give to these questions; a form that keeps a rule has its fields (`NEEDS`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from portnet.domain.declaring.answering.judging import number, shown
from portnet.domain.declaring.answering.sheet import Sheet
from portnet.domain.declaring.form import Rule, Severity, split
from portnet.domain.declaring.issue import Facts, Issue, IssueCode, TitleFacts

OPERATOR = "operation/operator_ice"
COUNTRY = "operation/party/country"
CURRENCY = "operation/invoice/currency"
AMOUNT = "operation/invoice/amount"
INCOTERM = "operation/incoterm"
MODE = "operation/transport/mode"
TITLE = "operation/title/number"
DS = "operation/manifest/ds"
LOTS = "operation/manifest/lots/*"
CONTAINERS = "operation/transport/containers/*"
HS = "goods/lines/*/hs"
VALUE = "goods/lines/*/value"
GROSS = "goods/lines/*/gross"
NET = "goods/lines/*/net"
PREFERENCE = "goods/lines/*/preference"
ORIGIN_PROOF = "documents/origin_certificate"

#: Incoterms 2020 that are meant for goods by ship alone.
_BY_SEA = frozenset({"FAS", "FOB", "CFR", "CIF"})
#: What rounding may take from or add to each line.
_ROUNDING = Decimal("0.01")
_HOME = "MA"
_NO_PREFERENCE = "NONE"

#: The fields without which a rule has nothing to look at.
NEEDS: Mapping[Rule, tuple[str, ...]] = {
    Rule.OWN_COMPANY: (OPERATOR,),
    Rule.FOREIGN_PARTY: (COUNTRY,),
    Rule.SEA_INCOTERM: (INCOTERM, MODE),
    Rule.TITLE: (TITLE, AMOUNT, CURRENCY, HS),
    Rule.LOT: (DS, LOTS),
    Rule.CONTAINERS: (CONTAINERS,),
    Rule.WEIGHTS: (GROSS, NET),
    Rule.TOTAL: (AMOUNT, VALUE),
    Rule.PREFERENCE: (PREFERENCE, ORIGIN_PROOF),
}


def keep(rule: Rule, sheet: Sheet, facts: Facts) -> Iterator[Issue]:
    """What breaks ``rule``; nothing where the answers that it compares are not there or no such answers."""
    return _RULES[rule](sheet, facts)


def _found(
    sheet: Sheet,
    path: str,
    code: IssueCode,
    severity: Severity = Severity.ERROR,
    **arguments: str,
) -> Issue:
    field = sheet.form.field_of(path)
    line = split(path)[1]
    if field is not None and line is not None:
        arguments = {"line": str(sheet.lines(field.group)[line]), **arguments}
    label = field.label if field else None
    return Issue(path=path, code=code, label=label, severity=severity, arguments=arguments)


def _own_company(sheet: Sheet, facts: Facts) -> Iterator[Issue]:
    stated = sheet.text(OPERATOR)
    if stated and facts.company_ice is not None and stated != facts.company_ice:
        yield _found(sheet, OPERATOR, IssueCode.OTHER_COMPANY)


def _foreign_party(sheet: Sheet, _facts: Facts) -> Iterator[Issue]:
    if sheet.text(COUNTRY) == _HOME:
        yield _found(sheet, COUNTRY, IssueCode.PARTY_AT_HOME, Severity.WARN)


def _sea_incoterm(sheet: Sheet, _facts: Facts) -> Iterator[Issue]:
    incoterm = sheet.text(INCOTERM)
    if incoterm in _BY_SEA and sheet.text(MODE) not in ("", "SEA"):
        yield _found(sheet, INCOTERM, IssueCode.INCOTERM_BY_SEA, incoterm=incoterm)


def _title(sheet: Sheet, facts: Facts) -> Iterator[Issue]:
    title = facts.titles.get(sheet.text(TITLE))
    if title is None:
        return
    if title.expires is not None and title.expires < facts.today:
        yield _found(sheet, TITLE, IssueCode.TITLE_EXPIRED, date=shown(title.expires))
    yield from _within_title(sheet, title)
    for path, code in sheet.every(HS):
        if title.headings and code[:6] not in title.headings:
            yield _found(sheet, path, IssueCode.NOT_IN_TITLE, heading=code[:6])


def _within_title(sheet: Sheet, title: TitleFacts) -> Iterator[Issue]:
    currency = sheet.text(CURRENCY)
    if title.currency is not None and currency and currency != title.currency:
        yield _found(sheet, CURRENCY, IssueCode.TITLE_OTHER_CURRENCY, currency=title.currency)
        return
    amount, remaining = number(sheet.text(AMOUNT)), number(title.remaining or "")
    if amount is not None and remaining is not None and amount > remaining:
        left = f"{title.remaining} {title.currency or currency}".strip()
        yield _found(sheet, AMOUNT, IssueCode.TITLE_EXCEEDED, remaining=left)


def _lot(sheet: Sheet, facts: Facts) -> Iterator[Issue]:
    for path, lot in sheet.every(LOTS):
        if f"{sheet.text(DS)}/{lot}" in facts.taken_lots:
            yield _found(sheet, path, IssueCode.LOT_TAKEN)


def _containers(sheet: Sheet, facts: Facts) -> Iterator[Issue]:
    seen: set[str] = set()
    for path, container in sheet.every(CONTAINERS):
        if container in seen:
            yield _found(sheet, path, IssueCode.CONTAINER_TWICE)
        elif container in facts.busy_containers:
            yield _found(sheet, path, IssueCode.CONTAINER_BUSY, Severity.WARN)
        seen.add(container)


def _weights(sheet: Sheet, _facts: Facts) -> Iterator[Issue]:
    gross = {split(path)[1]: number(text) for path, text in sheet.every(GROSS)}
    for path, text in sheet.every(NET):
        net, whole = number(text), gross.get(split(path)[1])
        if net is not None and whole is not None and net > whole:
            yield _found(sheet, path, IssueCode.NET_ABOVE_GROSS)


def _total(sheet: Sheet, _facts: Facts) -> Iterator[Issue]:
    """Only once every line has its value: until then `REQUIRED` says what is missing."""
    amount = number(sheet.text(AMOUNT))
    values = [number(text) for _, text in sheet.every(VALUE)]
    known = [value for value in values if value is not None]
    field = sheet.form.fields[VALUE]
    if amount is None or not known or len(known) < len(sheet.lines(field.group)):
        return
    total = sum(known, Decimal(0))
    if abs(total - amount) > _ROUNDING * len(known):
        code = IssueCode.TOTAL_DIFFERS
        yield _found(sheet, AMOUNT, code, total=f"{total:f}", amount=f"{amount:f}")


def _preference(sheet: Sheet, _facts: Facts) -> Iterator[Issue]:
    claimed = any(text != _NO_PREFERENCE for _, text in sheet.every(PREFERENCE))
    if claimed and not sheet.text(ORIGIN_PROOF):
        yield _found(sheet, ORIGIN_PROOF, IssueCode.ORIGIN_PROOF_MISSING)


_RULES: Mapping[Rule, Callable[[Sheet, Facts], Iterator[Issue]]] = {
    Rule.OWN_COMPANY: _own_company,
    Rule.FOREIGN_PARTY: _foreign_party,
    Rule.SEA_INCOTERM: _sea_incoterm,
    Rule.TITLE: _title,
    Rule.LOT: _lot,
    Rule.CONTAINERS: _containers,
    Rule.WEIGHTS: _weights,
    Rule.TOTAL: _total,
    Rule.PREFERENCE: _preference,
}
