"""Whatever a phone sends as a declaration, it is checked, read and compared, and nothing raises."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from portnet.domain.declaring.answering.tidying import tidy
from portnet.domain.declaring.checking import check
from portnet.domain.declaring.form import FieldType, Form, Severity, SourceKind, at
from portnet.domain.declaring.prefilling import Source, prefill
from portnet.domain.declaring.reading import (
    amount,
    answered,
    diff,
    headline,
    references_of,
    summary,
)
from portnet.domain.declaring.sentences import sentence
from portnet.domain.localised import LOCALES
from tests.support.declaring.published import declaration, facts, line, published
from tests.support.volume import volume

FORMS = tuple(published().forms.values())
FACTS = facts()
MANY = settings(max_examples=volume(150, 5_000))
#: Each tries every field of every form.
FEW = settings(max_examples=volume(40, 1_000))
LINES = [line(number) for number in range(4)]
TEMPTING = [
    "WITH", "WITHOUT", "SEA", "AIR", "ROAD", "FOB", "CIF", "MA", "ES", "EUR", "JPY", "DANGEROUS", "NONE", "EUR1",
    "0", "-1", "1e400", "NaN", "Infinity", "٣", "1,5", "9" * 400, "2026-11-22", "0001-01-01", "9999-12-31",
    "001561191000066", "CSQU3054383", "ÉBCU1234567", "147-12345675", "2309909000", "{0}", "%s", "\x00", "\u202e", "²",
]  # fmt: skip

texts = st.one_of(st.sampled_from(TEMPTING), st.text(max_size=40), st.characters(codec=None))


@st.composite
def filled(draw: st.DrawFn) -> tuple[Form, dict[str, str]]:
    """A form, and any texts at paths of its own, of other forms, and at no path at all."""
    form = draw(st.sampled_from(FORMS))
    paths = [at(path, one) for path in form.fields for one in LINES]
    path = st.one_of(st.sampled_from(paths), st.sampled_from(list(form.fields)), st.text())
    return form, draw(st.dictionaries(path, texts, max_size=40))


@MANY
@given(filled())
def test_no_answers_make_the_check_raise(drawn: tuple[Form, dict[str, str]]) -> None:
    form, values = drawn
    for issue in check(form, values, FACTS):
        said = sentence(issue)
        assert all("{" not in said.in_(locale) or "{" in issue.path for locale in LOCALES)


@MANY
@given(filled(), filled())
def test_any_answers_can_be_read_and_compared(
    drawn: tuple[Form, dict[str, str]], other: tuple[Form, dict[str, str]]
) -> None:
    form, values = drawn
    assert headline(form, values).fr
    assert {item.path for item in summary(form, values)} <= _with_lines(values)
    references_of(form, values)
    amount(form, values)
    assert diff(form, values, values) == ()
    there, back = diff(form, values, other[1]), diff(form, other[1], values)
    assert {change.path for change in there} == {change.path for change in back}


@MANY
@given(filled())
def test_the_declaration_proper_is_judged_as_what_was_typed(
    drawn: tuple[Form, dict[str, str]],
) -> None:
    form, values = drawn
    proper = answered(form, values)
    assert answered(form, proper) == proper
    ours = _errors(form, values, of=proper)
    assert _errors(form, proper, of=proper) == ours


@MANY
@given(filled())
def test_what_is_carried_over_is_asked_for_and_taken_nowhere_twice(
    drawn: tuple[Form, dict[str, str]],
) -> None:
    form, values = drawn
    sources = [Source(kind=kind, name="x", values=values) for kind in SourceKind]
    carried = prefill(form, sources).values
    assert answered(form, carried) == dict(sorted(carried.items()))
    assert prefill(form, sources, carried).values == {}


@FEW
@given(texts)
def test_a_tidied_answer_is_tidy(text: str) -> None:
    for form in FORMS:
        for field in form.fields.values():
            if field.type is not FieldType.GROUP:
                once = tidy(field, text)
                assert tidy(field, once) == once


@MANY
@given(st.dictionaries(st.sampled_from(sorted(declaration())), texts, min_size=1, max_size=6))
def test_breaking_one_answer_hides_no_issue_of_another(changes: dict[str, str]) -> None:
    """All errors at once: an answer's own issues are there whatever is wrong elsewhere."""
    form = published().form("DUM_IMPORT")
    assert form is not None
    together = check(form, declaration(changes=changes), FACTS)
    path, text = next(iter(changes.items()))
    alone = check(form, declaration(changes={path: text}), FACTS)
    own = {issue.code for issue in alone if issue.path == path and not _depends(path)}
    assert own <= {issue.code for issue in together if issue.path == path}


def _depends(path: str) -> bool:
    """Whether the rest of the declaration decides if the question is asked, or what its answer must be."""
    form = published().form("DUM_IMPORT")
    field = form.field_of(path) if form else None
    compared = ("amount", "net", "gross", "value", "hs", "incoterm", "origin_certificate", "ds")
    return field is None or bool(field.visible_if) or path.endswith(compared) or "/lots/" in path


def _errors(form: Form, values: Mapping[str, str], of: Mapping[str, str]) -> set[tuple[str, str]]:
    return {
        (issue.path, issue.code)
        for issue in check(form, values, FACTS)
        if issue.path in of and issue.severity is Severity.ERROR
    }


def _with_lines(values: Mapping[str, str]) -> set[str]:
    lines = {"/".join(path.split("/")[:3]) for path in values}
    return {*values, *lines}
