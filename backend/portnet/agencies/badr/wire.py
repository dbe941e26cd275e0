"""A CUSRES interchange as typed data: bytes in, segments checked against their own counts, or what is wrong with them.

The text is split here, by no library (docs/decisions/0012). Means nothing yet.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from portnet.agencies.badr.codes import MESSAGE_TYPE
from portnet.domain.adapter import LONGEST_TEXT, Malformed
from portnet.domain.business_hours import CASABLANCA

_DEFAULT_SIGNS: Final = ":+.? '"
#: 2,000 references with their dates need a quarter; more only keep the others waiting.
_MOST_SEPARATORS: Final = 50_000
#: While a text is split, a released character stands this far above itself, where no character set reaches.
_LITERAL: Final = 0xE000
_PLAIN: Final = {_LITERAL + code: code for code in range(256)}
_LINE_ENDS: Final = re.compile(r"[\r\n]+")

#: What may stand in a text of each character set (ISO 9735, annex A); separators are part of them.
_UPPER: Final = r"A-Z0-9 .,\-()/='+:?!\"%&*;<>"
_REPERTOIRES: Final = {
    "UNOA": re.compile(rf"[{_UPPER}]*"),
    "UNOB": re.compile(rf"[{_UPPER}a-z]*"),
    "UNOC": re.compile(r"[ -~\u00a0-\u00ff]*"),
}
_CHARSET: Final = re.compile(r"UNB\W(UNO[A-Z])\W")

#: The segments of CUSRES in D.96B, service segments included. Others are a damaged or a different message.
_TAGS: Final = frozenset(
    {"UNB", "UNH", "BGM", "DTM", "FTX", "TDT", "LOC", "GIS", "EQD", "NAD", "CTA", "COM", "RFF"}
    | {"ERP", "ERC", "TAX", "MOA", "PAC", "CST", "DOC", "PCI", "MEA", "CNT", "AUT", "UNT", "UNZ"}
)
_LAYOUTS: Final = {
    "203": (re.compile(r"[0-9]{12}"), "%Y%m%d%H%M"),
    "204": (re.compile(r"[0-9]{14}"), "%Y%m%d%H%M%S"),
    "303": (re.compile(r"[0-9]{12}UTC"), "%Y%m%d%H%MUTC"),
    "304": (re.compile(r"[0-9]{14}UTC"), "%Y%m%d%H%M%SUTC"),
}


class Segment(msgspec.Struct, frozen=True):
    """One segment: its tag, and its data elements, each a tuple of components. Missing ones are empty texts."""

    tag: str
    elements: tuple[tuple[str, ...], ...]

    def get(self, element: int, component: int = 0) -> str:
        """Counted from 0, the tag aside."""
        if element >= len(self.elements) or component >= len(self.elements[element]):
            return ""
        return self.elements[element][component]


class CustomsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One CUSRES: the ids of its envelope and the segments between UNH and UNT, in their order."""

    interchange: str
    message: str
    decimal_mark: str
    segments: tuple[Segment, ...]

    @property
    def event_id(self) -> str:
        """Unique for its sender: interchange control reference and message reference."""
        return f"{self.interchange}/{self.message}"

    def all(self, tag: str, qualifier: str | None = None) -> list[Segment]:
        """The segments of that tag, in order; of that first component, where one is asked for."""
        return [s for s in self.segments if s.tag == tag and qualifier in (None, s.get(0))]


def speaks(body: bytes) -> bool:
    """Whether the first bytes are those of an interchange."""
    return body[:16].lstrip(b" \t\r\n").startswith((b"UNA", b"UNB"))


def read(body: bytes) -> CustomsResponse | Malformed:
    """The one CUSRES of an interchange, or what is wrong with it. Never raises."""
    text = _LINE_ENDS.sub("", body.decode("latin-1")).strip(" \t")
    given = text.startswith("UNA")
    signs = text[3:9] if given else _DEFAULT_SIGNS
    if len(signs) < 6 or len({*signs[:4], signs[5]}) < 5 or any(c.isalnum() for c in signs):
        return Malformed("UNA does not give six signs, each of its own")
    text = text[9:] if given else text
    if fault := _charset_fault(text):
        return Malformed(fault)
    if not text.endswith(signs[5]):
        return Malformed(f"the last segment has no end: {text[-20:]!r}")
    if sum(map(text.count, (signs[0], signs[1], signs[5]))) > _MOST_SEPARATORS:
        return Malformed(f"there are more than {_MOST_SEPARATORS} separators")
    return _enveloped(_split(text, signs), signs[2])


def instant(text: str, layout: str) -> datetime | None:
    """A DTM's moment in UTC; layouts without a zone are Casablanca's clock. None for what no clock there shows.

    The hour that comes twice, when Ramadan begins, is its first; layouts 303 and 304 say UTC and leave no doubt.
    """
    pattern, form = _LAYOUTS.get(layout, (None, ""))
    if pattern is None or not pattern.fullmatch(text):
        return None
    try:
        shown = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the next line's matter
        zone = UTC if layout.startswith("3") else CASABLANCA
        at = shown.replace(tzinfo=zone).astimezone(UTC)
        return at if at.astimezone(zone).replace(tzinfo=None) == shown else None
    except (ValueError, OverflowError):
        return None


def _charset_fault(text: str) -> str | None:
    named = _CHARSET.match(text)
    if named is None:
        return "the interchange does not begin with UNB and its character set"
    repertoire = _REPERTOIRES.get(named[1])
    if repertoire is None:
        known = ", ".join(_REPERTOIRES)
        return f"character set {named[1]} is not one of {known}"
    whole = repertoire.match(text)
    end = whole.end() if whole else 0
    if end < len(text):
        return f"{text[end]!r} at character {end} is not in {named[1]}"
    return None


def _split(text: str, signs: str) -> list[Segment]:
    """The segments of a text that ends with the last one's end."""
    component, element, release, end = signs[0], signs[1], signs[3], signs[5]
    if release != " ":
        text = re.sub(f"{re.escape(release)}(.)", lambda taken: chr(_LITERAL + ord(taken[1])), text)
    return [_segment(part.lstrip(" "), element, component) for part in text.split(end)[:-1]]


def _segment(text: str, element: str, component: str) -> Segment:
    tag, *parts = text.split(element)
    return Segment(
        tag.translate(_PLAIN),
        tuple(tuple(c.translate(_PLAIN) for c in part.split(component)) for part in parts),
    )


def _enveloped(segments: list[Segment], decimal_mark: str) -> CustomsResponse | Malformed:
    tags = [segment.tag for segment in segments]
    fault = _order_fault(tags) or _long_fault(segments)
    if fault is not None:
        return Malformed(fault)
    unb, unh, unt, unz = segments[0], segments[1], segments[-2], segments[-1]
    interchange, message = unb.get(4), unh.get(0)
    expected = (
        (interchange != "" and message != "", "UNB or UNH has no reference"),
        (
            unt.get(0) == str(len(segments) - 2),
            f"UNT counts {unt.get(0)} segments, there are {len(segments) - 2}",
        ),
        (unt.get(1) == message, f"UNT ends message {unt.get(1)}, UNH began {message}"),
        (unz.get(0) == "1", f"UNZ counts {unz.get(0)} messages, there is 1"),
        (unz.get(1) == interchange, f"UNZ ends interchange {unz.get(1)}, UNB began {interchange}"),
        (unh.elements[1:2] == (MESSAGE_TYPE,), f"UNH is not of {':'.join(MESSAGE_TYPE)}"),
        ("/" not in interchange + message, "a control reference contains /"),
    )
    for right, sentence in expected:
        if not right:
            return Malformed(sentence)
    return CustomsResponse(
        interchange=interchange,
        message=message,
        decimal_mark=decimal_mark,
        segments=tuple(segments[2:-2]),
    )


def _order_fault(tags: list[str]) -> str | None:
    if tags.count("UNH") > 1 or tags.count("UNB") > 1:
        return f"one POST carries one message, here are {max(tags.count('UNH'), tags.count('UNB'))}"
    strange = next((tag for tag in tags if tag not in _TAGS), None)
    if strange is not None:
        return f"{strange[:20]!r} is not a segment of CUSRES"
    if tags[:3] != ["UNB", "UNH", "BGM"] or tags[-2:] != ["UNT", "UNZ"] or len(tags) < 5:
        return "the segments do not stand as UNB, UNH, BGM, …, UNT, UNZ"
    if tags.count("BGM") > 1 or tags.count("UNT") > 1 or tags.count("UNZ") > 1:
        return "BGM, UNT or UNZ comes twice"
    return None


def _long_fault(segments: list[Segment]) -> str | None:
    for number, segment in enumerate(segments, start=1):
        # Free text is the one element that may be long, and becomes no id.
        longest = 512 if segment.tag == "FTX" else LONGEST_TEXT
        if any(len(part) > longest for element in segment.elements for part in element):
            return f"segment {number}, {segment.tag}: a text is longer than {longest} characters"
    return None
