"""Keyset pages: a cursor is the sort key of the last row, as opaque text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from portnet.ports.reading import Page, PageSize
from portnet.storage.engines.program import Row

T = TypeVar("T")
Key = tuple[int | str, ...]


_decoder = msgspec.json.Decoder(Key)


def cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(text: str, types: Sequence[type]) -> Key | None:
    """The key of a cursor, or None when it is not one of this order's. Never raises."""
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        key = _decoder.decode(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    if [type(part) for part in key] != list(types):
        return None
    return key if all(map(_storable, key)) else None


def _storable(part: int | str) -> bool:
    """Whether both engines take it: integers have 64 bits, and PostgreSQL's texts no NUL."""
    return -(2**63) <= part < 2**63 if isinstance(part, int) else "\0" not in part


def page(
    found: Sequence[Row], size: PageSize, make: Callable[[Row], T], key: Sequence[str]
) -> Page[T]:
    """A page out of the rows of a query that asked for one more than ``size.first``."""
    kept = found[: size.first]
    last: tuple[Any, ...] | None = tuple(kept[-1][column] for column in key) if kept else None
    return Page(
        items=tuple(make(row) for row in kept),
        end=None if last is None else cursor(last),
        more=len(found) > size.first,
    )


EMPTY: Page[Any] = Page(items=(), end=None, more=False)
