"""A form as data: its steps, its fields, and when each field is asked for. It asks; `checking` judges the answers.

A declaration's answers are a flat mapping of path -> text. The path of a field that repeats, or of a field inside a
line, has one ``*``: in answers the ULID of that line stands there, never a rank (``goods/lines/01J…/hs``).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from functools import cached_property

import msgspec

from portnet.domain.localised import Localised

_LINE_ID = re.compile(r"/([0-7][0-9A-HJKMNP-TV-Z]{25})(?=/|\Z)")


class FieldType(enum.StrEnum):
    """As the contract has them. A GROUP has no answer of its own; its fields' paths begin with its path."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    MONEY = "MONEY"
    DATE = "DATE"
    CHOICE = "CHOICE"
    MULTI_CHOICE = "MULTI_CHOICE"
    REFERENCE = "REFERENCE"
    DOCUMENT = "DOCUMENT"
    GROUP = "GROUP"


class Severity(enum.StrEnum):
    """An ERROR keeps a declaration from being sent, a WARN does not."""

    ERROR = "ERROR"
    WARN = "WARN"


class Format(enum.StrEnum):
    """What the text of a field must be; each has its own check digits or layout."""

    ICE = "ICE"
    CONTAINER = "CONTAINER"
    AIR_WAYBILL = "AIR_WAYBILL"
    DUM = "DUM"
    TARIFF_CODE = "TARIFF_CODE"


class SourceKind(enum.StrEnum):
    """Where an answer may be carried over from, so that nobody types it twice."""

    PROFILE = "PROFILE"
    SHIPMENT = "SHIPMENT"
    TITLE = "TITLE"
    TEMPLATE = "TEMPLATE"
    LAST = "LAST"


class Rule(enum.StrEnum):
    """What several answers must be together; a form names those that it keeps."""

    OWN_COMPANY = "OWN_COMPANY"
    FOREIGN_PARTY = "FOREIGN_PARTY"
    SEA_INCOTERM = "SEA_INCOTERM"
    TITLE = "TITLE"
    LOT = "LOT"
    CONTAINERS = "CONTAINERS"
    WEIGHTS = "WEIGHTS"
    TOTAL = "TOTAL"
    PREFERENCE = "PREFERENCE"


class Option(msgspec.Struct, frozen=True, kw_only=True):
    value: str
    label: Localised


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """The answer at ``path`` is one of ``any_of``, or has one of them where several may be chosen.

    A ``*`` means the line that the asking field is in; for a field outside of lines, any line.
    """

    path: str
    any_of: tuple[str, ...]


class Field(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One question. ``required`` holds where the field is asked for: when all of ``visible_if`` hold.

    ``options`` are the only answers of a choice; of a TEXT they are known ones, and others get a warning. ``currency``
    is the path of the answer that says in which currency a MONEY is. ``decimals`` limits a NUMBER, which is below zero
    only where ``signed``. ``earliest`` and ``latest`` are days from today; ``most`` limits what repeats. ``forbidden``
    is the issue's code where an answer is wrong as long as the field is not asked for; else it is a warning. ``scheme``
    makes the answer a reference that the declaration is known by; ``document`` is the catalogue's kind of paper;
    ``carry`` says from where an answer may be taken over.
    """

    path: str
    label: Localised
    type: FieldType
    required: bool = False
    repeats: bool = False
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    most: int | None = None
    options: tuple[Option, ...] | None = None
    visible_if: tuple[Condition, ...] = ()
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

    @cached_property
    def group(self) -> str | None:
        """What stands before the ``*`` of its path (``goods/lines``); None outside of lines."""
        before, star, _ = self.path.partition("/*")
        return before if star else None

    @cached_property
    def labels(self) -> Mapping[str, Localised]:
        """What its options are called, by value."""
        return {option.value: option.label for option in self.options or ()}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One screen."""

    code: str
    question: Localised
    hint: Localised | None
    fields: tuple[Field, ...]


class Form(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """``kind`` is the catalogue's code of what is asked for. A published version never changes.

    ``amount`` is the path of what the whole is worth, ``party`` of whom it is traded with; a headline is made of them.
    """

    kind: str
    version: int
    label: Localised
    steps: tuple[Step, ...]
    rules: frozenset[Rule] = frozenset()
    amount: str | None = None
    party: str | None = None

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """All fields by their own path, in the order in which they are asked."""
        return {field.path: field for step in self.steps for field in step.fields}

    def inside(self, head: Field) -> tuple[Field, ...]:
        """The fields of each line of a group; of a field that merely repeats, itself."""
        if head.type is not FieldType.GROUP:
            return (head,)
        return tuple(f for f in self.fields.values() if f.group == head.group and f != head)

    def field_of(self, path: str) -> Field | None:
        """The field that the answer at ``path`` belongs to, in whatever line it is; ``path`` may be the field's own."""
        return self.fields.get(split(path)[0])

    def label_of(self, path: str) -> Localised | None:
        field = self.field_of(path)
        return field.label if field else None


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """All published forms by kind and version."""

    forms: Mapping[tuple[str, int], Form]

    def form(self, kind: str, version: int | None = None) -> Form | None:
        """That version, or the newest."""
        if version is not None:
            return self.forms.get((kind, version))
        newest = max((v for k, v in self.forms if k == kind), default=0)
        return self.forms.get((kind, newest))


def at(path: str, line: str | None) -> str:
    """A field's own ``path`` in that line."""
    return path.replace("*", line) if line is not None else path


def split(path: str) -> tuple[str, str | None]:
    """A field's own path, with ``*`` in the place of the line's id, and that id; it has one line at most."""
    found = _LINE_ID.search(path)
    if found is None:
        return path, None
    return f"{path[: found.start()]}/*{path[found.end() :]}", found[1]
