"""Codes by the standard's own vectors, clocks that are wrong, and texts as people type them."""

import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.identity.second_factor import RecoveryCode, TotpCode
from portnet.security.authenticator import TotpAuthenticator, code_at, shown_for
from portnet.security.secrets_box import SealBroken, SecretsBox

NOW = datetime(2026, 11, 22, 11, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30
#: RFC 6238, appendix B: its secret for SHA-1, and the last six digits of its codes.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
AUTHENTICATOR = TotpAuthenticator(SecretsBox(b"k" * 32))
KEPT = AUTHENTICATOR.keep("u", RFC_SECRET, ("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01",), NOW)


@pytest.mark.parametrize(("second", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    at = datetime.fromtimestamp(second, UTC)
    assert code_at(RFC_SECRET, at) == code
    assert AUTHENTICATOR.read("u", KEPT, code, at) == TotpCode(step=second // 30)


@pytest.mark.parametrize(
    ("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_phones_clock_may_be_wrong_by_one_step(steps: int, taken: bool) -> None:
    code = code_at(RFC_SECRET, NOW + steps * timedelta(seconds=30))
    expected = TotpCode(step=STEP + steps) if taken else None
    assert AUTHENTICATOR.read("u", KEPT, code, NOW) == expected


def test_a_code_is_read_as_people_type_it() -> None:
    code = code_at(RFC_SECRET, NOW)
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    for typed in (f" {code[:3]} {code[3:]} ", arabic):
        assert AUTHENTICATOR.read("u", KEPT, typed, NOW) == TotpCode(step=STEP)


def test_a_recovery_code_is_read_as_people_type_it() -> None:
    hashed = RecoveryCode(hash=KEPT.recovery[0])
    for typed in (
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01",
        "abcdefghjkmnpqrstvwxyzol",
        "ABCD EFGH JKMN PQRS TVWX YZ0I",
    ):
        assert AUTHENTICATOR.read("u", KEPT, typed, NOW) == hashed


@given(st.text(max_size=100))
def test_no_text_makes_it_raise(text: str) -> None:
    assert AUTHENTICATOR.read("u", KEPT, text, NOW) is None or len(text) >= 6


def test_a_long_text_is_not_looked_at() -> None:
    code = code_at(RFC_SECRET, NOW)
    assert AUTHENTICATOR.read("u", KEPT, code + " " * 100, NOW) is None


def test_what_is_drawn_is_for_an_authenticators_camera() -> None:
    drawn = AUTHENTICATOR.draw("u", "manager", NOW)
    uri = urlsplit(drawn.uri)
    secret = parse_qs(uri.query)["secret"][0]
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/PortNet:manager"
    assert len(base64.b32decode(secret)) == 20
    code = code_at(secret, NOW)
    assert AUTHENTICATOR.read("u", drawn.totp, code, NOW) == TotpCode(step=STEP)


def test_ten_recovery_codes_of_120_bits_are_drawn_and_only_hashes_kept() -> None:
    drawn = AUTHENTICATOR.draw("u", "manager", NOW)
    assert len(set(drawn.recovery_codes)) == len(set(drawn.totp.recovery)) == 10
    form = r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){5}"
    assert all(re.fullmatch(form, code) for code in drawn.recovery_codes)
    for code in drawn.recovery_codes:
        read = AUTHENTICATOR.read("u", drawn.totp, code, NOW)
        assert isinstance(read, RecoveryCode)
        assert read.hash in drawn.totp.recovery
        assert code not in repr(drawn.totp.recovery)


def test_secrets_and_codes_are_not_in_what_is_printed() -> None:
    drawn = AUTHENTICATOR.draw("u", "manager", NOW)
    secret = parse_qs(urlsplit(drawn.uri).query)["secret"][0]
    for told in (secret, drawn.totp.sealed, *drawn.recovery_codes, *drawn.totp.recovery):
        assert told not in f"{drawn!r} {drawn.totp!r} {drawn}"


def test_a_secret_opens_for_its_own_account_only() -> None:
    code = code_at(RFC_SECRET, NOW)
    with pytest.raises(SealBroken):
        AUTHENTICATOR.read("another", KEPT, code, NOW)


def test_a_secret_moves_to_the_servers_new_secret() -> None:
    rotated = TotpAuthenticator(SecretsBox(b"n" * 32, [b"k" * 32]))
    moved = rotated.resealed("u", KEPT)
    alone = TotpAuthenticator(SecretsBox(b"n" * 32))
    assert alone.read("u", moved, code_at(RFC_SECRET, NOW), NOW) == TotpCode(step=STEP)
    assert alone.resealed("u", moved) is moved


def test_how_long_a_code_is_still_shown() -> None:
    assert shown_for(NOW) == timedelta(seconds=20)
    assert shown_for(NOW + timedelta(seconds=20)) == timedelta(seconds=30)
