"""*Sans recopie*: what is known already is carried into a new declaration, each answer with a note of its origin.

Only what a form lets be carried is: never a number, a date or an amount that belongs to one invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from portnet.domain.declaring.answering.sheet import Sheet
from portnet.domain.declaring.answering.tidying import SEPARATOR
from portnet.domain.declaring.form import Field, FieldType, Form, SourceKind, split
from portnet.domain.localised import Localised

#: Which source has the first word: the shipment's own papers know best, the last declaration least.
_ORDER = tuple(SourceKind)

_NOTES: Mapping[SourceKind, Localised] = {
    SourceKind.PROFILE: Localised(
        fr="Repris de votre profil", ar="من ملفكم التعريفي", en="From your profile"
    ),
    SourceKind.SHIPMENT: Localised(
        fr="Repris du dossier {name}", ar="من الملف {name}", en="From the file {name}"
    ),
    SourceKind.TITLE: Localised(
        fr="Repris du titre {name}", ar="من السند {name}", en="From the title {name}"
    ),
    SourceKind.TEMPLATE: Localised(
        fr="Repris du modèle {name}", ar="من النموذج {name}", en="From the template {name}"
    ),
    SourceKind.LAST: Localised(
        fr="Repris de la déclaration {name}",
        ar="من التصريح {name}",
        en="From the declaration {name}",
    ),
}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Answers known from elsewhere, by the paths of any form; ``name`` is what people call it: a number, a date."""

    kind: SourceKind
    name: str
    values: Mapping[str, str]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    kind: SourceKind
    name: str


class Prefilled(msgspec.Struct, frozen=True, kw_only=True):
    """``values`` are new answers only; ``origins`` say for each path where it came from."""

    values: Mapping[str, str]
    origins: Mapping[str, Origin]


def prefill(
    form: Form, sources: Iterable[Source], have: Mapping[str, str] | None = None
) -> Prefilled:
    """What ``sources`` bring to a declaration that has the answers ``have``; those are never touched.

    Lines of one kind come from one source, with the ids that they have there.
    """
    values = dict(have or {})
    origins: dict[str, Origin] = {}
    for source in sorted(sources, key=lambda source: _ORDER.index(source.kind)):
        origin = Origin(kind=source.kind, name=source.name)
        brought = _carried(form, source, Sheet(form, values))
        values |= brought
        origins |= dict.fromkeys(brought, origin)
    asked = _asked(form, values, origins)
    return Prefilled(
        values={path: values[path] for path in asked},
        origins={path: origins[path] for path in asked},
    )


def note(origin: Origin) -> Localised:
    """Where an answer came from, as the screen says it beside the field."""
    words = _NOTES[origin.kind]
    return Localised(
        fr=words.fr.format(name=origin.name),
        ar=words.ar.format(name=origin.name),
        en=words.en.format(name=origin.name),
    )


def _carried(form: Form, source: Source, have: Sheet) -> dict[str, str]:
    """The source's answers that may be carried and whose places are free."""
    return {
        path: text
        for path, text in Sheet(form, source.values).texts.items()
        if path not in have.texts
        and (field := form.field_of(path)) is not None
        and _may_carry(form, field, source.kind, text)
        and not have.lines(field.group)
    }


def _may_carry(form: Form, field: Field, kind: SourceKind, text: str) -> bool:
    """A group that may not be carried keeps its fields; an option that is no more is no answer."""
    head = form.fields.get(f"{field.group}/*", field)
    if kind not in field.carry or kind not in head.carry:
        return False
    if field.type is FieldType.TEXT or field.options is None:
        return True
    return all(value in field.labels for value in text.split(SEPARATOR))


def _asked(form: Form, values: Mapping[str, str], origins: Mapping[str, Origin]) -> list[str]:
    """The carried paths that this form asks for now, in the form's order of lines and fields."""
    sheet = Sheet(form, values)
    rank = {path: number for number, path in enumerate(form.fields)}
    asked = [path for path in origins if sheet.text(path)]
    return sorted(asked, key=lambda path: (rank[split(path)[0]], path))
