"""A content in words: by its form, or, where none knows it, each path as its own label."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from portnet.domain.approving.changes import changes
from portnet.domain.approving.money import Money
from portnet.domain.declaring import reading
from portnet.domain.declaring.form import Forms
from portnet.domain.localised import Localised
from portnet.ports.approving.describing import Line, LineChange, Values


class FormDescriber:
    """Implements `Describer` over the published forms, by the newest version of each."""

    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self._plain = PathDescriber()

    def headline(self, kind: str, values: Values, /) -> Localised | None:
        form = self._forms.form(kind)
        return None if form is None else reading.headline(form, values)

    def amount(self, kind: str, values: Values, /) -> Money | None:
        form = self._forms.form(kind)
        found = None if form is None else reading.amount(form, values)
        if found is None:
            return None
        return Money(amount=Decimal(found.amount), currency=found.currency)

    def summary(self, kind: str, values: Values, /) -> Sequence[Line]:
        form = self._forms.form(kind)
        if form is None:
            return self._plain.summary(kind, values)
        return [
            Line(path=line.path, label=line.label, text=line.text)
            for line in reading.summary(form, values)
        ]

    def changes(self, kind: str, before: Values, after: Values, /) -> Sequence[LineChange]:
        form = self._forms.form(kind)
        if form is None:
            return self._plain.changes(kind, before, after)
        return [
            LineChange(path=c.path, label=c.label, before=c.before, after=c.after)
            for c in reading.diff(form, before, after)
        ]


class PathDescriber:
    """Implements `Describer` where there are no forms: nobody knows what anything is worth."""

    def headline(self, _kind: str, _values: Values, /) -> Localised | None:
        return None

    def amount(self, _kind: str, _values: Values, /) -> Money | None:
        return None

    def summary(self, _kind: str, values: Values, /) -> Sequence[Line]:
        return [
            Line(path=path, label=_same(path), text=_same(text)) for path, text in values.items()
        ]

    def changes(self, _kind: str, before: Values, after: Values, /) -> Sequence[LineChange]:
        return [
            LineChange(
                path=change.path,
                label=_same(change.path),
                before=None if change.before is None else _same(change.before),
                after=None if change.after is None else _same(change.after),
            )
            for change in changes(before, after)
        ]


def _same(text: str) -> Localised:
    return Localised(fr=text, ar=text, en=text)
