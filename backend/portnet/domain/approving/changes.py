"""What a content says, path by path, and how two of them differ. Labels are the describer's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

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


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key in value:
                yield from _leaves(f"{path}/{key}" if path else str(key), value[key])
        case list():
            for place, item in enumerate(value):
                yield from _leaves(f"{path}/{place}" if path else str(place), item)
        case str():
            yield path, value
        case _:
            yield path, msgspec.json.encode(value).decode()
