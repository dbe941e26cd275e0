"""The alerts' texts in three languages, from ``texts/*.toml``: complete, and one SMS each.

They are read and checked at import. A text is a template. Filling it is ``compose``'s.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files

import msgspec

from portnet.domain.localised import Locale
from portnet_notifications.alphabet import (
    CAPACITY,
    LEFT_TO_RIGHT_MARK,
    Encoding,
    encoding_of,
    fold,
    length,
)
from portnet_notifications.catalogue import ALERTS

PLACEHOLDER = re.compile(r"\{(\w+)\}")

#: The longest value of each placeholder, in characters: reference, agency, time, container, place,
#: state, link.
LONGEST: Mapping[str, int] = {"r": 12, "x": 8, "t": 11, "c": 11, "p": 10, "s": 14, "l": 14}
#: Agencies' Arabic short names come from a table of at most seven characters.
_LONGEST_ARABIC_AGENCY = 7
#: Latin references: in an Arabic text each has a left-to-right mark before it.
MARKED_IN_ARABIC = frozenset({"r", "c"})
#: Placeholders that a text must survive without, by a word of the language.
_REPLACEABLE = frozenset({"r", "x", "c", "p", "s"})

LOCALES: tuple[Locale, ...] = ("fr", "ar", "en")


class AlertText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text_without_time`` is there exactly when ``text`` names a time: the deadline may be
    unknown.
    """

    text: str
    text_without_time: str | None = None


class LanguageTexts(msgspec.Struct, frozen=True, kw_only=True):
    """One language: ``unknown`` are the words said in place of a missing fact, by placeholder.

    ``verified`` is False until native speakers and the agencies have confirmed the wording.
    """

    verified: bool
    unknown: Mapping[str, str]
    alerts: Mapping[str, AlertText]


def parse_texts(toml: str) -> LanguageTexts:
    """One language's file as data; nothing is checked but its shape (msgspec.ValidationError)."""
    tables = msgspec.toml.decode(toml, type=dict[str, dict[str, str] | bool])
    alerts = {
        code: msgspec.convert(table, AlertText)
        for code, table in tables.items()
        if code not in {"verified", "unknown"}
    }
    return LanguageTexts(
        verified=msgspec.convert(tables.get("verified"), bool),
        unknown=msgspec.convert(tables.get("unknown"), dict[str, str]),
        alerts=alerts,
    )


def problems(locale: Locale, texts: LanguageTexts, codes: Collection[str]) -> Iterator[str]:
    """Everything wrong with a language, one sentence each."""
    for code in sorted(set(codes) ^ set(texts.alerts)):
        yield f"{locale} {code}: {'no text' if code in codes else 'no such alert'}"
    if missing := _REPLACEABLE - set(texts.unknown):
        yield f"{locale}: no word for an unknown {', '.join(sorted(missing))}"
    for code, alert in texts.alerts.items():
        for sentence in _problems_of(locale, alert):
            yield f"{locale} {code}: {sentence}"


def longest(locale: Locale, template: str) -> str:
    """``template`` with every placeholder at its maximum, marks included: what the length check
    counts.
    """
    return PLACEHOLDER.sub(lambda found: _longest_value(locale, found[1]), template)


def _problems_of(locale: Locale, alert: AlertText) -> Iterator[str]:
    timed = "{t}" in alert.text
    if timed != (alert.text_without_time is not None):
        yield "a text that names a time needs a form without it, and no other does"
    if "{t}" in (alert.text_without_time or ""):
        yield "the form without a time names one"
    for template in filter(None, (alert.text, alert.text_without_time)):
        yield from _problems_in(locale, template)


def _problems_in(locale: Locale, template: str) -> Iterator[str]:
    if unknown := set(PLACEHOLDER.findall(template)) - set(LONGEST):
        yield f"unknown placeholder {', '.join(sorted(unknown))}"
        return
    if re.search(r"[{}]", PLACEHOLDER.sub("", template)):
        yield "a brace that is no placeholder"
        return
    if "{l}" in template and not template.endswith(" {l}"):
        yield "the link is not at the end"
    encoding = Encoding.UCS2 if locale == "ar" else Encoding.GSM7
    body = longest(locale, template)
    body = body if locale == "ar" else fold(body)
    if encoding is Encoding.GSM7 and encoding_of(body) is not encoding:
        yield "characters outside GSM-7 after folding"
    elif (count := length(body, encoding)) > CAPACITY[encoding][0]:
        yield f"{count} units, more than one SMS"


def _longest_value(locale: Locale, placeholder: str) -> str:
    if locale != "ar":
        return "X" * LONGEST[placeholder]
    if placeholder == "x":
        return "X" * _LONGEST_ARABIC_AGENCY
    mark = LEFT_TO_RIGHT_MARK if placeholder in MARKED_IN_ARABIC else ""
    return mark + "X" * LONGEST[placeholder]


def load_texts(codes: Collection[str] = tuple(ALERTS)) -> Mapping[Locale, LanguageTexts]:
    """The shipped texts. Raises ValueError that names everything wrong in them."""
    folder = files("portnet_notifications").joinpath("texts")
    texts: dict[Locale, LanguageTexts] = {
        locale: parse_texts(folder.joinpath(f"{locale}.toml").read_text(encoding="utf-8"))
        for locale in LOCALES
    }
    found = [p for locale, language in texts.items() for p in problems(locale, language, codes)]
    if found:
        raise ValueError("alert texts: " + "; ".join(found))
    return texts


TEXTS: Mapping[Locale, LanguageTexts] = load_texts()
