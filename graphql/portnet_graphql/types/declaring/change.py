"""How a declaration's fields differ between two of its contents, in the viewer's language."""

from __future__ import annotations

import strawberry

from portnet.domain.declaring.reading import FieldChange as KnownChange
from portnet.domain.localised import Locale


@strawberry.type
class FieldChange:
    path: str
    label: str
    before: str | None
    after: str | None

    @classmethod
    def of(cls, change: KnownChange, locale: Locale) -> FieldChange:
        return cls(
            path=change.path,
            label=change.label.in_(locale),
            before=change.before.in_(locale) if change.before else None,
            after=change.after.in_(locale) if change.after else None,
        )
