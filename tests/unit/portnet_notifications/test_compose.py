from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.alerts import Channel
from portnet.domain.localised import Locale
from portnet_notifications.alphabet import BASIC, Encoding, encoding_of
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.compose import AlertWords, compose, local_time
from portnet_notifications.texts import LOCALES

WORDS = AlertWords(
    reference="309-0018538G",
    agency="ONSSA",
    time=datetime(2025, 11, 24, 13, 30, tzinfo=UTC),
    container="CSQU3054383",
    place="Casablanca",
    state="Liquidée",
    link="pn.ma/a/Zx3kQ9",
)
CODES = st.sampled_from(sorted(ALERTS))
SPOKEN = st.sampled_from(LOCALES)
# Without € and its like, which weigh two: no agency, place or state is spelled with them.
LATIN = sorted(BASIC)


def optional(longest: int) -> st.SearchStrategy[str | None]:
    return st.none() | st.text(st.sampled_from(LATIN), min_size=1, max_size=longest)


ANY_WORDS = st.builds(
    AlertWords,
    reference=optional(12),
    agency=optional(7),
    time=st.none()
    | st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    container=optional(11),
    place=optional(10),
    state=optional(14),
    link=optional(14),
)


def test_a_hold_as_an_sms_in_three_languages() -> None:
    bodies = {locale: compose("A14", WORDS, locale, Channel.SMS).body for locale in LOCALES}
    assert bodies == {
        "fr": "ONSSA 309-0018538G: mise sous consigne. Ni vente ni déplacement. pn.ma/a/Zx3kQ9",
        "ar": "ONSSA \u200e309-0018538G: منع مؤقت للبيع والنقل pn.ma/a/Zx3kQ9",
        "en": "ONSSA 309-0018538G: goods on hold. Do not sell or move. pn.ma/a/Zx3kQ9",
    }


def test_an_sms_in_french_is_folded_and_a_push_is_not() -> None:
    sms = compose("A02", WORDS, "fr", Channel.SMS)
    push = compose("A02", WORDS, "fr", Channel.PUSH)
    assert "controle documentaire. Préparez les pièces. " in sms.body
    assert sms.encoding is Encoding.GSM7
    assert (
        push.body == "DUM 309-0018538G: circuit orange, contrôle documentaire. Préparez les pièces."
    )


def test_a_push_names_the_file_where_the_sms_names_the_container() -> None:
    assert compose("A42", WORDS, "fr", Channel.SMS).body.startswith("CSQU3054383: embarqué")
    assert (
        compose("A42", WORDS, "fr", Channel.PUSH).body
        == "309-0018538G: embarqué à Casablanca le 24/11 14:30."
    )


def test_an_unknown_deadline_is_not_mentioned() -> None:
    words = AlertWords(reference="309-0018538G", link="pn.ma/a/Zx3kQ9")
    assert compose("A07", words, "en", Channel.SMS).body == "309-0018538G: to pay. pn.ma/a/Zx3kQ9"


def test_a_missing_fact_is_replaced_by_a_word() -> None:
    assert compose("A12", AlertWords(), "fr", Channel.PUSH).body == (
        "dossier BLOQUÉ par agence: action requise."
    )


def test_a_name_that_gsm_7_cannot_spell_is_kept_and_costs_its_parts() -> None:
    words = AlertWords(reference="309-0018538G", agency="أونسا", link="pn.ma/a/Zx3kQ9")
    message = compose("A14", words, "fr", Channel.SMS)
    assert "أونسا" in message.body
    assert message.encoding is Encoding.UCS2
    assert message.parts == 2


@pytest.mark.parametrize(
    ("instant", "local"),
    [
        # Dates on which all releases of tzdata agree; for late 2026 they do not.
        (datetime(2025, 11, 24, 13, 30, tzinfo=UTC), "24/11 14:30"),
        (datetime(2026, 2, 25, 13, 30, tzinfo=UTC), "25/02 13:30"),  # Ramadan
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "01/01 00:30"),
    ],
)
def test_times_are_on_moroccan_clocks(instant: datetime, local: str) -> None:
    assert local_time(instant) == local


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_time(datetime(2026, 11, 24))  # noqa: DTZ001 - the fault under test


def test_an_unknown_alert_is_refused() -> None:
    with pytest.raises(KeyError):
        compose("A99", WORDS, "fr", Channel.SMS)


@given(CODES, SPOKEN, ANY_WORDS)
def test_every_sms_is_one_part_in_its_language_s_alphabet(
    code: str, locale: Locale, words: AlertWords
) -> None:
    message = compose(code, words, locale, Channel.SMS)
    assert message.encoding is (Encoding.UCS2 if locale == "ar" else Encoding.GSM7)
    assert message.encoding is Encoding.UCS2 or encoding_of(message.body) is Encoding.GSM7
    assert message.parts == 1


@given(CODES, SPOKEN, st.booleans())
def test_a_lock_screen_shows_no_container_and_no_link(
    code: str, locale: Locale, known: bool
) -> None:
    words = WORDS if known else AlertWords(container=WORDS.container, link=WORDS.link)
    body = compose(code, words, locale, Channel.PUSH).body
    assert "CSQU3054383" not in body
    assert "pn.ma" not in body
    assert "{" not in body
    assert body == body.strip()


@given(CODES, SPOKEN)
def test_an_arabic_reference_has_its_mark_and_others_none(code: str, locale: Locale) -> None:
    body = compose(code, WORDS, locale, Channel.SMS).body
    references = body.count("309-0018538G") + body.count("CSQU3054383")
    assert body.count("\u200e") == (references if locale == "ar" else 0)
