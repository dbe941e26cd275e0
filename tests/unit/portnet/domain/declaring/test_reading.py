"""What is read out of a declaration: references, worth, what a manager sees, what has changed."""

from __future__ import annotations

from portnet.domain.declaring.reading import (
    Money,
    amount,
    answered,
    diff,
    headline,
    references_of,
    summary,
)
from tests.support.declaring.published import CONTAINER, DS, declaration, form, line

FORM = form()
FIRST = f"goods/lines/{line(0)}"


def test_a_declaration_is_known_by_its_title_papers_containers_and_lots() -> None:
    again = {f"operation/transport/containers/{line(902)}": "csqu305438 3"}
    assert [r.key for r in references_of(FORM, declaration(1, again))] == [
        "TITLE:EI-26-000123",
        "BL:VLC0012345",
        f"CONTAINER:{CONTAINER}",
        f"DS:{DS}",
        f"LOT:{DS}/7",
    ]


def test_what_is_not_asked_for_is_no_reference() -> None:
    by_air = declaration(1, {"operation/transport/mode": "AIR", "operation/payment": "WITHOUT"})
    assert [r.scheme for r in references_of(FORM, by_air)] == ["DS", "LOT"]


def test_the_declaration_proper_has_tidied_answers_to_what_is_asked() -> None:
    typed = {"operation/title/exemption": "GIFT", "operation/colour": "green"}
    typed |= {"operation/invoice/amount": "١٠٠"}
    assert answered(FORM, declaration(1, typed)) == dict(
        sorted(declaration(1, {"operation/invoice/amount": "100"}).items())
    )


def test_the_amount_is_the_invoice_and_needs_its_currency() -> None:
    assert amount(FORM, declaration()) == Money(amount="200.00", currency="EUR")
    assert amount(FORM, declaration(changes={"operation/invoice/currency": ""})) is None
    assert amount(FORM, declaration(changes={"operation/invoice/amount": "much"})) is None
    assert amount(form("PHYTO_EXPORT"), declaration()) is None


def test_a_headline_tells_declarations_apart() -> None:
    said = headline(FORM, declaration(1, {"operation/invoice/amount": "1250000.5"}))
    assert (
        said.fr
        == "Déclaration en détail import · Piensos del Sur SA · 1\u00a0250\u00a0000,5\u00a0EUR"
    )
    assert said.en == "Import declaration · Piensos del Sur SA · 1,250,000.5\u00a0EUR"
    assert headline(FORM, {}) == FORM.label


def test_a_manager_sees_who_how_much_and_every_line() -> None:
    shown = {item.path: (item.label.fr, item.text.fr) for item in summary(FORM, declaration(50))}
    assert shown["operation/party/country"] == ("Pays du fournisseur", "Espagne")
    assert shown["operation/bureau"][1] == "309 – Douane, bureau de Casablanca-Port (309)"
    assert shown["operation/invoice/amount"] == (
        "Montant de la facture",
        "5\u00a0000,00\u00a0EUR",
    )
    lines = [texts for path, texts in shown.items() if path.startswith("goods/lines/")]
    assert len(lines) == 50
    assert lines[1] == (
        "Ligne 2",
        "2309909000 · Aliments composés pour volailles · 10 · Kilogramme · 100,00\u00a0EUR",
    )


def test_a_summary_shows_what_was_typed_where_it_means_nothing() -> None:
    shown = {
        item.path: item.text.fr for item in summary(FORM, {"operation/party/country": "Spain"})
    }
    assert shown == {"operation/party/country": "Spain"}


def test_a_changed_answer_is_shown_before_and_after_with_its_line() -> None:
    before = declaration()
    changes = diff(FORM, before, {**before, f"{FIRST}/net": "9.5", "operation/incoterm": "CFR"})
    assert [(c.label.fr, c.before and c.before.fr, c.after and c.after.fr) for c in changes] == [
        ("Incoterm 2020", "FOB – Franco à bord", "CFR – Coût et fret"),
        ("Ligne 1 – Poids net (kg)", "10", "9,5"),
    ]


def test_a_line_that_came_or_went_is_one_change() -> None:
    two, three = declaration(2), declaration(3)
    three["operation/invoice/amount"] = two["operation/invoice/amount"]
    (came,) = diff(FORM, two, three)
    (went,) = diff(FORM, three, two)
    assert (came.path, came.label.en, came.before) == (f"goods/lines/{line(2)}", "Line 3", None)
    assert (went.path, went.label, went.before, went.after) == (
        came.path,
        came.label,
        came.after,
        None,
    )


def test_a_container_that_is_another_now_is_shown() -> None:
    path = f"operation/transport/containers/{line(900)}"
    (change,) = diff(FORM, declaration(), declaration(changes={path: "MSKU0000000"}))
    assert (change.label.fr, change.path) == ("Conteneur 1", path)


def test_nothing_changes_behind_a_managers_back() -> None:
    hidden = {"operation/title/exemption": "GIFT", "operation/colour": "green"}
    changes = diff(FORM, declaration(), declaration(changes=hidden))
    assert [(c.path, c.after.en if c.after else None) for c in changes] == [
        ("operation/title/exemption", "Gift"),
        ("operation/colour", "green"),
    ]


def test_another_paper_in_the_place_of_one_is_a_change_that_can_be_seen() -> None:
    other = declaration(changes={"documents/invoice": "01J0000000000000000000000Z"})
    (change,) = diff(FORM, declaration(), other)
    assert (change.before and change.before.en, change.after and change.after.en) == (
        "attached (…00000A)",
        "attached (…00000Z)",
    )


def test_the_same_answers_in_another_spelling_are_no_change() -> None:
    spelled = declaration(changes={f"{FIRST}/net": "١٠", f"{FIRST}/hs": "2309.90.90.00"})
    assert diff(FORM, declaration(), spelled) == ()
