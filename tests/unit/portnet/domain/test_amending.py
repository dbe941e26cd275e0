"""The last word of a source on each of its messages."""

from datetime import timedelta
from typing import Any

import pytest

from portnet.domain.agency import AgencyEvent
from portnet.domain.amending import amended, retracts
from tests.support.clock import NOON
from tests.support.scenarios import said

MINUTE = timedelta(minutes=1)


def say(key: str, number: int = 0, source: str = "BADR", **amends: Any) -> AgencyEvent:
    """``amends`` is what it retracts or corrects."""
    received_at = NOON + number * MINUTE
    return said(source, "DUM_IMPORT.conform", receipt=key, received_at=received_at, **amends)


def what(*messages: AgencyEvent) -> tuple[str, str, dict[str, str]]:
    """The keys of those taken back, of those corrected, and what stands where."""
    found = amended({message.receipt: message for message in messages})
    places = dict(found.places)
    return "".join(sorted(found.retracted)), "".join(sorted(found.corrected)), places


def test_only_a_message_that_corrects_nothing_is_a_mere_retraction() -> None:
    assert retracts(say("b", retracts="a"))
    assert not retracts(say("b", retracts="a", corrects="a"))
    assert not retracts(say("b", corrects="a"))


@pytest.mark.parametrize("order", [1, -1])
def test_who_came_first_does_not_matter(order: int) -> None:
    pair = [say("a", 1), say("b", 2, retracts="a")][::order]
    assert what(*pair) == ("a", "", {})


def test_the_last_correction_stands_in_the_first_ones_place() -> None:
    chain = [say("a"), say("b", 1, corrects="a"), say("c", 2, corrects="b")]
    assert what(*chain) == ("", "ab", {"c": "a"})
    rivals = [say("a"), say("b", 1, corrects="a"), say("c", 2, corrects="a")]
    assert what(*rivals) == ("", "ab", {"c": "a"})


def test_a_correction_that_is_taken_back_leaves_what_was_before_it() -> None:
    said = [say("a"), say("b", 1, corrects="a"), say("c", 2, retracts="b")]
    assert what(*said) == ("b", "", {})


def test_a_message_that_is_taken_back_takes_its_corrections_along() -> None:
    said = [say("a"), say("b", 1, corrects="a"), say("c", 2, retracts="a")]
    assert what(*said) == ("ab", "", {})
    later = [say("a"), say("b", 2, corrects="a"), say("c", 1, retracts="a")]
    assert what(*later) == ("a", "", {"b": "a"})


def test_a_retraction_that_is_taken_back_never_was() -> None:
    said = [say("a"), say("b", 1, retracts="a"), say("c", 2, retracts="b")]
    assert what(*said) == ("b", "", {})
    again = [*said, say("d", 3, retracts="c")]
    assert what(*again) == ("ac", "", {})


def test_another_source_and_oneself_and_circles_amend_nothing() -> None:
    assert what(say("a"), say("b", source="BANK", retracts="a")) == ("", "", {})
    assert what(say("a", retracts="a")) == ("", "", {})
    assert what(say("a", corrects="b"), say("b", corrects="a")) == ("", "", {})
    assert what(say("a", retracts="b"), say("b", retracts="a")) == ("", "", {})
    assert what(say("a"), say("r", retracts="a"), say("c", corrects="r")) == ("a", "", {})
