"""Cursors: opaque text with one spelling, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.ports.unit_of_work import Position
from portnet_graphql.cursors import FeedCursor, cursor_of, read_cursor

CURSOR = FeedCursor(generation="a1b2", audience="company:01ARZ3NDEKTSV4RRFFQ69G5FAV", seq=42)


@pytest.mark.parametrize("seq", [0, 1, 10**18 - 1])
def test_a_cursor_comes_back_as_it_was(seq: int) -> None:
    cursor = FeedCursor(generation="0", audience="user:x", seq=seq)
    assert read_cursor(str(cursor)) == cursor


def test_a_push_and_a_frame_spell_one_position_alike() -> None:
    position = Position(audience=CURSOR.audience, seq=CURSOR.seq)
    assert cursor_of("a1b2", position) == str(CURSOR)


def test_a_cursor_shows_nothing_at_a_glance() -> None:
    assert "company" not in str(CURSOR)
    assert str(CURSOR).isascii()


@pytest.mark.parametrize(
    "change",
    ["{}=", "{}A", " {}", "{}\n", "{}é"],
)
def test_another_spelling_is_no_cursor(change: str) -> None:
    assert read_cursor(change.format(CURSOR)) is None


@pytest.mark.parametrize("seq", ["-1", "01", "9" * 19, "1.0", "٣", ""])
def test_a_seq_that_no_feed_has_is_no_cursor(seq: str) -> None:
    forged = FeedCursor(generation="a", audience="user:x", seq=seq)  # type: ignore[arg-type]  # forged  # pyright: ignore[reportArgumentType]  # forged
    assert read_cursor(str(forged)) is None


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    cursor = read_cursor(text)
    assert cursor is None or str(cursor) == text
