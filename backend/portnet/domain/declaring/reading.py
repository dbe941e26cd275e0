"""What is read out of a declaration: its references, what it is worth, what a manager must see, what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from portnet.domain.agency import Reference
from portnet.domain.declaring.answering.judging import number
from portnet.domain.declaring.answering.rules import DS, LOTS
from portnet.domain.declaring.answering.sheet import Sheet
from portnet.domain.declaring.answering.wording import joined, same, worded
from portnet.domain.declaring.form import Field, FieldType, Form, at, split
from portnet.domain.localised import Localised

_BETWEEN = " · "
#: The fields of a line by which people know it, as far as its form has them.
_TELLING = ("hs", "description", "quantity", "unit", "value")


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """``amount`` is a decimal string, ``currency`` an ISO 4217 code."""

    amount: str
    currency: str


class LabelledText(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    label: Localised
    text: Localised


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """None stands for no answer. A line that came or went is one change, at the line's path."""

    path: str
    label: Localised
    before: Localised | None
    after: Localised | None


def answered(form: Form, values: Mapping[str, str]) -> dict[str, str]:
    """The declaration proper: tidied answers, in the order of paths; what is not asked for is not in it."""
    sheet = Sheet(form, values)
    return {path: sheet.texts[path] for path in sorted(sheet.texts) if sheet.text(path)}


def references_of(form: Form, values: Mapping[str, str]) -> tuple[Reference, ...]:
    """What the declaration is known by, each once, in the order of the form. What is too long for one is none."""
    sheet = Sheet(form, values)
    found: dict[str, Reference] = {}
    for field in form.fields.values():
        if field.scheme is not None:
            for _, text in _answers(sheet, field):
                if len(text) > (field.max_length or 0):
                    continue
                # A lot's number means something only within its summary declaration.
                value = f"{sheet.text(DS)}/{text}" if field.path == LOTS else text
                reference = Reference(scheme=field.scheme, value=value)
                found.setdefault(reference.key, reference)
    return tuple(found.values())


def amount(form: Form, values: Mapping[str, str]) -> Money | None:
    """What the whole is worth; None where the form does not ask or the answer is not there or no such amount."""
    sheet = Sheet(form, values)
    field = form.fields.get(form.amount or "")
    if field is None or field.currency is None:
        return None
    text, currency = sheet.text(field.path), sheet.text(field.currency)
    known = form.fields[field.currency].labels
    if number(text) is None or currency not in known:
        return None
    return Money(amount=text, currency=currency)


def headline(form: Form, values: Mapping[str, str]) -> Localised:
    """One line that tells declarations apart: what it is, with whom, over how much."""
    sheet = Sheet(form, values)
    parts = [form.label]
    for path in (form.party, form.amount):
        if path is not None and (text := sheet.text(path)):
            parts.append(_worded(sheet, form.fields[path], text))
    return joined(tuple(parts), _BETWEEN)


def summary(form: Form, values: Mapping[str, str]) -> tuple[LabelledText, ...]:
    """What a manager must see: the answers that the form marks so, then every line of the goods."""
    sheet = Sheet(form, values)
    return tuple(_summed(sheet))


def diff(
    form: Form, before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[FieldChange, ...]:
    """Every answer that differs, hidden and unknown ones too: nothing changes behind a manager's back."""
    old, new = Sheet(form, before), Sheet(form, after)
    return (*_changes(old, new), *_unknown_changes(old, new, before, after))


def _answers(sheet: Sheet, field: Field) -> Iterator[tuple[str, str]]:
    if field.group is not None:
        yield from sheet.every(field.path)
    elif text := sheet.text(field.path):
        yield field.path, text


def _worded(sheet: Sheet, field: Field, text: str) -> Localised:
    return worded(field, text, sheet.text(field.currency) if field.currency else "")


def _summed(sheet: Sheet) -> Iterator[LabelledText]:
    for field in sheet.form.fields.values():
        if field.type is FieldType.GROUP:
            for line in sheet.lines(field.group):
                yield LabelledText(
                    path=at(field.path, line),
                    label=_label(sheet, field, line),
                    text=_line(sheet, field, line),
                )
        elif field.summary:
            for path, text in _answers(sheet, field):
                label = _label(sheet, field, split(path)[1])
                yield LabelledText(path=path, label=label, text=_worded(sheet, field, text))


def _label(sheet: Sheet, field: Field, line: str | None) -> Localised:
    """``Ligne 3``, ``Conteneur 2``; inside a group ``Ligne 3, Poids net``."""
    rank = sheet.lines(field.group).get(line) if line is not None else None
    if rank is None:
        return field.label
    if field.repeats:
        return joined((field.label, same(str(rank))), " ")
    head = sheet.form.fields[f"{field.group}/*"]
    return joined((_label(sheet, head, line), field.label), " – ")


def _line(sheet: Sheet, head: Field, line: str) -> Localised:
    """The line in a few words; whatever it has, where it has none of those by which lines are known."""
    inside = {field.path.rpartition("/")[2]: field for field in sheet.form.inside(head)}
    telling = [inside[name] for name in _TELLING if name in inside]
    parts = [
        _worded(sheet, field, text)
        for field in telling
        if (text := sheet.texts.get(at(field.path, line)))
    ]
    return joined(tuple(parts), _BETWEEN) if parts else same("…")


def _changes(old: Sheet, new: Sheet) -> Iterator[FieldChange]:
    for field in old.form.fields.values():
        if field.group is None:
            yield from _change(old, new, field, None)
        elif field.repeats:
            came_or_stayed = new.lines(field.group)
            gone = [line for line in old.lines(field.group) if line not in came_or_stayed]
            for line in sorted([*came_or_stayed, *gone]):
                yield from _line_change(old, new, field, line)


def _line_change(old: Sheet, new: Sheet, head: Field, line: str) -> Iterator[FieldChange]:
    was, stays = line in old.lines(head.group), line in new.lines(head.group)
    if (was and stays) or head.type is not FieldType.GROUP:
        for field in new.form.inside(head):
            yield from _change(old, new, field, line)
        return
    sheet = new if stays else old
    yield FieldChange(
        path=at(head.path, line),
        label=_label(sheet, head, line),
        before=None if stays else _line(old, head, line),
        after=_line(new, head, line) if stays else None,
    )


def _change(old: Sheet, new: Sheet, field: Field, line: str | None) -> Iterator[FieldChange]:
    path = at(field.path, line)
    before, after = old.texts.get(path), new.texts.get(path)
    if before == after:
        return
    yield FieldChange(
        path=path,
        label=_label(new if after else old, field, line),
        before=_worded(old, field, before) if before else None,
        after=_worded(new, field, after) if after else None,
    )


def _unknown_changes(
    old: Sheet, new: Sheet, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[FieldChange]:
    for path in sorted({*old.unknown, *new.unknown}):
        was, now = before.get(path), after.get(path)
        if was != now:
            yield FieldChange(
                path=path,
                label=same(path),
                before=same(was) if was else None,
                after=same(now) if now else None,
            )
