"""Secrets at rest: they come back in their own place, under a secret of ours; else not at all."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.security.keys import derive_key
from portnet.security.secrets_box import SealBroken, SecretsBox
from portnet.security.tokens import token_key

OLD = b"o" * 32
NEW = b"n" * 32
BOX = SecretsBox(NEW)


@given(st.binary(), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_comes_back(plain: bytes, place: str) -> None:
    assert BOX.open(BOX.seal(plain, place), place) == plain


def test_sealed_text_does_not_show_the_secret() -> None:
    assert b"agency-secret" not in BOX.seal(b"agency-secret", "k").encode()


def test_one_secret_is_never_sealed_the_same_way_twice() -> None:
    assert BOX.seal(b"s", "k") != BOX.seal(b"s", "k")


def test_a_seal_does_not_open_in_another_place() -> None:
    with pytest.raises(SealBroken):
        BOX.open(BOX.seal(b"s", "badr-2026-a"), "onssa-2026-a")


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_no_changed_character_opens_as_another_secret(place: int, character: str) -> None:
    sealed = BOX.seal(b"secret", "k")
    place %= len(sealed)
    changed = sealed[:place] + character + sealed[place + 1 :]
    # The last character of base64 has bits that mean nothing: changed, it may stand for the same.
    with contextlib.suppress(SealBroken):
        assert BOX.open(changed, "k") == b"secret"


@pytest.mark.parametrize("place", [0, 5, 14, 30, 40])
def test_a_changed_seal_is_broken(place: int) -> None:
    sealed = BOX.seal(b"secret", "k")
    changed = "A" if sealed[place] != "A" else "B"
    with pytest.raises(SealBroken):
        BOX.open(sealed[:place] + changed + sealed[place + 1 :], "k")


@given(st.text())
def test_garbage_is_a_broken_seal(text: str) -> None:
    with pytest.raises(SealBroken):
        BOX.open(text, "k")


@pytest.mark.parametrize("content", ["", "AAAA", "é", "===="])
def test_a_seal_cut_short_is_broken(content: str) -> None:
    version, kid, _ = BOX.seal(b"s", "k").split(".")
    with pytest.raises(SealBroken):
        BOX.open(f"{version}.{kid}.{content}", "k")


def test_after_a_rotation_old_seals_open_and_ask_to_be_made_again() -> None:
    sealed = SecretsBox(OLD).seal(b"s", "k")
    rotated = SecretsBox(NEW, [OLD])
    assert rotated.open(sealed, "k") == b"s"
    assert rotated.needs_reseal(sealed)
    assert not rotated.needs_reseal(rotated.seal(b"s", "k"))


def test_a_dropped_server_secret_opens_nothing() -> None:
    with pytest.raises(SealBroken, match="not configured"):
        BOX.open(SecretsBox(OLD).seal(b"s", "k"), "k")


def test_no_two_purposes_share_a_key() -> None:
    assert derive_key(NEW, "secrets box") != derive_key(NEW, "access tokens")
    assert token_key(NEW).secret == derive_key(NEW, "access tokens")


def test_a_short_server_secret_makes_no_box() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SecretsBox(b"x" * 31)
