"""Agency signatures: the documented form, the window of time, every way to get them wrong."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.security.signatures import (
    SigningKey,
    Verdict,
    sign,
    verify,
)

STAMP = 1795345200
NOW = datetime.fromtimestamp(STAMP, UTC)
BODY = b'{"event_id": "BADR-2026-000981-4"}'
SECRET = b"badr-secret-of-thirty-two-bytes!"
SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()

HMAC = SignatureAlgorithm.HMAC_SHA256
ED25519 = SignatureAlgorithm.ED25519
SIGNERS = {
    HMAC: SigningKey(id="badr-2026-a", algorithm=HMAC, secret=SECRET),
    ED25519: SigningKey(id="badr-2026-b", algorithm=ED25519, secret=SEED),
}


def agency_key(
    algorithm: SignatureAlgorithm = HMAC,
    material: bytes | None = None,
    active_from: datetime = NOW - timedelta(days=1),
    active_until: datetime | None = None,
) -> AgencyKey:
    return AgencyKey(
        id="badr-2026-a",
        source="BADR",
        algorithm=algorithm,
        secret_or_public=material or (SECRET if algorithm is HMAC else PUBLIC),
        sandbox=False,
        active_from=active_from,
        active_until=active_until,
    )


def hex_of(body: bytes = BODY, stamp: object = STAMP, secret: bytes = SECRET) -> str:
    return hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def test_the_documented_header_is_valid() -> None:
    assert verify(f"t={STAMP},v1={hex_of()}", BODY, agency_key(), NOW) is Verdict.VALID


def test_we_sign_as_documented() -> None:
    assert sign(BODY, SIGNERS[HMAC], NOW) == f"t={STAMP},v1={hex_of()}"


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_what_is_signed_is_valid_for_that_body_only(algorithm: SignatureAlgorithm) -> None:
    header = sign(BODY, SIGNERS[algorithm], NOW)
    assert verify(header, BODY, agency_key(algorithm), NOW) is Verdict.VALID
    assert verify(header, BODY + b" ", agency_key(algorithm), NOW) is Verdict.WRONG
    assert verify(header, b"", agency_key(algorithm), NOW) is Verdict.WRONG


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_another_key_is_wrong(algorithm: SignatureAlgorithm) -> None:
    header = sign(BODY, SIGNERS[algorithm], NOW)
    another = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert verify(header, BODY, agency_key(algorithm, another), NOW) is Verdict.WRONG


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_a_moved_timestamp_is_wrong(algorithm: SignatureAlgorithm) -> None:
    header = sign(BODY, SIGNERS[algorithm], NOW).replace(str(STAMP), str(STAMP + 1))
    assert verify(header, BODY, agency_key(algorithm), NOW) is Verdict.WRONG


def test_the_signature_of_the_other_algorithm_does_not_count() -> None:
    by_hmac = sign(BODY, SIGNERS[HMAC], NOW)
    by_ed25519 = sign(BODY, SIGNERS[ED25519], NOW)
    assert verify(by_hmac, BODY, agency_key(ED25519), NOW) is Verdict.WRONG
    assert verify(by_ed25519, BODY, agency_key(HMAC), NOW) is Verdict.WRONG


def test_a_public_key_is_no_hmac_secret() -> None:
    forged = f"t={STAMP},v1={hex_of(secret=PUBLIC)}"
    assert verify(forged, BODY, agency_key(ED25519), NOW) is Verdict.WRONG


@pytest.mark.parametrize(
    ("drift", "verdict"),
    [
        (-301, Verdict.STALE),
        (-300, Verdict.VALID),
        (0, Verdict.VALID),
        (300, Verdict.VALID),
        (301, Verdict.STALE),
    ],
)
def test_a_signature_is_fresh_for_300_seconds_either_way(drift: int, verdict: Verdict) -> None:
    header = sign(BODY, SIGNERS[HMAC], NOW + timedelta(seconds=drift))
    assert verify(header, BODY, agency_key(), NOW) is verdict


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_right_signature_among_several_is_enough(place: int) -> None:
    signatures = ["0" * 64, "f" * 64]
    signatures.insert(place, hex_of())
    header = f"t={STAMP}," + ",".join(f"v1={one}" for one in signatures)
    assert verify(header, BODY, agency_key(), NOW) is Verdict.VALID


def test_several_wrong_signatures_are_wrong() -> None:
    header = f"t={STAMP},v1={'0' * 64},v1={'f' * 64}"
    assert verify(header, BODY, agency_key(), NOW) is Verdict.WRONG


def test_both_algorithms_may_stand_in_one_header() -> None:
    header = f"{sign(BODY, SIGNERS[ED25519], NOW)},v1={hex_of()}"
    assert verify(header, BODY, agency_key(HMAC), NOW) is Verdict.VALID
    assert verify(header, BODY, agency_key(ED25519), NOW) is Verdict.VALID


def test_an_unknown_scheme_beside_ours_is_ignored() -> None:
    header = f"t={STAMP},v1={hex_of()},v9=later"
    assert verify(header, BODY, agency_key(), NOW) is Verdict.VALID


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "-1795345200",
        "+1795345200",
        " 1795345200",
        "1795345200.0",
        "1_795_345_200",
        "1e400",
        "0x10",
        "NaN",
        "1" + "0" * 400,
        "9" * 13,
        "١٢٣",
        "\uff11\uff12\uff13",
        "²",
        "1795345200\n",
    ],
)
def test_absurd_digits_are_malformed_and_no_error(stamp: str) -> None:
    header = f"t={stamp},v1={hex_of(stamp=stamp)}"
    assert verify(header, BODY, agency_key(), NOW) is Verdict.MALFORMED


def test_the_largest_timestamp_is_stale_and_no_error() -> None:
    header = f"t={'9' * 12},v1={hex_of(stamp='9' * 12)}"
    assert verify(header, BODY, agency_key(), NOW) is Verdict.STALE


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "t",
        "t=",
        f"t={STAMP}",
        f"v1={'0' * 64}",
        f"t={STAMP},v1=",
        f"t={STAMP},v1={'0' * 63}",
        f"t={STAMP},v1={'0' * 65}",
        f"t={STAMP},v1={'F' * 64}",
        f"t={STAMP},v1={'g' * 64}",
        f"t={STAMP},v1={chr(0x660) * 64}",
        f"t={STAMP},v2={'0' * 64}",
        f"t={STAMP},v9=later",
        f"t={STAMP},t={STAMP},v1={'0' * 64}",
        f"t={STAMP}, v1={'0' * 64}",
        f"t={STAMP},v1={'0' * 64},",
        f"T={STAMP},V1={'0' * 64}",
        f"t={STAMP}," + ",".join([f"v1={'0' * 64}"] * 20),
    ],
)
def test_a_malformed_header_is_named_so(header: str) -> None:
    assert verify(header, BODY, agency_key(), NOW) is Verdict.MALFORMED


@given(
    st.text()
    | st.lists(
        st.tuples(st.sampled_from(["t", "v1", "v2", "v9"]), st.text(max_size=130)).map("=".join)
    ).map(",".join),
    st.sampled_from(SignatureAlgorithm),
)
def test_no_header_raises_an_error_or_is_valid_by_chance(
    header: str, algorithm: SignatureAlgorithm
) -> None:
    assert verify(header, BODY, agency_key(algorithm), NOW) is not Verdict.VALID


@given(st.binary(), st.timedeltas(timedelta(0), timedelta(days=365 * 7000)))
def test_every_body_at_every_instant_can_be_signed_and_checked(
    body: bytes, later: timedelta
) -> None:
    now = NOW + later
    key = agency_key()
    assert verify(sign(body, SIGNERS[HMAC], now), body, key, now) is Verdict.VALID


def test_a_key_counts_from_its_first_instant_until_before_its_last() -> None:
    header = sign(BODY, SIGNERS[HMAC], NOW)
    step = timedelta(microseconds=1)
    not_yet = agency_key(active_from=NOW + step)
    first = agency_key(active_from=NOW)
    last = agency_key(active_until=NOW + step)
    over = agency_key(active_until=NOW)
    verdicts = [verify(header, BODY, key, NOW) for key in (not_yet, first, last, over)]
    assert verdicts == [Verdict.INACTIVE, Verdict.VALID, Verdict.VALID, Verdict.INACTIVE]


@pytest.mark.parametrize(
    ("algorithm", "material"), [(HMAC, b"x" * 31), (ED25519, b"x" * 31), (ED25519, b"x" * 33)]
)
def test_key_material_of_the_wrong_length_is_refused(
    algorithm: SignatureAlgorithm, material: bytes
) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        agency_key(algorithm, material)
    with pytest.raises(ValueError, match="32 bytes"):
        SigningKey(id="k", algorithm=algorithm, secret=material)


def test_keys_show_no_secret() -> None:
    assert "badr-secret" not in repr(agency_key())
    assert "badr-secret" not in repr(SIGNERS[HMAC])
