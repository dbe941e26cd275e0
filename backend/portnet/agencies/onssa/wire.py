"""An SPS acknowledgement as typed data: XML without DTD, entities or depth in. Means nothing yet."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from portnet.agencies.onssa.codes import DATA_TYPES, ENTITIES, MESSAGE
from portnet.domain.adapter import LONGEST_TEXT, Malformed, plausible

#: The message itself is five deep.
_DEEPEST: Final = 12
_LONGEST_CONTENT: Final = 2_000
_BOM: Final = b"\xef\xbb\xbf"
_DECLARED: Final = re.compile(r"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)[\"']", re.ASCII)
_NAMESPACES: Final = (MESSAGE, ENTITIES, DATA_TYPES)

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Code(msgspec.Struct, frozen=True):
    """A code and the list that it is of: ``""`` for UN/CEFACT's own."""

    listed: str
    value: str

    @property
    def key(self) -> tuple[str, str]:
        return self.listed, self.value


class Text(msgspec.Struct, frozen=True):
    content: str
    lang: str


class ReferencedDocument(msgspec.Struct, frozen=True):
    type: Code
    id: str


class Note(msgspec.Struct, frozen=True):
    subject: str
    content: str


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """One SPSAcknowledgementDocument. ``id`` is our profile's addition: the schema gives it none."""

    id: str | None
    issued_at: datetime
    status: Code
    reasons: tuple[Text, ...]
    documents: tuple[ReferencedDocument, ...]
    notes: tuple[Note, ...]


class _Wrong(Exception):
    """Leaves the reading of a document; never leaves this module."""


class _Shallow(TreeBuilder):
    """Builds the tree and stops at a depth that no acknowledgement has."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Wrong(f"elements are nested deeper than {_DEEPEST}")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def speaks(body: bytes) -> bool:
    """Whether the first bytes are those of XML."""
    return body[:64].removeprefix(_BOM).lstrip(b" \t\r\n").startswith(b"<")


def read(body: bytes) -> Acknowledgement | Malformed:
    """The acknowledgement of a body, or what is wrong with it. Never raises."""
    try:
        return _acknowledgement(_root(body))
    except _Wrong as wrong:
        return Malformed(str(wrong))


def instant(text: str) -> datetime | None:
    """A moment of RFC 3339 with its offset, else None."""
    try:
        at = msgspec.convert(text, Instant)
    except msgspec.ValidationError:
        return None
    return at if plausible(at) else None


def _root(body: bytes) -> Element:
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        raise _Wrong("body is not UTF-8") from None
    declared = _DECLARED.match(text.lstrip())
    if declared and declared[1].lower() not in ("utf-8", "utf8"):
        raise _Wrong(f"XML is to be in UTF-8, not {declared[1]!r}")
    parser = DefusedXMLParser(target=_Shallow(), forbid_dtd=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
        return root
    except DefusedXmlException:
        raise _Wrong("a document type, an entity or an external reference is not allowed") from None
    except ParseError as error:
        raise _Wrong(f"not well-formed XML: {error}") from None


def _acknowledgement(root: Element) -> Acknowledgement:
    if root.tag != f"{{{MESSAGE}}}SPSAcknowledgement":
        raise _Wrong(f"Expected SPSAcknowledgement of {MESSAGE}, got {root.tag[:100]!r}")
    for element in root.iter():
        if not element.tag.startswith(tuple(f"{{{name}}}" for name in _NAMESPACES)):
            raise _Wrong(f"{element.tag[:100]!r} is of another namespace")
    documents = root.findall(f"{{{MESSAGE}}}SPSAcknowledgementDocument")
    if len(documents) != 1:
        raise _Wrong(f"one POST carries one message, here are {len(documents)} documents")
    document = documents[0]
    issued = instant(_text(_only(_only(document, "IssueDateTime"), "DateTime", DATA_TYPES)))
    if issued is None:
        raise _Wrong("IssueDateTime is no moment with an offset")
    ids = document.findall(_entity("ID"))
    return Acknowledgement(
        id=_short(_only(document, "ID")) if ids else None,
        issued_at=issued,
        status=_code(_only(document, "StatusCode")),
        reasons=tuple(map(_reason, document.findall(_entity("ReasonInformation"))))[:50],
        documents=tuple(
            map(_referenced, document.findall(_entity("ReferenceSPSReferencedDocument")))
        ),
        notes=tuple(map(_note, document.findall(_entity("IncludedSPSNote")))),
    )


def _entity(name: str) -> str:
    return f"{{{ENTITIES}}}{name}"


def _only(parent: Element, name: str, namespace: str = ENTITIES) -> Element:
    found = parent.findall(f"{{{namespace}}}{name}")
    if len(found) != 1:
        raise _Wrong(f"{_local(parent)} has {len(found)} {name} instead of 1")
    return found[0]


def _referenced(element: Element) -> ReferencedDocument:
    return ReferencedDocument(_code(_only(element, "TypeCode")), _short(_only(element, "ID")))


def _note(element: Element) -> Note:
    return Note(_short(_only(element, "SubjectCode")), _text(_only(element, "Content")))


def _reason(element: Element) -> Text:
    return Text(_text(element), element.get("languageID", "fr").lower()[:10])


def _code(element: Element) -> Code:
    listed = element.get("listID", "")
    if len(listed) > LONGEST_TEXT:
        raise _Wrong(f"listID of {_local(element)} is longer than {LONGEST_TEXT} characters")
    return Code(listed, _short(element))


def _short(element: Element) -> str:
    text = _text(element)
    if not 0 < len(text) <= LONGEST_TEXT:
        raise _Wrong(f"{_local(element)} has {len(text)} characters instead of 1 to {LONGEST_TEXT}")
    return text


def _text(element: Element) -> str:
    text = (element.text or "").strip()
    if len(element) or len(text) > _LONGEST_CONTENT:
        raise _Wrong(f"{_local(element)} is no text of at most {_LONGEST_CONTENT} characters")
    return text


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
