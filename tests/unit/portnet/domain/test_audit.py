"""The audit chain: any change to the past is found, at its place."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.audit import GENESIS, AuditLink, AuditRecord, chain_hash, verify_chain

AT = datetime(2026, 11, 22, 8, 14, 5, 123_456, tzinfo=UTC)
RECORD = AuditRecord(
    company="c1", position=1, at=AT, actor="user:u1", action="acknowledge", subject="Alert:a1"
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
RECORDS = st.builds(
    AuditRecord,
    company=WORDS,
    position=st.integers(min_value=1),
    at=st.datetimes(timezones=st.just(UTC)),
    actor=WORDS,
    action=WORDS,
    subject=WORDS,
)


def chained(records: list[AuditRecord]) -> list[AuditLink]:
    links: list[AuditLink] = []
    previous = GENESIS
    for record in records:
        previous = chain_hash(previous, record)
        links.append(AuditLink(record=record, hash=previous))
    return links


CHAIN = chained([msgspec.structs.replace(RECORD, position=place) for place in range(1, 6)])


def test_the_hash_is_as_documented() -> None:
    microseconds = (AT - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    encoded = (
        b"15:portnet-audit-1,2:c1,1:1,16:%d,7:user:u1,11:acknowledge,8:Alert:a1," % microseconds
    )
    assert chain_hash(GENESIS, RECORD) == hashlib.sha256(bytes(32) + encoded).digest()


def test_a_record_in_somebody_s_stead_says_so_in_its_hash() -> None:
    microseconds = (AT - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    encoded = (
        b"15:portnet-audit-2,2:c1,1:1,16:%d,7:user:u1,11:acknowledge,8:Alert:a1,7:user:u2,"
        % microseconds
    )
    delegated = msgspec.structs.replace(RECORD, on_behalf_of="user:u2")
    assert chain_hash(GENESIS, delegated) == hashlib.sha256(bytes(32) + encoded).digest()


def test_the_zone_in_which_an_instant_is_written_does_not_matter() -> None:
    elsewhere = msgspec.structs.replace(RECORD, at=AT.astimezone(timezone(timedelta(hours=1))))
    assert chain_hash(GENESIS, elsewhere) == chain_hash(GENESIS, RECORD)


def test_a_microsecond_matters() -> None:
    later = msgspec.structs.replace(RECORD, at=AT + timedelta(microseconds=1))
    assert chain_hash(GENESIS, later) != chain_hash(GENESIS, RECORD)


@given(RECORDS, RECORDS)
def test_two_records_share_a_hash_only_if_they_are_equal(
    one: AuditRecord, other: AuditRecord
) -> None:
    assert (chain_hash(GENESIS, one) == chain_hash(GENESIS, other)) == (one == other)


@given(WORDS, WORDS)
def test_no_letter_slips_from_one_field_into_the_next(actor: str, action: str) -> None:
    apart = msgspec.structs.replace(RECORD, actor=actor, action=action)
    together = msgspec.structs.replace(RECORD, actor=actor + action, action="")
    assert (chain_hash(GENESIS, apart) == chain_hash(GENESIS, together)) == (action == "")


def test_the_hash_before_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        chain_hash(b"", RECORD)


@given(st.lists(RECORDS, max_size=6))
def test_a_chain_as_it_was_written_is_whole(records: list[AuditRecord]) -> None:
    links = chained(records)
    assert verify_chain(links) is None
    assert verify_chain(links, head=links[-1].hash if links else GENESIS) is None


@given(st.integers(0, 4), st.sampled_from(["company", "actor", "action", "subject"]), WORDS)
def test_a_changed_field_is_found_at_its_place(place: int, field: str, text: str) -> None:
    changed = msgspec.structs.replace(CHAIN[place].record, **{field: "changed" + text})
    links = [*CHAIN]
    links[place] = msgspec.structs.replace(CHAIN[place], record=changed)
    assert verify_chain(links) == place


@pytest.mark.parametrize("place", range(4))
def test_a_removed_link_is_found_where_it_stood(place: int) -> None:
    assert verify_chain(CHAIN[:place] + CHAIN[place + 1 :]) == place


@pytest.mark.parametrize("place", range(4))
def test_two_swapped_links_are_found(place: int) -> None:
    links = [*CHAIN]
    links[place], links[place + 1] = links[place + 1], links[place]
    assert verify_chain(links) == place


def test_a_rehashed_record_breaks_the_link_after_it() -> None:
    changed = msgspec.structs.replace(CHAIN[2].record, action="changed")
    forged = AuditLink(record=changed, hash=chain_hash(CHAIN[1].hash, changed))
    assert verify_chain([*CHAIN[:2], forged, *CHAIN[3:]]) == 3


def test_a_damaged_hash_is_found_whatever_its_length() -> None:
    damaged = msgspec.structs.replace(CHAIN[1], hash=b"short")
    assert verify_chain([CHAIN[0], damaged, *CHAIN[2:]]) == 1


def test_links_cut_off_the_end_are_found_by_the_head() -> None:
    assert verify_chain(CHAIN[:3]) is None
    assert verify_chain(CHAIN[:3], head=CHAIN[-1].hash) == 3


def test_a_long_chain_is_verified_in_pages() -> None:
    assert verify_chain(CHAIN[:2]) is None
    assert verify_chain(CHAIN[2:], previous=CHAIN[1].hash, head=CHAIN[-1].hash) is None
    assert verify_chain(CHAIN[2:]) == 0
