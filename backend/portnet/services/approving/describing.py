"""A content in words where no form knows it: each path is its own label, and nobody knows what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

from portnet.domain.approving.changes import changes
from portnet.domain.approving.money import Money
from portnet.domain.localised import Localised
from portnet.ports.approving.describing import Line, LineChange, Values


class PathDescriber:
    """Implements `Describer`."""

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
