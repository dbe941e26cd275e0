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

_LINE_ID = re.compile(r"(?<=/)[0-7][0-9A-HJKMNP-TV-Z]{25}(?=/|$)")


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


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``required`` holds where the field is asked for: when all of ``visible_if`` hold.

    ``options`` are the only answers of a choice; of a TEXT they are known ones, and others get a warning. ``currency``
    is the path of the answer that says in which currency a MONEY is. ``decimals`` limits a NUMBER. ``earliest`` and
    ``latest`` are days from today. ``forbidden`` is the issue's code where the field must be empty when it is not asked.
    ``scheme`` makes the answer a reference that the declaration is known by. ``document`` is the catalogue's kind.
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
    earliest: int | None = None
    latest: int | None = None
    early: Severity = Severity.ERROR
    forbidden: str | None = None
    summary: bool = False
    carry: frozenset[SourceKind] = frozenset()

    @property
    def group(self) -> str | None:
        """What stands before the ``*`` of its path (``goods/lines``); None outside of lines."""
        before, star, _ = self.path.partition("/*")
        return before if star else None


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

    def field_of(self, path: str) -> Field | None:
        """The field that the answer at ``path`` belongs to, whatever line it is in."""
        return self.fields.get(template(path))

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


def template(path: str) -> str:
    """``path`` with ``*`` in the place of the line's id; a field's own path as it is."""
    return _LINE_ID.sub("*", path)
