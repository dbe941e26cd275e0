"""Answers of the contract as the app holds them; what it does not know does not break it."""

import msgspec
import pytest

from portnet_mobile.contract import (
    Identified,
    Problem,
    Removed,
    Tokens,
    read_frame,
    read_result,
    read_sync,
)


def test_an_item_of_a_kind_unknown_here_counts_as_none() -> None:
    frame = read_frame({"cursor": "c", "item": {"__typename": "ClockChanged", "clock": {}}})
    assert (frame.cursor, frame.item) == ("c", None)


def test_a_known_item_is_read() -> None:
    frame = read_frame({"cursor": "c", "item": {"__typename": "Removed", "id": "d1"}})
    assert frame.item == Removed(id="d1")


def test_an_item_that_breaks_the_contract_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        read_frame({"cursor": "c", "item": {"__typename": "Removed"}})


def test_a_page_of_frames_is_read() -> None:
    page = read_sync(
        {"frames": [{"cursor": "c", "item": None}], "cursor": "c", "hasMore": True, "reset": False}
    )
    assert [frame.cursor for frame in page.frames] == ["c"]
    assert (page.has_more, page.reset) == (True, False)


def test_a_problem_unknown_here_is_still_a_sentence() -> None:
    """The contract may grow a refusal; every one of them has a code and a message."""
    answer = {"__typename": "TooManyDevices", "code": "TOO_MANY", "message": "Trop d'appareils."}
    expected = Problem(code="TOO_MANY", message="Trop d'appareils.")
    assert read_result(answer, Identified, "Device") == expected


def test_what_was_asked_for_is_read() -> None:
    tokens = read_result(
        {
            "__typename": "SignedIn",
            "accessToken": "a",
            "refreshToken": "r",
            "expiresAt": "2026-11-23T12:00:00Z",
        },
        Tokens,
        "SignedIn",
    )
    assert isinstance(tokens, Tokens)
    assert tokens.expires_at.isoformat() == "2026-11-23T12:00:00+00:00"
