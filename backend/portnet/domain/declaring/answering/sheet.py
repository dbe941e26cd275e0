"""A declaration's answers laid out by their form: which lines there are, what stands where, and what is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portnet.domain.declaring.answering.tidying import SEPARATOR, tidy
from portnet.domain.declaring.form import Condition, Field, FieldType, Form, at, split


class Sheet:
    """``texts`` are the tidied answers of known fields by path, empty ones left out; ``unknown`` the other paths."""

    def __init__(self, form: Form, values: Mapping[str, str]) -> None:
        self.form = form
        self.texts: dict[str, str] = {}
        self.unknown: list[str] = []
        self._lines: dict[str, dict[str, int]] = {}
        self._asked: dict[str, bool] = {}
        self._lay_out(values)

    def _lay_out(self, values: Mapping[str, str]) -> None:
        lines: dict[str, set[str]] = {}
        for path, text in values.items():
            own, line = split(path)
            field = self.form.fields.get(own)
            known = field is not None and field.type is not FieldType.GROUP and "*" not in path
            if field is None or not known:
                self.unknown += [path] if text.strip() else []
            elif tidied := tidy(field, text):
                self.texts[path] = tidied
                if line is not None and field.group is not None:
                    lines.setdefault(field.group, set()).add(line)
        # A ULID begins with its instant: lines stand in the order in which they were begun.
        self._lines = {
            group: {line: rank for rank, line in enumerate(sorted(ids), start=1)}
            for group, ids in lines.items()
        }

    def lines(self, group: str | None) -> Mapping[str, int]:
        """The lines of ``group`` and their ranks from 1, in order; of no group none."""
        return self._lines.get(group, {}) if group is not None else {}

    def text(self, path: str) -> str:
        """The answer at ``path`` if it is asked for; else empty."""
        text = self.texts.get(path)
        if not text:
            return ""
        own, line = split(path)
        return text if self.asks(self.form.fields[own], line) else ""

    def asks(self, field: Field, line: str | None = None) -> bool:
        """Whether the field is asked for, in that line where it is in one."""
        if not field.visible_if:
            return True
        key = at(field.path, line)
        if key not in self._asked:
            # A form's conditions look back only, so that this ends.
            self._asked[key] = all(self._holds(condition, line) for condition in field.visible_if)
        return self._asked[key]

    def _holds(self, condition: Condition, line: str | None) -> bool:
        if "*" not in condition.path:
            return self._has(condition.path, condition)
        if line is not None:
            return self._has(at(condition.path, line), condition)
        group = self.form.fields[condition.path].group
        return any(self._has(at(condition.path, one), condition) for one in self.lines(group))

    def _has(self, path: str, condition: Condition) -> bool:
        text = self.text(path)
        return bool(text) and any(value in condition.any_of for value in text.split(SEPARATOR))

    def every(self, path: str) -> Iterator[tuple[str, str]]:
        """Each (path, answer) of a field that repeats or is in lines, in the order of the lines."""
        field = self.form.fields.get(path)
        for line in self.lines(field.group if field else None):
            concrete = at(path, line)
            if text := self.text(concrete):
                yield concrete, text
