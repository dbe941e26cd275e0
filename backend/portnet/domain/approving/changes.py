"""What a content says, path by path, and how two of them differ. Labels are the describer's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

_Json: TypeAlias = "dict[str, _Json] | list[_Json] | str | float | bool | None"
_decoder = msgspec.json.Decoder()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One path whose value differs; None where it has none."""

    path: str
    before: str | None
    after: str | None


def values_of(body: str) -> Mapping[str, str]:
    """The leaves of a JSON document by their paths, joined with slashes."""
    return dict(_leaves("", _decoder.decode(body)))


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """What became of each path that was touched, in the order of the paths."""
    touched = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return tuple(Change(path=p, before=before.get(p), after=after.get(p)) for p in touched)


def _leaves(path: str, value: _Json) -> Iterator[tuple[str, str]]:
    inside = f"{path}/" if path else ""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{inside}{key}", item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(f"{inside}{place}", item)
    else:
        yield path, value if isinstance(value, str) else msgspec.json.encode(value).decode()
