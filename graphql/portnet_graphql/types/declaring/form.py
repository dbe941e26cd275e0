"""A form as an app shows it: questions in the viewer's language, all rules that an app can keep itself as data."""

from __future__ import annotations

import strawberry

from portnet.domain.declaring.form import Condition as KnownCondition
from portnet.domain.declaring.form import Field, FieldType, Form, Step
from portnet.domain.localised import Locale

strawberry.enum(FieldType)


@strawberry.type(description="The answer at `path` is one of `anyOf`.")
class Condition:
    path: str
    any_of: list[str]

    @classmethod
    def of(cls, condition: KnownCondition) -> Condition:
        return cls(path=condition.path, any_of=list(condition.any_of))


@strawberry.type
class FormOption:
    value: str
    label: str


@strawberry.type
class FormField:
    path: str = strawberry.field(
        description="Of a field in a line, `*` stands for the line's own id, a ULID that the app makes."
    )
    label: str
    type: FieldType
    required: bool = strawberry.field(description="Where it is asked for: see `visibleIf`.")
    repeats: bool
    pattern: str | None
    max_length: int | None
    options: list[FormOption] | None
    visible_if: list[Condition] | None = strawberry.field(description="All hold.")

    @classmethod
    def of(cls, field: Field, locale: Locale) -> FormField:
        options = field.options
        return cls(
            path=field.path,
            label=field.label.in_(locale),
            type=field.type,
            required=field.required,
            repeats=field.repeats,
            pattern=field.pattern,
            max_length=field.max_length,
            options=None
            if options is None
            else [FormOption(value=o.value, label=o.label.in_(locale)) for o in options],
            visible_if=[Condition.of(c) for c in field.visible_if] or None,
        )


@strawberry.type(description="One screen.")
class FormStep:
    code: str
    question: str
    hint: str | None
    fields: list[FormField]

    @classmethod
    def of(cls, step: Step, locale: Locale) -> FormStep:
        return cls(
            code=step.code,
            question=step.question.in_(locale),
            hint=step.hint.in_(locale) if step.hint else None,
            fields=[FormField.of(field, locale) for field in step.fields],
        )


@strawberry.type(description="A published version never changes.")
class DeclarationForm:
    kind: str
    version: int
    label: str
    steps: list[FormStep]

    @classmethod
    def of(cls, form: Form, locale: Locale) -> DeclarationForm:
        return cls(
            kind=form.kind,
            version=form.version,
            label=form.label.in_(locale),
            steps=[FormStep.of(step, locale) for step in form.steps],
        )
