"""Fills an alert's text for one person and one channel. Pure: it decides no channel.

A lock screen shows a push to anybody who holds the phone, so the container's number and the link
stay out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from portnet.domain.alerts import Channel
from portnet.domain.business_hours import CASABLANCA
from portnet.domain.localised import Locale
from portnet_notifications.alphabet import LEFT_TO_RIGHT_MARK, Encoding, encoding_of, fold, parts
from portnet_notifications.texts import MARKED_IN_ARABIC, PLACEHOLDER, TEXTS


class AlertWords(msgspec.Struct, frozen=True, kw_only=True):
    """What fills a text, already in the reader's language; ``time`` is aware UTC. A missing word is
    replaced.

    ``reference``, ``agency``, ``place`` and ``state`` are the short forms that the texts' lengths
    were checked with;
    ``link`` is the SMS's short link.
    """

    reference: str | None = None
    agency: str | None = None
    time: datetime | None = None
    container: str | None = None
    place: str | None = None
    state: str | None = None
    link: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A finished body. ``encoding`` and ``parts`` are what an SMS of it costs; a push counts as
    one part.
    """

    body: str
    encoding: Encoding
    parts: int = 1


def compose(code: str, words: AlertWords, locale: Locale, channel: Channel) -> Message:
    """The alert ``code`` as ``channel`` shows it. The inbox and e-mail read like a push: their link
    is a button.

    Raises KeyError for a code that the catalogue does not have.
    """
    if channel is Channel.SMS:
        return _sms(_filled(code, words, locale), locale)
    unlinked = msgspec.structs.replace(words, container=words.reference, link=None)
    body = _filled(code, unlinked, locale)
    return Message(body=body, encoding=encoding_of(body))


def local_time(instant: datetime) -> str:
    """``24/11 14:30`` on Moroccan clocks. Raises ValueError for a naive instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return instant.astimezone(CASABLANCA).strftime("%d/%m %H:%M")


def _sms(body: str, locale: Locale) -> Message:
    folded = body if locale == "ar" else fold(body)
    encoding = encoding_of(folded)
    # A name that GSM-7 cannot spell costs more parts; it is not mangled, and then the accents may
    # stay too.
    text = folded if encoding is Encoding.GSM7 else body
    return Message(body=text, encoding=encoding, parts=parts(text, encoding))


def _filled(code: str, words: AlertWords, locale: Locale) -> str:
    language = TEXTS[locale]
    alert = language.alerts[code]
    untimed = alert.text_without_time if words.time is None else None
    template = untimed or alert.text
    if words.link is None:
        template = template.removesuffix(" {l}")
    values = _values(words, language.unknown, locale)
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _values(words: AlertWords, unknown: Mapping[str, str], locale: Locale) -> dict[str, str]:
    known = {
        "r": words.reference,
        "x": words.agency,
        "t": None if words.time is None else local_time(words.time),
        "c": words.container,
        "p": words.place,
        "s": words.state,
        "l": words.link,
    }
    said = {key: _marked(key, value, locale) for key, value in known.items() if value}
    return {**unknown, **said}


def _marked(placeholder: str, value: str, locale: Locale) -> str:
    marked = locale == "ar" and placeholder in MARKED_IN_ARABIC
    return LEFT_TO_RIGHT_MARK + value if marked else value
