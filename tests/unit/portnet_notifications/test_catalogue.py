from __future__ import annotations

import msgspec
import pytest

from portnet.domain.alerts import Addressee
from portnet_notifications.catalogue import ALERTED, ALERTS, USER, AudienceLevel, parse_alerts


def test_all_45_alerts_are_there() -> None:
    assert set(ALERTS) == {f"A{number:02}" for number in range(1, 46)}


def test_a_hold_reaches_declarant_broker_and_logistics_at_once() -> None:
    assert ALERTS["A14"].levels == {
        Addressee.DECLARANT: 4,
        Addressee.BROKER: 4,
        Addressee.LOGISTICS: 4,
    }


def test_an_uncertain_payment_wakes_who_pays_and_only_tells_the_declarant() -> None:
    assert ALERTS["A09"].levels == {
        Addressee.FINANCE: 4,
        Addressee.MANAGER: 4,
        Addressee.DECLARANT: 2,
    }


def test_a_change_of_account_goes_to_its_user_and_a_correction_to_who_was_told() -> None:
    assert AudienceLevel(role=USER, level=4) in ALERTS["A25"].audiences
    assert ALERTS["A25"].levels == {Addressee.ADMINISTRATOR: 4}
    assert ALERTS["A27"].audiences == (AudienceLevel(role=ALERTED, level=3),)
    assert ALERTS["A27"].levels == {}


def test_good_news_is_the_catalogue_s() -> None:
    good = {code for code, kind in ALERTS.items() if kind.good_news}
    expected = "A01 A08 A10 A11 A15 A17 A21 A26 A29 A31 A34 A41 A42"
    assert good == set(expected.split())


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("audience = {}", "no audience"),
        ("audience = { DX = 2 }", "unknown letter"),
        ("audience = { D = 2, DB = 3 }", "twice"),
        ("audience = { D = 5 }", "level"),
        ("audience = { D = 4 }\ngood_news = true", "good news"),
    ],
)
def test_an_entry_that_breaks_a_rule_is_named(entry: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"A99.*{reason}"):
        parse_alerts(f"[A99]\n{entry}")


def test_all_wrong_entries_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"A98.*A99"):
        parse_alerts("[A98]\naudience = {}\n[A99]\naudience = {}")


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        parse_alerts("[A99]\naudience = { D = 1 }\ngoodnews = true")
