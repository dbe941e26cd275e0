"""What an alert says in the app, on a lock screen and in an SMS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.alerts import Alert, AlertFacts, Channel, Delivery, deep_link
from portnet.domain.identifiers import OpaqueId, read_opaque_id
from portnet.domain.localised import Locale
from portnet.ports.alerts import AlertTexts
from portnet.ports.outbox import Claimed
from portnet.ports.unit_of_work import Position
from portnet_notifications.alphabet import Encoding
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.channels import PushMessage, SmsMessage
from portnet_notifications.texts import LOCALES, LONGEST
from portnet_notifications.wording import PLACES, AlertWording, short_link
from tests.support.outbox import NOW, a_delivery, an_alert

CATALOGUE = load_catalogue(frozenset(ALERTS))
AT = datetime(2025, 11, 24, 13, 30, tzinfo=UTC)
MARK = "\u200e"


def a_cursor(generation: str, position: Position) -> str:
    return f"{generation}/{position.audience}/{position.seq}"


def wording(link: str | None = None) -> AlertWording:
    return AlertWording(CATALOGUE, cursor=a_cursor, link=link)


def about(kind: str, level: int = 4, **facts: object) -> Alert:
    alert = an_alert(kind=kind, level=level)
    known = msgspec.structs.asdict(alert.facts) | facts
    return msgspec.structs.replace(alert, facts=msgspec.convert(known, AlertFacts))


def claimed(alert: Alert, delivery: Delivery) -> Claimed:
    return Claimed(
        delivery=delivery,
        alert=alert,
        sandbox=False,
        allowed=True,
        address_dead=False,
        uncertain_attempts=0,
        generation="g",
        position=Position(audience="user:amina", seq=7),
    )


def a_push(alert: Alert, **changes: object) -> PushMessage:
    taken = msgspec.structs.replace(claimed(alert, a_delivery(alert=alert)), **changes)
    message = wording("pn.ma/m/").message(taken, NOW)
    assert isinstance(message, PushMessage)
    return message


def an_sms(alert: Alert, locale: Locale = "fr", link: str | None = "pn.ma/m/") -> SmsMessage:
    delivery = a_delivery(alert=alert, channel=Channel.SMS)
    delivery = msgspec.structs.replace(delivery, locale=locale)
    message = wording(link).message(claimed(alert, delivery), NOW)
    assert isinstance(message, SmsMessage)
    return message


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("fr", "309-0018538G BLOQUÉ par Douane: action requise."),
        ("ar", f"الملف {MARK}309-0018538G متوقف لدى الجمارك: تدخلكم مطلوب"),
        ("en", "309-0018538G BLOCKED by Customs: action required."),
    ],
)
def test_the_app_says_an_alert_in_its_reader_s_language(locale: Locale, text: str) -> None:
    texts: AlertTexts = wording("pn.ma/m/")
    assert texts.text(an_alert(), locale) == text


def test_a_state_is_named_by_its_short_label() -> None:
    text = wording().text(about("A27", state="RELEASED"), "fr")
    short = CATALOGUE.definition("DUM_IMPORT", 1).state("RELEASED").short.fr
    assert short in text


def test_a_push_carries_the_lock_screen_text_ids_and_where_the_feed_stands() -> None:
    push = a_push(an_alert())
    assert push == PushMessage(
        token="token-phone-1",
        body="309-0018538G BLOQUÉ par Douane: action requise.",
        alert=push.alert,
        dossier=push.dossier,
        deep_link=f"/m/alerts/{push.alert}",
        ttl_seconds=12 * 3600,
        urgent=True,
        cursor="g/user:amina/7",
        collapse_key="dossier:A12",
        sandbox=False,
    )
    assert read_opaque_id(push.alert) == OpaqueId(kind="Alert", key="alert")
    assert push.dossier is not None
    assert read_opaque_id(push.dossier) == OpaqueId(kind="Dossier", key="dossier")
    assert deep_link("alert") == push.deep_link


def test_a_push_whose_frame_is_no_longer_kept_has_no_cursor() -> None:
    assert a_push(an_alert(), position=None).cursor is None


def test_the_sandbox_is_marked_outside_the_body() -> None:
    assert a_push(an_alert(), sandbox=True).sandbox
    assert a_push(an_alert(), sandbox=True).body == a_push(an_alert()).body


@pytest.mark.parametrize(("level", "urgent"), [(2, False), (3, True), (4, True)])
def test_only_what_matters_wakes_a_sleeping_phone(level: int, urgent: bool) -> None:
    assert a_push(about("A13", level)).urgent is urgent


def test_a_gateway_keeps_a_push_no_longer_than_its_alert_lives() -> None:
    alert = an_alert()
    delivery = a_delivery(alert=alert)
    nearly_over = alert.expires_at - timedelta(milliseconds=1)
    message = wording().message(claimed(alert, delivery), nearly_over)
    assert isinstance(message, PushMessage)
    assert message.ttl_seconds == 1


def test_a_container_is_named_in_an_sms_and_never_on_a_lock_screen() -> None:
    left = about("A11", container="CSQU3054383", place="MACAS", at=AT)
    assert an_sms(left).body == "CSQU3054383: sorti/parti de Casablanca le 24/11 14:30. pn.ma/m/"
    assert a_push(left).body == "309-0018538G: sorti/parti de Casablanca le 24/11 14:30."


def test_an_sms_refers_to_its_delivery() -> None:
    sms = an_sms(an_alert())
    assert (sms.to, sms.reference) == ("+212600000001", "delivery")
    assert (sms.encoding, sms.sandbox) == (Encoding.GSM7, False)


def test_without_a_link_the_text_ends_cleanly() -> None:
    body = an_sms(an_alert(), link=None).body
    assert body == "309-0018538G BLOQUÉ par Douane: action requise."


@pytest.mark.parametrize(
    ("place", "said"),
    [("MAPTM", "Tanger Med"), ("GATE-7", "GATE-7"), ("THE LONG QUAY", "port"), (None, "port")],
)
def test_a_place_is_named_where_there_is_room(place: str | None, said: str) -> None:
    assert f"de {said}" in wording().text(about("A11", place=place), "fr")


def test_the_names_of_places_fit_the_texts() -> None:
    names = [name.in_(locale) for name in PLACES.values() for locale in LOCALES]
    assert [name for name in names if len(name) > LONGEST["p"]] == []


@pytest.mark.parametrize(
    ("public_url", "link"),
    [
        ("https://pn.ma", "pn.ma/m/"),
        ("https://pn.ma/", "pn.ma/m/"),
        ("https://portnet.ma", "portnet.ma/m/"),
        ("https://mobile.portnet.ma", None),
        ("http://127.0.0.1:8000", None),
    ],
)
def test_a_public_address_makes_a_link_where_it_is_short(public_url: str, link: str | None) -> None:
    assert short_link(public_url) == link


def test_a_link_that_does_not_fit_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="14 characters"):
        wording("mobile.portnet.ma/m/")


@pytest.mark.parametrize("channel", [Channel.IN_APP, Channel.EMAIL])
def test_no_message_is_made_for_a_channel_without_gateways(channel: Channel) -> None:
    delivery = msgspec.structs.replace(a_delivery(), channel=channel)
    with pytest.raises(ValueError, match=channel):
        wording().message(claimed(an_alert(), delivery), NOW)


@pytest.mark.parametrize("kind", sorted(ALERTS))
@pytest.mark.parametrize("locale", LOCALES)
def test_every_alert_is_said_in_every_language(kind: str, locale: Locale) -> None:
    full = about(kind, container="CSQU3054383", place="MACAS", at=AT)
    bare = about(kind, agency=None)
    for alert in (full, bare):
        assert "{" not in an_sms(alert, locale).body
        assert "{" not in wording().text(alert, locale)


def test_an_alert_of_no_file_speaks_of_none() -> None:
    known = AlertFacts(reference="M-9G5FAV", at=NOW)
    about_none = {"dossier": None, "procedure": None, "entry": None}
    alert = msgspec.structs.replace(an_alert(kind="A38", level=2), facts=known, **about_none)
    push = a_push(alert)
    assert push.dossier is None
    assert "M-9G5FAV" in push.body
