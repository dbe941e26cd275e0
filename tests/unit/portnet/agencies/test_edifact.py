"""The details of EDIFACT that samples do not show: released signs, local time, character sets."""

from datetime import UTC, datetime

import pytest

from portnet.agencies.badr.wire import CustomsResponse, instant, read, speaks
from portnet.domain.adapter import Malformed


def interchange(*segments: str, charset: str = "UNOC", una: str = "") -> bytes:
    body = ["UNH+1+CUSRES:D:96B:UN", "BGM+929++9", *segments]
    whole = [f"UNB+{charset}:3+A+B+1:2+R", *body, f"UNT+{len(body) + 1}+1", "UNZ+1+R"]
    return (una + "'".join(whole) + "'").encode("latin-1")


def texts(body: bytes) -> tuple[tuple[str, ...], ...]:
    found = read(body)
    assert isinstance(found, CustomsResponse), found
    return found.all("FTX")[0].elements


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("FTX+AAI+++l?'eau", (("AAI",), ("",), ("",), ("l'eau",))),
        ("FTX+AAI+++1?:2:3", (("AAI",), ("",), ("",), ("1:2", "3"))),
        ("FTX+a?+b+c", (("a+b",), ("c",))),
        ("FTX+quoi??", (("quoi?",),)),
        ("FTX+quoi???+", (("quoi?+",),)),
        ("FTX+", (("",),)),
        ("FTX+::x", (("", "", "x"),)),
    ],
)
def test_a_released_sign_is_a_letter(written: str, meant: tuple[tuple[str, ...], ...]) -> None:
    assert texts(interchange(written)) == meant


def test_without_a_release_sign_none_is_taken_away() -> None:
    assert texts(interchange("FTX+quoi?", una="UNA:+.  '")) == (("quoi?",),)


def test_lines_may_be_broken_anywhere() -> None:
    body = interchange("FTX+AAI+++long")
    wrapped = b"\r\n".join(body[at : at + 20] for at in range(0, len(body), 20))
    assert texts(wrapped) == texts(body)


@pytest.mark.parametrize(
    ("charset", "text", "allowed"),
    [
        ("UNOA", "FTX+EAU", True),
        ("UNOA", "FTX+Eau", False),
        ("UNOB", "FTX+Eau", True),
        ("UNOB", "FTX+é", False),
        ("UNOC", "FTX+é", True),
        ("UNOC", "FTX+\x00", False),
        ("UNOC", "FTX+\x85", False),
        ("UNOD", "FTX+EAU", False),
        ("UNOY", "FTX+EAU", False),
    ],
)
def test_a_text_keeps_to_its_character_set(charset: str, text: str, allowed: bool) -> None:
    assert isinstance(read(interchange(text, charset=charset)), CustomsResponse) is allowed


@pytest.mark.parametrize("una", ["UNA", "UNA:+", "UNA::.? '", "UNAA+.? '", "UNA:+.?  "])
def test_signs_that_cannot_part_anything_are_refused(una: str) -> None:
    assert isinstance(read(interchange(una=una)), Malformed)


@pytest.mark.parametrize(
    ("text", "layout", "utc"),
    [
        ("202605120914", "203", datetime(2026, 5, 12, 8, 14, tzinfo=UTC)),
        ("20260512091405", "204", datetime(2026, 5, 12, 8, 14, 5, tzinfo=UTC)),
        # Ramadan: Casablanca keeps UTC.
        ("202602250914", "203", datetime(2026, 2, 25, 9, 14, tzinfo=UTC)),
        # Its first night: this hour comes twice, and the first one is meant.
        ("202602150230", "203", datetime(2026, 2, 15, 1, 30, tzinfo=UTC)),
        ("202605120914UTC", "303", datetime(2026, 5, 12, 9, 14, tzinfo=UTC)),
        ("20260512091405UTC", "304", datetime(2026, 5, 12, 9, 14, 5, tzinfo=UTC)),
        # Its last night: no clock in Casablanca showed this.
        ("202603220230", "203", None),
        ("202602300914", "203", None),
        ("202605120914", "204", None),
        ("202605120914", "102", None),
        ("202605120914CET", "303", None),
        ("000001010000", "203", None),
        ("٢٠٢٦٠٥١٢٠٩١٤", "203", None),
        ("", "", None),
    ],
)
def test_a_time_without_a_zone_is_casablancas(text: str, layout: str, utc: datetime | None) -> None:
    assert instant(text, layout) == utc


@pytest.mark.parametrize("body", [b"UNA:+.? '", b"UNB+", b" \r\nUNB+"])
def test_an_interchange_is_known_by_its_first_bytes(body: bytes) -> None:
    assert speaks(body)


@pytest.mark.parametrize("body", [b"", b"{", b"<UNB", b"xUNB+"])
def test_what_begins_otherwise_is_no_interchange(body: bytes) -> None:
    assert not speaks(body)


def test_more_separators_than_any_message_needs_are_refused_at_once() -> None:
    assert isinstance(read(interchange("FTX" + "+" * 60_000)), Malformed)
