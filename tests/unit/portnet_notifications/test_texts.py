from __future__ import annotations

import pytest

from portnet.domain.localised import Locale
from portnet_notifications.alphabet import Encoding, encoding_of, fold, length
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.texts import (
    LOCALES,
    PLACEHOLDER,
    TEXTS,
    AlertText,
    LanguageTexts,
    load_texts,
    longest,
    parse_texts,
    problems,
)

UNKNOWN = {"r": "file", "x": "agency", "c": "container", "p": "port", "s": "updated"}


def told(locale: Locale, **alert: str) -> list[str]:
    text = AlertText(**alert)
    texts = LanguageTexts(verified=True, unknown=UNKNOWN, alerts={"A99": text})
    return list(problems(locale, texts, ["A99"]))


def test_every_alert_has_a_text_in_every_language() -> None:
    assert {locale: set(TEXTS[locale].alerts) for locale in LOCALES} == {
        locale: set(ALERTS) for locale in LOCALES
    }


def test_arabic_awaits_its_native_readers() -> None:
    assert {locale: TEXTS[locale].verified for locale in LOCALES} == {
        "fr": True,
        "ar": False,
        "en": True,
    }


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_one_sms_with_its_longest_values(locale: Locale) -> None:
    for alert in TEXTS[locale].alerts.values():
        for template in filter(None, (alert.text, alert.text_without_time)):
            body = longest(locale, template)
            if locale == "ar":
                assert length(body, Encoding.UCS2) <= 70, template
            else:
                assert encoding_of(fold(body)) is Encoding.GSM7, template
                assert length(fold(body), Encoding.GSM7) <= 160, template


@pytest.mark.parametrize("code", sorted(ALERTS))
def test_the_languages_of_an_alert_use_the_same_facts(code: str) -> None:
    used = {frozenset(PLACEHOLDER.findall(TEXTS[locale].alerts[code].text)) for locale in LOCALES}
    assert len(used) == 1


@pytest.mark.parametrize("code", sorted(ALERTS))
def test_the_form_without_a_time_loses_nothing_but_the_time(code: str) -> None:
    for locale in LOCALES:
        alert = TEXTS[locale].alerts[code]
        if alert.text_without_time is not None:
            kept = set(PLACEHOLDER.findall(alert.text)) - {"t"}
            assert set(PLACEHOLDER.findall(alert.text_without_time)) == kept


def test_arabic_starts_with_an_arabic_word() -> None:
    # An agency's or a place's name fills {x} and {p}, and is Arabic there.
    for alert in TEXTS["ar"].alerts.values():
        for template in filter(None, (alert.text, alert.text_without_time)):
            start = template.removeprefix("{x}").removeprefix("{p}").lstrip(" :")
            assert "\u0600" <= start[0] <= "\u06ff" or template.startswith(("{x}", "{p}"))


def test_the_length_counts_a_mark_before_each_arabic_reference() -> None:
    assert longest("ar", "{r} {c} {x}") == f"\u200e{'X' * 12} \u200e{'X' * 11} {'X' * 7}"
    assert longest("fr", "{r} {x}") == f"{'X' * 12} {'X' * 8}"


@pytest.mark.parametrize(
    ("locale", "alert", "reason"),
    [
        ("fr", {"text": "a {z}"}, "unknown placeholder z"),
        ("fr", {"text": "a {r"}, "brace"),
        ("fr", {"text": "le {t}"}, "form without it"),
        ("fr", {"text": "rien", "text_without_time": "rien"}, "form without it"),
        ("fr", {"text": "le {t}", "text_without_time": "le {t}"}, "names one"),
        ("fr", {"text": "{l} ici"}, "link"),
        ("fr", {"text": "Ω中"}, "outside GSM-7"),
        ("fr", {"text": "é" * 161}, "161 units"),
        ("fr", {"text": "€" * 81}, "162 units"),
        ("ar", {"text": "م" * 58 + "{r}"}, "71 units"),
    ],
)
def test_a_faulty_text_is_explained(locale: Locale, alert: dict[str, str], reason: str) -> None:
    assert reason in " ".join(told(locale, **alert))


def test_a_text_at_the_limit_is_fine() -> None:
    assert told("fr", text="ê" * 160) == []
    assert told("ar", text="م" * 57 + "{r}") == []


def test_missing_and_unknown_alerts_are_named() -> None:
    texts = LanguageTexts(verified=True, unknown={}, alerts={"A98": AlertText(text="x")})
    found = " ".join(problems("en", texts, ["A99"]))
    assert "A99: no text" in found
    assert "A98: no such alert" in found
    assert "no word for an unknown c, p, r, s, x" in found


def test_loading_names_what_is_missing_in_all_languages() -> None:
    with pytest.raises(ValueError, match=r"fr A99.*ar A99.*en A99"):
        load_texts([*ALERTS, "A99"])


def test_a_language_is_read_from_its_file() -> None:
    toml = 'verified = true\n[unknown]\nr = "file"\n[A01]\ntext = "{r}"\n'
    assert parse_texts(toml) == LanguageTexts(
        verified=True, unknown={"r": "file"}, alerts={"A01": AlertText(text="{r}")}
    )
