"""Reads forms out of TOML: their steps, and the parts (groups of fields) that several forms share.

It takes parsed tables, never paths. Whatever has the right shape is read; `form_check` names the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from portnet.domain.authoring.authored import Fault, read_table, within
from portnet.domain.authoring.catalogue_lists import read_words
from portnet.domain.declaring.form import (
    Condition,
    Field,
    FieldType,
    Form,
    Format,
    Option,
    Rule,
    Severity,
    SourceKind,
    Step,
)

#: Lists of options by the name that fields call them by.
Lists = Mapping[str, tuple[Option, ...]]
#: Raw tables of fields, by the name of the part.
Parts = Mapping[str, Sequence[Mapping[str, object]]]


class _FormTable(msgspec.Struct, kw_only=True):
    kind: str
    version: int
    label: object = None
    rules: frozenset[Rule] = frozenset()
    amount: str | None = None
    party: str | None = None
    steps: list[object] = []


class _StepTable(msgspec.Struct, kw_only=True):
    code: str
    question: object = None
    hint: object = None
    fields: list[object] = []


class _FieldTable(msgspec.Struct, kw_only=True):
    path: str
    type: FieldType
    label: object = None
    required: bool = False
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    most: int | None = None
    list: str | None = None
    only: tuple[str, ...] | None = None
    visible_if: dict[str, tuple[str, ...]] = {}
    format: Format | None = None
    scheme: str | None = None
    document: str | None = None
    currency: str | None = None
    decimals: int | None = None
    positive: bool = False
    signed: bool = False
    earliest: int | None = None
    latest: int | None = None
    early: Severity = Severity.ERROR
    forbidden: str | None = None
    summary: bool = False
    carry: frozenset[SourceKind] = frozenset()


class _PartFile(msgspec.Struct, kw_only=True):
    fields: list[object] = []


class _ListFile(msgspec.Struct, kw_only=True):
    lists: dict[str, object] = {}


def read_lists(tables: Mapping[str, object], faults: list[Fault]) -> dict[str, tuple[Option, ...]]:
    """The lists of a file: ``[lists.NAME]``, then ``VALUE = { fr, ar, en }`` for each option in order."""
    file = read_table(_ListFile, tables, "", faults) or _ListFile()
    lists: dict[str, tuple[Option, ...]] = {}
    for name, table in file.lists.items():
        place = f"lists.{name}"
        if not isinstance(table, Mapping):
            faults.append(Fault(place=place, sentence="a table was expected here"))
            continue
        words = cast("Mapping[str, object]", table)
        lists[name] = tuple(
            Option(value=value, label=read_words(label, within(place, value), faults))
            for value, label in words.items()
        )
    return lists


def read_part(tables: Mapping[str, object], faults: list[Fault]) -> list[Mapping[str, object]]:
    """The raw fields of a part; they are read where they are included, with what that form says over them."""
    file = read_table(_PartFile, tables, "", faults) or _PartFile()
    return list(_tables(file.fields, "fields", faults))


def read_form(
    tables: Mapping[str, object], parts: Parts, lists: Lists, faults: list[Fault]
) -> Form | None:
    """As much of a form as has the right shape; None when not even its head has."""
    head = read_table(_FormTable, tables, "", faults)
    if head is None:
        return None
    steps = (
        _step(table, f"steps[{number}]", parts, lists, faults)
        for number, table in enumerate(head.steps, start=1)
    )
    return Form(
        kind=head.kind,
        version=head.version,
        label=read_words(head.label, "label", faults),
        steps=tuple(step for step in steps if step is not None),
        rules=head.rules,
        amount=head.amount,
        party=head.party,
    )


def _step(
    table: object, place: str, parts: Parts, lists: Lists, faults: list[Fault]
) -> Step | None:
    read = read_table(_StepTable, table, place, faults)
    if read is None:
        return None
    fields = (
        _field(raw, f"{place}.fields", lists, faults)
        for raw in _merged(read.fields, within(place, "fields"), parts, faults)
    )
    hint = None if read.hint is None else read_words(read.hint, within(place, "hint"), faults)
    return Step(
        code=read.code,
        question=read_words(read.question, within(place, "question"), faults),
        hint=hint,
        fields=tuple(field for field in fields if field is not None),
    )


def _merged(
    tables: Sequence[object], place: str, parts: Parts, faults: list[Fault]
) -> list[Mapping[str, object]]:
    """The step's fields with its parts' in their places. A field said again is the included one with other words."""
    merged: dict[object, dict[str, object]] = {}
    for table in _tables(tables, place, faults):
        name = table.get("include")
        if name is None:
            added: Sequence[Mapping[str, object]] = (table,)
        elif name in parts and len(table) == 1:
            added = parts[cast("str", name)]
        else:
            faults.append(Fault(place=place, sentence=f"no part {name}, or more than its name"))
            continue
        for field in added:
            path = field.get("path")
            merged[path] = {**merged.get(path, {}), **field}
    return list(merged.values())


def _tables(
    tables: Sequence[object], place: str, faults: list[Fault]
) -> Sequence[Mapping[str, object]]:
    found = [cast("Mapping[str, object]", table) for table in tables if isinstance(table, Mapping)]
    if len(found) < len(tables):
        faults.append(Fault(place=place, sentence="a table was expected here"))
    return found


def _field(
    raw: Mapping[str, object], place: str, lists: Lists, faults: list[Fault]
) -> Field | None:
    path = raw.get("path")
    here = f"{place}[{path}]" if isinstance(path, str) else place
    read = read_table(_FieldTable, raw, here, faults)
    if read is None:
        return None
    own = {name: getattr(read, name) for name in Field.__struct_fields__ if hasattr(read, name)}
    own["label"] = read_words(read.label, within(here, "label"), faults)
    own["visible_if"] = tuple(
        Condition(path=condition, any_of=values) for condition, values in read.visible_if.items()
    )
    own["options"] = _options(read, here, lists, faults)
    return Field(**own, repeats=read.path.endswith("/*"))


def _options(
    read: _FieldTable, place: str, lists: Lists, faults: list[Fault]
) -> tuple[Option, ...] | None:
    if read.list is None:
        return None
    if read.list not in lists:
        faults.append(Fault(place=within(place, "list"), sentence=f"no list {read.list}"))
        return None
    options = lists[read.list]
    if read.only is None:
        return options
    for value in sorted(set(read.only) - {option.value for option in options}):
        faults.append(Fault(place=within(place, "only"), sentence=f"{read.list} has no {value}"))
    return tuple(option for option in options if option.value in read.only)
