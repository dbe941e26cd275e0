"""Tables out of TOML files that people write; every fault is collected, so that one look mends all.

It reads shapes only; what the values mean together is checked by whoever asked for them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeVar, cast

import msgspec
from msgspec.structs import FieldInfo

S = TypeVar("S", bound=msgspec.Struct)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong in a file: where (``states.HELD.action``), and what, in a sentence."""

    place: str
    sentence: str
    file: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.sentence) if part)

    def in_file(self, file: str) -> Fault:
        return msgspec.structs.replace(self, file=file)


class FaultyFile(ValueError):
    """A file cannot be used; ``faults`` are all that is wrong with it, a line each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def read_toml(text: str, faults: list[Fault]) -> dict[str, object]:
    """The tables of ``text``; empty, with a fault, when it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(place="", sentence=f"not TOML: {error}"))
    except RecursionError:
        faults.append(Fault(place="", sentence="not TOML: nested too deep"))
    return {}


def read_table(shape: type[S], table: object, place: str, faults: list[Fault]) -> S | None:
    """``table`` as a ``shape``; None when a required value is missing or wrong.

    A wrong optional value is left out, with a fault. Each key is judged alone, so that two mistakes
    in one table are two faults.
    """
    if not isinstance(table, Mapping):
        faults.append(Fault(place=place, sentence="a table was expected here"))
        return None
    given = cast("Mapping[str, object]", table)
    fields = _fields(shape)
    for key in sorted(given.keys() - fields.keys()):
        known = ", ".join(fields)
        faults.append(Fault(place=within(place, key), sentence=f"unknown key; known: {known}"))
    values: dict[str, object] = {}
    for key, field in fields.items():
        if key not in given:
            if field.required:
                faults.append(Fault(place=within(place, key), sentence="is missing"))
            continue
        try:
            values[field.name] = msgspec.convert(given[key], field.type)
        except msgspec.ValidationError as error:
            faults.append(Fault(place=within(place, key), sentence=str(error)))
    missing = any(field.required and field.name not in values for field in fields.values())
    return None if missing else shape(**values)


@cache
def _fields(shape: type[msgspec.Struct]) -> Mapping[str, FieldInfo]:
    # msgspec works the annotations out anew at each call: half of the time of reading a catalogue.
    return {field.encode_name: field for field in msgspec.structs.fields(shape)}


def within(place: str, key: str) -> str:
    """The place of ``key`` in the table at ``place``."""
    return f"{place}.{key}" if place else key
