"""Says everything that is wrong with a form before anyone fills it in.

It changes nothing and reads nothing; it names each fault with its place and a sentence, all of them at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from portnet.domain.authoring.authored import Fault, within
from portnet.domain.declaring.answering.rules import NEEDS
from portnet.domain.declaring.form import Condition, Field, FieldType, Form, Option
from portnet.domain.declaring.issue import IssueCode
from portnet.domain.localised import LOCALES, Localised

_PATH = re.compile(r"[a-z][a-z_]*(/[a-z][a-z_]*)+(/\*(/[a-z][a-z_]*)?)?")
_CHOICES = frozenset({FieldType.CHOICE, FieldType.MULTI_CHOICE})
_TYPED = frozenset({FieldType.TEXT, FieldType.REFERENCE})


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The codes that a form may name: procedures and papers."""

    kinds: frozenset[str]
    documents: frozenset[str]


def check(form: Form, known: Known) -> tuple[Fault, ...]:
    """All that is wrong with ``form``; empty when it may be published."""
    return (
        *_head(form, known),
        *(fault for step in form.steps for fault in _words(f"{step.code}.question", step.question)),
        *(f for step in form.steps if step.hint for f in _words(f"{step.code}.hint", step.hint)),
        *_paths(form),
        *(fault for field in form.fields.values() for fault in _field(field, form, known)),
        *_conditions(form),
        *_rules(form),
    )


def check_lists(lists: Mapping[str, tuple[Option, ...]]) -> tuple[Fault, ...]:
    """All that is wrong with lists of options."""
    return tuple(
        fault
        for name, options in lists.items()
        for option in options
        for fault in _words(f"lists.{name}.{option.value}", option.label)
    )


def _words(place: str, words: Localised) -> Iterator[Fault]:
    for locale in LOCALES:
        if not words.in_(locale).strip():
            yield Fault(place=within(place, locale), sentence="is missing")


def _head(form: Form, known: Known) -> Iterator[Fault]:
    yield from _words("label", form.label)
    if form.kind not in known.kinds:
        yield Fault(place="kind", sentence=f"the catalogue has no procedure {form.kind}")
    if form.version < 1:
        yield Fault(place="version", sentence="counts from 1")
    for key, wanted, path in (
        ("amount", FieldType.MONEY, form.amount),
        ("party", FieldType.TEXT, form.party),
    ):
        if path is not None and (path not in form.fields or form.fields[path].type is not wanted):
            yield Fault(place=key, sentence=f"no field {path} of type {wanted}")


def _paths(form: Form) -> Iterator[Fault]:
    counts = Counter(field.path for step in form.steps for field in step.fields)
    for code, times in Counter(step.code for step in form.steps).items():
        if times > 1:
            yield Fault(place=f"steps.{code}", sentence=f"is written {times} times")
    for path, times in counts.items():
        if times > 1:
            yield Fault(place=path, sentence=f"is asked {times} times")
    for step in form.steps:
        for field in step.fields:
            if not _PATH.fullmatch(field.path):
                yield Fault(place=field.path, sentence="is no path such as goods/lines/*/hs")
            elif not field.path.startswith(f"{step.code}/"):
                yield Fault(place=field.path, sentence=f"stands in the step {step.code}")
            yield from _group(field, form)


def _group(field: Field, form: Form) -> Iterator[Fault]:
    grouped = field.group is not None and not field.repeats
    head = form.fields.get(f"{field.group}/*") if grouped else None
    if grouped and (head is None or head.type is not FieldType.GROUP):
        yield Fault(place=field.path, sentence=f"there is no group {field.group}/*")
    if field.type is FieldType.GROUP and not field.repeats:
        yield Fault(place=field.path, sentence="a group's path ends in /*")
    if field.most is not None and not field.repeats:
        yield Fault(place=within(field.path, "most"), sentence="limits only what repeats")


def _field(field: Field, form: Form, known: Known) -> Iterator[Fault]:
    yield from _words(within(field.path, "label"), field.label)
    yield from _limits(field)
    wants = field.type is FieldType.DOCUMENT
    if wants != (field.document is not None):
        yield Fault(place=within(field.path, "document"), sentence="goes with the type DOCUMENT")
    elif field.document is not None and field.document not in known.documents:
        sentence = f"the catalogue has no document {field.document}"
        yield Fault(place=within(field.path, "document"), sentence=sentence)
    if (field.type is FieldType.MONEY) != (field.currency is not None):
        yield Fault(place=within(field.path, "currency"), sentence="goes with the type MONEY")
    elif field.currency is not None and field.currency not in form.fields:
        yield Fault(place=within(field.path, "currency"), sentence=f"no field {field.currency}")


def _limits(field: Field) -> Iterator[Fault]:
    if field.type in _CHOICES and not field.options:
        yield Fault(place=within(field.path, "list"), sentence="a choice needs options")
    if field.options is not None and field.type not in _CHOICES | {FieldType.TEXT}:
        yield Fault(place=within(field.path, "list"), sentence=f"a {field.type} has no options")
    if field.type in _TYPED and field.max_length is None:
        yield Fault(place=within(field.path, "max_length"), sentence="is missing")
    if (field.type is FieldType.NUMBER) != (field.decimals is not None):
        yield Fault(place=within(field.path, "decimals"), sentence="goes with the type NUMBER")
    dated = field.earliest is not None or field.latest is not None
    if dated and field.type is not FieldType.DATE:
        yield Fault(place=field.path, sentence="earliest and latest go with the type DATE")
    if field.pattern is not None:
        try:
            re.compile(field.pattern)
        except re.error as error:
            yield Fault(place=within(field.path, "pattern"), sentence=str(error))
    if field.forbidden is not None:
        if field.forbidden not in set(IssueCode):
            sentence = f"no issue {field.forbidden}"
            yield Fault(place=within(field.path, "forbidden"), sentence=sentence)
        if not field.visible_if:
            sentence = "goes with visible_if"
            yield Fault(place=within(field.path, "forbidden"), sentence=sentence)


def _conditions(form: Form) -> Iterator[Fault]:
    """A condition looks at a field that stands before it, so that none waits for itself."""
    before: dict[str, Field] = {}
    for field in form.fields.values():
        for condition in field.visible_if:
            place = within(field.path, "visible_if")
            asked = before.get(condition.path)
            if asked is None:
                yield Fault(place=place, sentence=f"no field {condition.path} before this one")
            else:
                yield from _condition(field, condition, asked, place)
        before[field.path] = field


def _condition(field: Field, condition: Condition, asked: Field, place: str) -> Iterator[Fault]:
    if not condition.any_of:
        yield Fault(place=place, sentence=f"{condition.path} has no value to be")
    if asked.options is not None:
        values = {option.value for option in asked.options}
        for value in condition.any_of:
            if value not in values:
                yield Fault(place=place, sentence=f"{condition.path} is never {value}")
    if None not in (field.group, asked.group) and field.group != asked.group:
        yield Fault(place=place, sentence=f"{condition.path} is in other lines")


def _rules(form: Form) -> Iterator[Fault]:
    for rule in sorted(form.rules):
        for path in NEEDS[rule]:
            if path not in form.fields:
                yield Fault(place="rules", sentence=f"{rule} needs a field {path}")
