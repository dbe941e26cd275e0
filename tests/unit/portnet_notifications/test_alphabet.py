from __future__ import annotations

import pytest
from gsm0338 import Codec
from hypothesis import given
from hypothesis import strategies as st

from portnet_mobile.gateways.smsc import count_parts
from portnet_notifications.alphabet import (
    BASIC,
    EXTENSION,
    Encoding,
    encoding_of,
    fold,
    length,
    parts,
)

CARRIED = sorted(BASIC | EXTENSION)
FRENCH = "aàâæbcçdeéèêëfghiîïjklmnoôœpqrstuùûüvwxyÿz’«»…–\u202f\u00a0 "


def test_the_alphabet_is_that_of_the_public_codec() -> None:
    def coded(number: int) -> bool:
        try:
            Codec().encode(chr(number))
        except UnicodeEncodeError:
            return False
        return True

    # The codec also takes a lone escape, which no phone shows.
    known = {chr(number) for number in range(0x10000) if coded(number)}
    assert known - {"\x1b"} == BASIC | EXTENSION


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("contrôle", "controle"),
        ("Dépôt à l’étranger", "Dépôt à l'étranger".replace("ô", "o")),
        ("«\u202fbœuf\u202f»", '" boeuf "'),
        ("ÊTRE REÇU", "ETRE REÇU"),
        ("12\u00a0000…", "12 000..."),
        ("معاينة", "معاينة"),
        ("中", "中"),
    ],
)
def test_folding_spells_french_in_gsm_7_and_leaves_the_rest(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(st.sampled_from(FRENCH)))
def test_french_always_folds_into_gsm_7(text: str) -> None:
    assert encoding_of(fold(text)) is Encoding.GSM7


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.sampled_from(CARRIED)))
def test_folding_keeps_what_gsm_7_carries(text: str) -> None:
    assert fold(text) == text


def test_a_character_outside_gsm_7_cannot_be_counted_there() -> None:
    with pytest.raises(ValueError, match="GSM-7"):
        length("ô", Encoding.GSM7)


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("a" * 160, Encoding.GSM7, 1),
        ("a" * 161, Encoding.GSM7, 2),
        ("a" * 306, Encoding.GSM7, 2),
        ("a" * 307, Encoding.GSM7, 3),
        ("€" * 80, Encoding.GSM7, 1),
        # 76 euros fill 152 of a part's 153 septets: the escape is not cut from its letter.
        ("€" * 153, Encoding.GSM7, 3),
        ("م" * 70, Encoding.UCS2, 1),
        ("م" * 71, Encoding.UCS2, 2),
        ("😀" * 35, Encoding.UCS2, 1),
        ("😀" * 67, Encoding.UCS2, 3),
        ("", Encoding.GSM7, 1),
    ],
)
def test_parts_are_what_the_network_bills(text: str, encoding: Encoding, count: int) -> None:
    assert parts(text, encoding) == count


@given(st.text(st.sampled_from(CARRIED), max_size=700))
def test_the_sms_centre_counts_the_same_parts_in_gsm_7(text: str) -> None:
    assert parts(text, Encoding.GSM7) == count_parts(text, "GSM7")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_the_sms_centre_counts_the_same_parts_in_ucs_2(text: str) -> None:
    assert parts(text, Encoding.UCS2) == count_parts(text, "UCS2")
