"""What counts together, and that nothing of it tells who exists or what they are called."""

import pytest

from portnet.domain.identity import throttling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_one_subscriber_is_one_address(one: str, other: str) -> None:
    assert throttling.place_of(one) == throttling.place_of(other)


@pytest.mark.parametrize(
    ("one", "other"), [("2001:db8:1:2::5", "2001:db8:1:3::5"), ("192.0.2.7", "192.0.2.8")]
)
def test_two_subscribers_are_two(one: str, other: str) -> None:
    assert throttling.place_of(one) != throttling.place_of(other)


def test_no_login_is_kept_in_clear() -> None:
    entry = throttling.sign_in("amina", None, "192.0.2.7")
    assert entry.shared is not None
    assert "amina" not in entry.own.key + entry.turn
    assert "192.0.2.7" not in entry.shared.key + entry.turn


def test_a_known_device_is_counted_apart_from_every_address() -> None:
    entry = throttling.sign_in("amina", "01DEVICE", "192.0.2.7")
    assert entry.shared is None
    assert entry.own.key != throttling.sign_in("amina", None, "192.0.2.7").own.key


def test_an_invitations_guesses_do_not_keep_its_login_from_signing_in() -> None:
    assert throttling.invitation("amina", None).own != throttling.sign_in("amina", None, None).own


@pytest.mark.parametrize(("seconds", "told"), [(0.001, 1), (1.0, 1), (9.2, 10), (300.0, 300)])
def test_a_phone_is_told_whole_seconds(seconds: float, told: int) -> None:
    assert throttling.whole(seconds) == told
