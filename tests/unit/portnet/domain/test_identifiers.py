"""Ids and references: one spelling, no surprise, no exception on garbage."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.identifiers import (
    OpaqueId,
    check_container,
    check_dum,
    check_ice,
    doubtful_dum_key,
    dum_key,
    is_ulid,
    new_ulid,
    normalise,
    opaque_id,
    read_opaque_id,
    short_reference,
)

AT = datetime(2026, 11, 22, 21, 40, tzinfo=UTC)
SCHEMES = st.sampled_from(["DUM", "CONTAINER", "ONSSA_FILE", "TITLE", "LOT"])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 2**52).map(lambda micro: EPOCH + timedelta(microseconds=micro))


def test_a_ulid_has_26_characters_of_crockfords_alphabet() -> None:
    made = new_ulid(AT, bytes(range(10)))
    assert len(made) == 26
    assert is_ulid(made)
    assert not is_ulid(made.lower())
    assert not is_ulid(made + "0")


def test_a_ulid_takes_ten_bytes_of_entropy() -> None:
    with pytest.raises(ValueError, match="10 bytes"):
        new_ulid(AT, bytes(9))


def test_the_ulid_of_the_standards_example_instant_is_spelt_as_there() -> None:
    at = EPOCH + timedelta(milliseconds=1_469_918_176_385)
    assert new_ulid(at, bytes(10)) == "01ARYZ6S41" + "0" * 16


@given(INSTANTS, INSTANTS, st.binary(min_size=10, max_size=10))
def test_ulids_sort_by_their_instant(one: datetime, two: datetime, entropy: bytes) -> None:
    if two - one >= timedelta(milliseconds=1):
        assert new_ulid(one, entropy) < new_ulid(two, entropy)


@given(INSTANTS, st.sets(st.binary(min_size=10, max_size=10), min_size=2, max_size=5))
def test_entropy_keeps_ulids_of_one_instant_apart(at: datetime, entropies: set[bytes]) -> None:
    assert len({new_ulid(at, entropy) for entropy in entropies}) == len(entropies)


@given(st.from_regex(r"[A-Z][A-Za-z]{0,20}", fullmatch=True), INSTANTS)
def test_an_opaque_id_reads_back(kind: str, at: datetime) -> None:
    key = new_ulid(at, b"0123456789")
    made = opaque_id(kind, key)
    assert read_opaque_id(made) == OpaqueId(kind=kind, key=key)
    assert "=" not in made


@given(st.text())
def test_any_text_reads_as_an_id_that_spells_it_or_as_nothing(text: str) -> None:
    read = read_opaque_id(text)
    assert read is None or opaque_id(read.kind, read.key) == text


@given(st.binary())
def test_base64_of_any_bytes_reads_as_an_id_that_spells_it_or_as_nothing(data: bytes) -> None:
    text = base64.urlsafe_b64encode(data).decode().rstrip("=")
    read = read_opaque_id(text)
    assert read is None or opaque_id(read.kind, read.key) == text


def test_a_second_spelling_of_an_id_is_nothing() -> None:
    made = opaque_id("Dossier", "01ARYZ6S410000000000000000")
    assert read_opaque_id(made + "=") is None
    assert read_opaque_id(made[:-1] + chr(ord(made[-1]) + 1)) is None


@pytest.mark.parametrize(
    "spelling",
    [
        "309 010 2026 0018538 G",
        "309.010.2026.0018538.g",
        "309-010-2026-0018538-G",
        " 30901020260018538G ",
    ],
)
def test_every_spelling_of_a_dum_is_one_reference(spelling: str) -> None:
    assert normalise("DUM", spelling) == "30901020260018538G"
    assert check_dum(spelling)


def test_a_container_is_compared_in_capitals_without_separators() -> None:
    assert normalise("CONTAINER", "csqu 305438-3") == "CSQU3054383"


def test_other_references_lose_only_what_nobody_sees() -> None:
    assert normalise("ONSSA_FILE", "  CAS \u200e 2026\u00a0/ 17\x00 ") == "CAS 2026 / 17"


@given(SCHEMES, st.text())
def test_normalising_twice_changes_nothing(scheme: str, value: str) -> None:
    once = normalise(scheme, value)
    assert normalise(scheme, once) == once


@pytest.mark.parametrize(
    ("scheme", "value", "short"),
    [
        ("DUM", "309 010 2026 0018538 G", "309-0018538G"),
        ("DUM", "30901020260018538", "309-0018538"),
        ("TITLE", "EI-26-000123", "EI-26-000123"),
        ("ONSSA_FILE", "ONSSA-2026-CAS-004512", "CAS-004512"),
        ("ONSSA_FILE", "DCQ/CASABLANCA/2026/004512", "2026/004512"),
        ("BL", "ABCDEFGHIJKLMNOPQRST", "IJKLMNOPQRST"),
        ("BL", "ABCDEFGHIJKLMNOPQ-12", "IJKLMNOPQ-12"),
    ],
)
def test_a_reference_is_shortened_from_its_front(scheme: str, value: str, short: str) -> None:
    assert short_reference(scheme, value) == short


@given(SCHEMES, st.text())
def test_a_short_reference_never_exceeds_twelve_characters(scheme: str, value: str) -> None:
    short = short_reference(scheme, value)
    assert len(short) <= 12
    assert bool(short) == bool(normalise(scheme, value))


@pytest.mark.parametrize("number", ["001561191000066", "002136093000040"])
def test_real_company_identifiers_pass(number: str) -> None:
    assert check_ice(number)


@pytest.mark.parametrize(
    "text", ["001561191000065", "00156119100006", "٠٠١٥٦١١٩١٠٠٠٠٦٦", "", "ICE"]
)
def test_what_is_no_company_identifier_fails(text: str) -> None:
    assert not check_ice(text)


def test_a_container_with_its_check_digit_passes() -> None:
    assert check_container("CSQU3054383")


@pytest.mark.parametrize(
    "text", ["CSQU3054384", "csqu3054383", "CSQR3054383", "ÉBCU1234567", "C5QU3054383"]
)
def test_what_is_no_container_fails_without_raising(text: str) -> None:
    assert not check_container(text)


def test_the_key_of_a_dum_follows_the_known_rule() -> None:
    assert dum_key("309 010 2017 0011622") == "Y"
    assert not doubtful_dum_key("309 010 2017 0011622 Y")


def test_another_key_is_doubtful_and_still_a_dum() -> None:
    assert doubtful_dum_key("309 010 2026 0018538 G")
    assert check_dum("309 010 2026 0018538 G")


def test_a_dum_without_its_key_is_not_doubtful() -> None:
    assert not doubtful_dum_key("309 010 2026 0018538")


@given(st.text())
def test_no_check_raises_on_garbage(text: str) -> None:
    answers = (check_ice(text), check_container(text), check_dum(text), doubtful_dum_key(text))
    assert all(answer in (True, False) for answer in answers)
    assert dum_key(text) is None or check_dum(text)
