"""A declaration's content in words. Whoever knows the forms implements it; without a form there are only paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from portnet.domain.approving.money import Money
from portnet.domain.localised import Localised

Values = Mapping[str, str]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One value under its label."""

    path: str
    label: Localised
    text: Localised


class LineChange(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    label: Localised
    before: Localised | None
    after: Localised | None


class Describer(Protocol):
    """``kind`` is the code of the procedure that is declared; ``values`` are by path. Pure."""

    def headline(self, kind: str, values: Values, /) -> Localised | None:
        """One line that tells declarations apart; None where no form knows it."""
        ...

    def amount(self, kind: str, values: Values, /) -> Money | None:
        """What it is about in money; None when that is not known."""
        ...

    def summary(self, kind: str, values: Values, /) -> Sequence[Line]:
        """What a manager has to see of it, most important first."""
        ...

    def changes(self, kind: str, before: Values, after: Values, /) -> Sequence[LineChange]: ...
