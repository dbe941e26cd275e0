"""Forms as files: what they may take from parts, and every fault of one named at once."""

from __future__ import annotations

import pytest

from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.declaring.form import FieldType, Form
from tests.support.declaring.published import catalogue, form, loaded, published

LABEL = "label = { fr = 'É', ar = 'ح', en = 'S' }"
QUESTION = "question = { fr = 'É', ar = 'ح', en = 'S' }"
HEAD = f"kind = 'METRO'\nversion = 1\n{LABEL}\n"
STEP = f"[[steps]]\ncode = 'operation'\n{QUESTION}\n"


def field(path: str, *more: str) -> str:
    return "\n".join(["[[steps.fields]]", f"path = '{path}'", LABEL, *more, ""])


def trial(*fields: str, head: str = HEAD) -> Form:
    found = loaded(head + STEP + "".join(fields)).form("METRO")
    assert found is not None
    return found


def faults(*fields: str, head: str = HEAD) -> list[str]:
    with pytest.raises(FaultyFile) as caught:
        trial(*fields, head=head)
    return [f"{fault.place}: {fault.sentence}" for fault in caught.value.faults]


@pytest.mark.parametrize("kind", sorted(kind for kind, _ in published().forms))
def test_every_published_form_has_the_three_screens(kind: str) -> None:
    found = form(kind)
    assert [step.code for step in found.steps] == ["operation", "goods", "documents"]
    assert found.label == catalogue().definition(kind, 1).label


def test_a_new_form_is_one_file() -> None:
    found = trial("[[steps.fields]]\ninclude = 'party.v1'\n")
    assert list(found.fields) == ["operation/party/name", "operation/party/country"]


def test_what_a_form_says_over_an_included_field_stands_in_its_place() -> None:
    found = trial(
        "[[steps.fields]]\ninclude = 'party.v1'\n",
        "[[steps.fields]]\npath = 'operation/party/name'\nrequired = false\n",
    )
    name = found.fields["operation/party/name"]
    assert (name.required, name.max_length, name.label.en) == (False, 70, "Foreign supplier")


def test_the_newest_version_answers_unless_another_is_asked_for() -> None:
    newer = (
        HEAD.replace("version = 1", "version = 2") + STEP + field("operation/a", "type = 'DATE'")
    )
    forms = loaded(HEAD + STEP + field("operation/b", "type = 'DATE'"), newer)
    newest, first = forms.form("METRO"), forms.form("METRO", 1)
    assert (newest and newest.version, first and first.version) == (2, 1)
    assert forms.form("METRO", 3) is None
    assert forms.form("NOTHING") is None


def test_a_field_is_found_by_the_path_in_any_line() -> None:
    line = "01M6A6FT000000000000000000"
    found = form().field_of(f"goods/lines/{line}/hs")
    assert found is not None
    assert (found.path, found.type) == ("goods/lines/*/hs", FieldType.REFERENCE)
    assert form().field_of("goods/lines/3/hs") is None
    assert form().label_of("nothing") is None


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert faults(
        field("operation/a", "type = 'CHOICE'", "list = 'colours'"),
        field("operation/b", "type = 'TEXT'", "pattern = '['"),
        field("operation/c", "type = 'MONEY'"),
        field("operation/d", "type = 'DOCUMENT'", "document = 'LETTER'"),
        field("operation/e/*/f", "type = 'NUMBER'"),
        field("goods/g", "type = 'DATE'", "visible_if = { 'operation/h' = ['X'] }"),
        field("operation/i", "type = 'DATE'", "colour = 'red'"),
        field("operation/j", "type = 'CHOICE'", "list = 'payments'", "only = ['MAYBE']"),
        "[[steps.fields]]\ninclude = 'weather.v1'\n",
        head=HEAD.replace("'METRO'", "'WEATHER'") + "rules = ['TOTAL']\namount = 'operation/a'\n",
    ) == [
        "steps[1].fields: no part weather.v1, or more than its name",
        "steps[1].fields[operation/a].list: no list colours",
        "steps[1].fields[operation/i].colour: unknown key; known: " + KEYS,
        "steps[1].fields[operation/j].only: payments has no MAYBE",
        "kind: the catalogue has no procedure WEATHER",
        "amount: no field operation/a of type MONEY",
        "operation/e/*/f: there is no group operation/e/*",
        "goods/g: stands in the step operation",
        "operation/a.list: a choice needs options",
        "operation/b.max_length: is missing",
        "operation/b.pattern: unterminated character set at position 0",
        "operation/c.currency: goes with the type MONEY",
        "operation/d.document: the catalogue has no document LETTER",
        "operation/e/*/f.decimals: goes with the type NUMBER",
        "operation/j.list: a choice needs options",
        "goods/g.visible_if: no field operation/h before this one",
        "rules: TOTAL needs a field operation/invoice/amount",
        "rules: TOTAL needs a field goods/lines/*/value",
    ]


KEYS = (
    "path, type, label, required, pattern, min_length, max_length, most, list, only, visible_if, format, scheme, "
    "document, currency, decimals, positive, signed, earliest, latest, early, forbidden, summary, carry"
)


def test_a_condition_never_waits_for_itself() -> None:
    looks_at_itself = field(
        "operation/a", "type = 'DATE'", "visible_if = { 'operation/a' = ['X'] }"
    )
    assert faults(looks_at_itself) == [
        "operation/a.visible_if: no field operation/a before this one"
    ]


def test_a_condition_names_values_that_its_field_can_have() -> None:
    asked = field("operation/a", "type = 'CHOICE'", "list = 'payments'")
    asking = field("operation/b", "type = 'DATE'", "visible_if = { 'operation/a' = ['SOON'] }")
    assert faults(asked, asking) == ["operation/b.visible_if: operation/a is never SOON"]


def test_a_language_that_is_missing_is_a_fault() -> None:
    silent = (
        "[[steps.fields]]\npath = 'operation/a'\ntype = 'DATE'\nlabel = { fr = 'É', en = 'S' }\n"
    )
    assert faults(silent) == ["operation/a.label.ar: is missing"]


def test_a_published_version_is_not_written_twice() -> None:
    again = HEAD.replace("'METRO'", "'IMP_TITLE'")
    said = faults(field("operation/a", "type = 'DATE'"), head=again)
    assert said == ["version: IMP_TITLE version 1 is published already; a change is a new version"]


def test_garbage_is_a_fault_and_no_crash() -> None:
    for text in (
        "steps = 3",
        "kind = 1",
        "[[steps]]\n",
        "\x00",
        "steps = [1]\nkind='METRO'\nversion=1",
    ):
        with pytest.raises(FaultyFile):
            loaded(text)
