"""Says everything that is wrong with a declaration's answers, all at once, each with the path of its field.

It decides nothing and changes nothing: what it needs to know from outside comes in as facts. It never raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portnet.domain.declaring.answering.judging import judge
from portnet.domain.declaring.answering.rules import keep
from portnet.domain.declaring.answering.sheet import Sheet
from portnet.domain.declaring.form import Field, Form, Severity, at
from portnet.domain.declaring.issue import Facts, Issue, IssueCode


def check(form: Form, values: Mapping[str, str], facts: Facts) -> tuple[Issue, ...]:
    """The issues of ``values``: of single answers in the order of the form, line by line, then of several together.

    It is the same whether or not the values were tidied before. Beyond a field's ``most``, lines are counted and not
    looked at one by one.
    """
    sheet = Sheet(form, values)
    return (
        *(Issue(path=path, code=IssueCode.UNKNOWN_FIELD) for path in sheet.unknown),
        *_answers(sheet, facts),
        *(issue for rule in sorted(form.rules) for issue in keep(rule, sheet, facts)),
    )


def blocking(issues: tuple[Issue, ...]) -> int:
    """How many of them keep a declaration from being sent."""
    return sum(issue.severity is Severity.ERROR for issue in issues)


def _answers(sheet: Sheet, facts: Facts) -> Iterator[Issue]:
    for field in sheet.form.fields.values():
        if field.group is None:
            yield from judge(sheet, field, field.path, None, facts)
        elif field.repeats:
            yield from _lines(sheet, field, facts)


def _lines(sheet: Sheet, head: Field, facts: Facts) -> Iterator[Issue]:
    """How many lines there are, and what is in each: the field that repeats itself, or the fields of the group."""
    lines = list(sheet.lines(head.group))
    if not lines and head.required and sheet.asks(head):
        yield Issue(path=head.path, code=IssueCode.REQUIRED, label=head.label)
    if head.most is not None and len(lines) > head.most:
        arguments = {"most": str(head.most)}
        yield Issue(path=head.path, code=IssueCode.TOO_MANY, label=head.label, arguments=arguments)
    inside = sheet.form.inside(head)
    for line in lines[: head.most]:
        for field in inside:
            yield from judge(sheet, field, at(field.path, line), line, facts)
