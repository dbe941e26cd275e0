"""Patches of a draft: what they change, whose changes they would undo, and what no draft can hold."""

import msgspec
import pytest

from portnet.domain.declaring.drafting import (
    LONGEST_PATH,
    LONGEST_VALUE,
    MOST_PATCHES,
    Conflict,
    DraftField,
    DraftSaved,
    Patch,
    PatchFault,
    Writer,
    conflicts,
    content_of,
    expanded,
    faults,
    stamps,
    values_of,
    written,
)
from portnet.domain.submission import Submission, content_hash
from tests.support.clock import NOON
from tests.support.declaring.forms import DUM, GOODS, SELLER, a_form

LINE, OTHER_LINE = "01JD0000000000000000000001", "01JD0000000000000000000002"
ME = Writer(user="me", queue="phone")


def hs(line: str) -> str:
    return f"goods/lines/{line}/hs"


def later(path: str, by: str = "me", queue: str = "phone") -> DraftField:
    return DraftField(submission="s", path=path, version=7, by=by, queue=queue, at=NOON)


def a_draft(content: str = "{}") -> Submission:
    return Submission(
        id="s",
        company="c",
        author="me",
        target="ONSSA_IMPORT",
        content=content,
        content_hash=content_hash(content),
        refs=(),
        envelope=1,
        state="DRAFT",
        entered_at=NOON,
        created_at=NOON,
        updated_at=NOON,
    )


def test_equal_answers_have_one_text_whatever_their_order() -> None:
    assert (
        content_of({"b": "2", "a": "é"}) == content_of({"a": "é", "b": "2"}) == '{"a":"é","b":"2"}'
    )


@pytest.mark.parametrize("content", ["", "[]", "null", "{", '{"a": 1, "b": {"c": "d"}}'])
def test_what_is_no_text_by_path_is_no_answer(content: str) -> None:
    assert values_of(content) == {}


def test_a_patch_that_says_what_is_there_changes_nothing() -> None:
    values = {GOODS: "Feed"}
    assert expanded(values, [Patch(path=GOODS, value="Feed"), Patch(path=SELLER)]) == ()


def test_clearing_a_line_clears_all_that_is_in_it_and_nothing_else() -> None:
    values = {hs(LINE): "1", f"goods/lines/{LINE}/net": "2", hs(OTHER_LINE): "3"}
    cleared = expanded(values, [Patch(path=f"goods/lines/{LINE}")])
    assert {patch.path for patch in cleared} == {hs(LINE), f"goods/lines/{LINE}/net"}
    assert all(patch.value is None for patch in cleared)


def test_somebody_elses_later_change_of_the_same_field_conflicts() -> None:
    mine = [Patch(path=GOODS, value="Wheat"), Patch(path=SELLER, value="ACME")]
    theirs = [later(GOODS, by="you", queue="tablet"), later(DUM, by="you", queue="tablet")]
    assert conflicts({GOODS: "Maize"}, mine, theirs, ME) == (
        Conflict(path=GOODS, yours="Wheat", theirs="Maize", by="you"),
    )


def test_ones_own_queue_never_conflicts_but_ones_other_phone_does() -> None:
    mine = [Patch(path=GOODS, value="Wheat")]
    assert conflicts({GOODS: "Maize"}, mine, [later(GOODS)], ME) == ()
    assert len(conflicts({GOODS: "Maize"}, mine, [later(GOODS, queue="tablet")], ME)) == 1


def test_somebody_elses_queue_of_the_same_name_is_theirs() -> None:
    mine = [Patch(path=GOODS, value="Wheat")]
    assert len(conflicts({}, mine, [later(GOODS, by="you")], ME)) == 1


@pytest.mark.parametrize(
    ("patch", "fault"),
    [
        (Patch(path="nobody/asks", value="x"), "UNKNOWN_FIELD"),
        (Patch(path="goods/lines/*/hs", value="x"), "UNKNOWN_FIELD"),
        (Patch(path="goods/lines/1/hs", value="x"), "UNKNOWN_FIELD"),
        (Patch(path="goods/lines", value="x"), "UNKNOWN_FIELD"),
        (Patch(path=GOODS, value="a\0b"), "UNKNOWN"),
        (Patch(path=GOODS, value="\ud800"), "UNKNOWN"),
        (Patch(path="\0"), "UNKNOWN_FIELD"),
        (Patch(path="p" * (LONGEST_PATH + 1)), "TOO_LONG"),
        (Patch(path=GOODS, value="x" * (LONGEST_VALUE + 1)), "TOO_LONG"),
    ],
)
def test_what_no_draft_can_hold_is_refused_with_its_path(patch: Patch, fault: str) -> None:
    assert faults(a_form(), [patch]) == (PatchFault(path=patch.path[:LONGEST_PATH], code=fault),)


def test_what_is_only_wrong_is_kept_and_what_is_not_asked_any_more_can_be_cleared() -> None:
    kept = [
        Patch(path=GOODS, value=""),
        Patch(path=hs(LINE), value="not a code"),
        Patch(path="old"),
    ]
    assert faults(a_form(), kept) == ()


def test_a_field_is_there_once_and_a_patch_has_a_length() -> None:
    twice = [Patch(path=GOODS, value="a"), Patch(path=GOODS, value="b")]
    assert faults(a_form(), twice) == (PatchFault(path=GOODS, code="TWICE"),)
    many = [Patch(path=GOODS, value="a")] * (MOST_PATCHES + 1)
    assert faults(a_form(), many) == (PatchFault(path="patch", code="TOO_MANY"),)


def test_a_draft_is_what_was_saved_in_it_and_each_field_knows_its_writer() -> None:
    saved = DraftSaved(
        submission="s",
        version=5,
        by="you",
        queue="tablet",
        form_version=2,
        refs=(),
        patch=(Patch(path=GOODS, value="Maize"), Patch(path=SELLER)),
    )
    after = written(a_draft('{"seller/name":"ACME"}'), saved, NOON)
    assert (after.content, after.version, after.author) == ('{"goods/label":"Maize"}', 5, "you")
    assert after.content_hash == content_hash(after.content)
    assert after == msgspec.structs.replace(
        a_draft(after.content), version=5, author="you", form_version=2
    )
    assert {(f.path, f.version, f.by) for f in stamps(saved, NOON)} == {
        (GOODS, 5, "you"),
        (SELLER, 5, "you"),
    }
