"""Access tokens: whose, until when, under which key. Refresh tokens: known by their hash only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.security.tokens import (
    AccessClaims,
    AccessTokens,
    InvalidToken,
    TokenKey,
    hash_refresh_token,
    new_refresh_token,
    read_refresh_token,
    token_key,
)

NOW = datetime(2026, 11, 22, 8, 14, 5, 250_000, tzinfo=UTC)
SESSION = "01KAPM3V5E0000000000000000"
OLD = token_key(b"o" * 32)
NEW = token_key(b"n" * 32)
TOKENS = AccessTokens(NEW)


def issue(tokens: AccessTokens = TOKENS, *, now: datetime = NOW, sandbox: bool = False) -> str:
    return tokens.issue(
        user="u1", session=SESSION, company="c1", sandbox=sandbox, token_id="j1", now=now
    ).text


def payload(**changes: object) -> dict[str, object]:
    start = int(NOW.timestamp())
    return {
        "sub": "u1",
        "sid": SESSION,
        "co": "c1",
        "sandbox": False,
        "jti": "j1",
        "iat": start,
        "exp": start + 600,
        "iss": "portnet",
        "aud": "portnet-phone",
        **changes,
    }


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(
    claims: dict[str, object], key: TokenKey = NEW, algorithm: str = "HS256", digest: str = "sha256"
) -> str:
    """A token made by hand, since the library refuses to make the wrong ones."""
    head = json.dumps({"alg": algorithm, "kid": key.kid, "typ": "JWT"}).encode()
    signing = f"{segment(head)}.{segment(json.dumps(claims).encode())}"
    return f"{signing}.{segment(hmac.digest(key.secret, signing.encode(), digest))}"


@pytest.mark.parametrize("sandbox", [True, False])
def test_a_token_says_who_signed_in(sandbox: bool) -> None:
    start = NOW.replace(microsecond=0)
    assert TOKENS.verify(issue(sandbox=sandbox), NOW) == AccessClaims(
        user="u1",
        session=SESSION,
        company="c1",
        sandbox=sandbox,
        token_id="j1",
        issued_at=start,
        expires_at=start + timedelta(minutes=10),
    )


def test_a_token_carries_the_documented_claims() -> None:
    decoded = jwt.decode(issue(), options={"verify_signature": False})
    assert decoded == payload()


def test_a_token_ends_when_it_says() -> None:
    token = TOKENS.issue(
        user="u", session=SESSION, company="c", sandbox=False, token_id="j", now=NOW
    )
    just_before = token.expires_at - timedelta(microseconds=1)
    assert isinstance(TOKENS.verify(token.text, just_before), AccessClaims)
    assert TOKENS.verify(token.text, token.expires_at) is InvalidToken.EXPIRED


def test_a_token_from_a_slightly_faster_clock_is_valid() -> None:
    assert isinstance(TOKENS.verify(issue(now=NOW + timedelta(seconds=30)), NOW), AccessClaims)


def test_a_token_from_the_future_is_refused() -> None:
    text = issue(now=NOW + timedelta(minutes=2))
    assert TOKENS.verify(text, NOW) is InvalidToken.NOT_YET_VALID


@pytest.mark.parametrize("seconds", [-1, 0, 601])
def test_no_token_outlives_ten_minutes(seconds: int) -> None:
    with pytest.raises(ValueError, match="ten minutes"):
        AccessTokens(NEW, lifetime=timedelta(seconds=seconds))


def test_after_a_rotation_tokens_of_the_old_key_still_count() -> None:
    rotated = AccessTokens(NEW, [OLD])
    assert isinstance(rotated.verify(issue(AccessTokens(OLD)), NOW), AccessClaims)
    assert jwt.get_unverified_header(issue(rotated))["kid"] == NEW.kid


def test_tokens_of_a_dropped_key_are_refused() -> None:
    assert TOKENS.verify(issue(AccessTokens(OLD)), NOW) is InvalidToken.UNKNOWN_KEY


def test_another_key_under_our_name_is_a_wrong_signature() -> None:
    forged = signed(payload(), TokenKey(kid=NEW.kid, secret=b"f" * 32))
    assert TOKENS.verify(forged, NOW) is InvalidToken.WRONG_SIGNATURE


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("HS384", "sha384"), ("HS512", "sha512"), ("RS256", "sha256"), ("hs256", "sha256")],
)
def test_one_algorithm_only(algorithm: str, digest: str) -> None:
    text = signed(payload(), algorithm=algorithm, digest=digest)
    assert TOKENS.verify(text, NOW) is InvalidToken.MALFORMED


def test_a_token_without_a_signature_is_malformed() -> None:
    unsigned = signed(payload(), algorithm="none").rpartition(".")[0] + "."
    assert TOKENS.verify(unsigned, NOW) is InvalidToken.MALFORMED


def test_a_token_made_by_hand_as_we_do_is_valid() -> None:
    assert isinstance(TOKENS.verify(signed(payload()), NOW), AccessClaims)


@pytest.mark.parametrize("changes", [{"aud": "another"}, {"iss": "another"}])
def test_a_token_for_or_from_somebody_else_is_not_for_us(changes: dict[str, object]) -> None:
    assert TOKENS.verify(signed(payload(**changes)), NOW) is InvalidToken.NOT_FOR_US


@pytest.mark.parametrize("claim", list(payload()))
@pytest.mark.parametrize("value", [None, [], {}, 1.5, float("inf"), 10**30, -1])
def test_a_claim_of_another_kind_is_malformed(claim: str, value: object) -> None:
    assert TOKENS.verify(signed(payload(**{claim: value})), NOW) is InvalidToken.MALFORMED


@pytest.mark.parametrize("claim", list(payload()))
def test_a_missing_claim_is_malformed(claim: str) -> None:
    claims = payload()
    del claims[claim]
    assert TOKENS.verify(signed(claims), NOW) is InvalidToken.MALFORMED


@pytest.mark.parametrize(
    "header",
    [
        b"null",
        b"[]",
        b"{",
        b"[" * 700,
        b'{"kid":1,"alg":"HS256"}',
        b'{"alg":["HS256"],"kid":"%s"}' % NEW.kid.encode(),
        b'{"alg":"HS256","crit":["x"],"kid":"%s"}' % NEW.kid.encode(),
        b'{"alg":"HS256","b64":false,"kid":"%s"}' % NEW.kid.encode(),
        b'{"alg":' + b"9" * 600 + b"}",
        b"\xff\xfe",
    ],
)
def test_a_hostile_header_is_refused_without_an_error(header: bytes) -> None:
    text = f"{segment(header)}.{segment(b'{}')}.{segment(b'x')}"
    assert isinstance(TOKENS.verify(text, NOW), InvalidToken)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "\ud800", "é.é.é", "x" * 5000])
def test_garbage_is_malformed(text: str) -> None:
    assert TOKENS.verify(text, NOW) is InvalidToken.MALFORMED


@given(st.text(max_size=300) | st.lists(st.binary(max_size=200).map(segment)).map(".".join))
def test_no_text_raises_an_error(text: str) -> None:
    assert isinstance(TOKENS.verify(text, NOW), InvalidToken)


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_no_changed_character_goes_unseen(place: int, character: str) -> None:
    text = issue()
    place %= len(text)
    changed = text[:place] + character + text[place + 1 :]
    assert changed == text or isinstance(TOKENS.verify(changed, NOW), InvalidToken)


def test_a_key_shows_no_secret() -> None:
    assert repr(NEW) == f"TokenKey(kid='{NEW.kid}', secret=***)"


def test_a_short_server_secret_makes_no_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        token_key(b"x" * 31)


@given(st.binary(min_size=32, max_size=32))
def test_a_refresh_token_names_its_session_and_is_known_by_its_hash(entropy: bytes) -> None:
    token = new_refresh_token(SESSION, entropy)
    presented = read_refresh_token(token.text)
    assert presented is not None
    assert presented.session == SESSION
    assert presented.hash == token.hash == hash_refresh_token(token.text)
    assert token.hash == hashlib.sha256(token.text.encode()).digest()
    assert segment(entropy) in token.text
    assert token.text not in repr(token)


@given(st.text())
def test_what_is_no_refresh_token_is_none_and_no_error(text: str) -> None:
    assert read_refresh_token(text) is None
    assert len(hash_refresh_token(text)) == 32


def test_a_refresh_token_with_anything_around_it_is_none() -> None:
    text = new_refresh_token(SESSION, bytes(32)).text
    assert read_refresh_token(text + "\n") is None
    assert read_refresh_token(" " + text) is None
    assert read_refresh_token(text[:-1]) is None


@pytest.mark.parametrize(
    ("session", "entropy"), [(SESSION, bytes(31)), ("short", bytes(32)), ("", bytes(32))]
)
def test_a_refresh_token_is_made_of_a_ulid_and_32_bytes(session: str, entropy: bytes) -> None:
    with pytest.raises(ValueError, match=r"32 random bytes|ULID"):
        new_refresh_token(session, entropy)
