"""Ids that we make and references that the trade brings: built, read, compared and shortened.

No function here raises on garbage: what people and agencies type is checked, not assumed.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import msgspec
from stdnum import iso6346
from stdnum.ma import ice

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Two characters for ten bits, from the highest.
_PAIRS = tuple(a + b for a in _CROCKFORD for b in _CROCKFORD)
_PAIR_SHIFTS = tuple(range(120, -1, -10))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENTROPY_BYTES = 10

_OPAQUE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,39}):([!-~]{1,100})")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")

_SEPARATORS = re.compile(r"[\s.‐-―-]+")
#: Schemes that people write with spaces, dots or dashes which mean nothing.
_COMPACT_SCHEMES = frozenset({"DUM", "CONTAINER"})

_DUM = re.compile(r"([0-9]{3})([0-9]{3})([0-9]{4})([0-9]{7})([A-Z]?)")
#: As seen in one client of customs' system, confirmed by no official text.
_DUM_KEYS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_ICE = re.compile(r"[0-9]{15}")
_CONTAINER = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")

#: What an SMS or a lock screen has room for.
SHORT_REFERENCE = 12


class OpaqueId(msgspec.Struct, frozen=True, kw_only=True):
    """What an app's opaque id stands for: the type's name and our key in it."""

    kind: str
    key: str


def new_ulid(at: datetime, entropy: bytes) -> str:
    """26 characters that sort by the aware instant ``at`` (milliseconds), then ``entropy`` (10
    bytes)."""
    if len(entropy) != _ENTROPY_BYTES:
        raise ValueError(f"a ULID takes {_ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    number = (milliseconds << 80) | int.from_bytes(entropy, "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _PAIR_SHIFTS])


def is_ulid(text: str) -> bool:
    return _ULID.fullmatch(text) is not None


def opaque_id(kind: str, key: str) -> str:
    """The id that apps see: base64url of ``kind:key`` without padding."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).rstrip(b"=").decode("ascii")


def read_opaque_id(text: str) -> OpaqueId | None:
    """What `opaque_id` was made from, or None for any other text. Each id has one spelling only."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        match = _OPAQUE.fullmatch(decoded.decode("ascii"))
    except ValueError:
        return None
    if match is None or opaque_id(match[1], match[2]) != text:
        return None
    return OpaqueId(kind=match[1], key=match[2])


def normalise(scheme: str, value: str) -> str:
    """The one spelling under which references of ``scheme`` are compared and stored.

    Characters that nobody sees (bidi marks, zero-width spaces, control codes) come along when a
    reference is pasted.
    """
    spaced = " ".join(value.split())
    visible = "".join(character for character in spaced if character.isprintable())
    if scheme in _COMPACT_SCHEMES:
        return _SEPARATORS.sub("", visible).upper()
    return " ".join(visible.split())


def short_reference(scheme: str, value: str) -> str:
    """``value`` in at most 12 characters, e.g. ``309-0018538G``; its end tells files apart."""
    normal = normalise(scheme, value)
    if scheme == "DUM" and (dum := _DUM.fullmatch(normal)):
        return f"{dum[1]}-{dum[4]}{dum[5]}"
    if len(normal) <= SHORT_REFERENCE:
        return normal
    tail = normal[-SHORT_REFERENCE - 1 :]
    cut = re.search(r"[\s/._-]+", tail)
    whole = tail[cut.end() :] if cut else ""
    return whole if len(whole) >= SHORT_REFERENCE // 2 else tail[1:].strip()


def check_ice(text: str) -> bool:
    """Whether ``text`` is a company identifier: 15 digits whose last two check the others."""
    return _ICE.fullmatch(text) is not None and ice.is_valid(text)


def check_container(text: str) -> bool:
    """Whether ``text`` is an ISO 6346 container number in capitals, without spaces."""
    return _CONTAINER.fullmatch(text) is not None and iso6346.is_valid(text)


def check_dum(text: str) -> bool:
    """Whether ``text``, however spaced, is laid out as a DUM: office, regime, year, series, maybe a
    key."""
    return _DUM.fullmatch(normalise("DUM", text)) is not None


def dum_key(text: str) -> str | None:
    """The key letter that the known rule gives for a DUM; None for another layout."""
    dum = _DUM.fullmatch(normalise("DUM", text))
    if dum is None:
        return None
    _, regime, _, series, _ = dum.groups()
    counted = series[1:] if series.startswith("0") else series
    return _DUM_KEYS[int(regime + counted) % len(_DUM_KEYS)]


def doubtful_dum_key(text: str) -> bool:
    """Whether a DUM's letter differs from `dum_key`: a warning to show, no reason to refuse."""
    expected = dum_key(text)
    return expected is not None and normalise("DUM", text)[-1:] not in (expected, *"0123456789")
