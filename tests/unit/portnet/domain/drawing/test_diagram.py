"""The picture shows every state and every event, and is the same each time."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.business_hours import parse_span
from portnet.domain.catalogue import Definition, Outcome
from portnet.domain.drawing.diagram import draw, holder_name
from portnet.domain.drawing.page import page, spoken
from portnet_notifications.catalogue import ALERTS

CATALOGUE = load_catalogue(frozenset(ALERTS))
DEFINITIONS = [CATALOGUE.definitions[key] for key in sorted(CATALOGUE.definitions)]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(definition: Definition) -> ElementTree.Element:
    return ElementTree.fromstring(draw(definition, CATALOGUE))  # noqa: S314 - we wrote it ourselves


def words(definition: Definition) -> list[str]:
    drawing = drawn(definition)
    return ["".join(text.itertext()) for text in drawing.iter(f"{SVG}text")]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.code)
def test_every_state_and_every_event_is_in_the_picture(definition: Definition) -> None:
    said = " ".join(words(definition))
    known = {*definition.states, *definition.events()}
    assert {code for code in known if not re.search(rf"\b{code}\b", said)} == set()


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.code)
def test_nothing_is_outside_the_frame(definition: Definition) -> None:
    drawing = drawn(definition)
    width, height = float(drawing.attrib["width"]), float(drawing.attrib["height"])
    moved = drawing.findall(f"{SVG}g")[0]
    left, top = map(float, re.findall(r"[\d.]+", moved.attrib["transform"]))
    for box in moved.iter(f"{SVG}rect"):
        x, y = left + float(box.attrib["x"]), top + float(box.attrib["y"])
        assert 0 <= x <= x + float(box.attrib["width"]) <= width
        assert 0 <= y <= y + float(box.attrib["height"]) <= height


def test_a_drawing_is_the_same_each_time() -> None:
    definition = CATALOGUE.definition("DUM_IMPORT", 1)
    again = load_catalogue(frozenset(ALERTS))
    assert draw(definition, CATALOGUE) == draw(again.definition("DUM_IMPORT", 1), again)


def test_a_way_back_to_where_it_came_from_is_drawn_as_such() -> None:
    assert "H" in words(CATALOGUE.definition("DUM_IMPORT", 1))
    assert "H" not in words(CATALOGUE.definition("ONSSA_IMPORT", 1))


def test_who_says_it_and_what_it_needs_stand_beside_the_event() -> None:
    said = words(CATALOGUE.definition("PAYMENT", 1))
    assert "the company (approval, 2FA)" in said
    assert "our clock PSP PORTNET" in said
    assert "no_answer · A09" in said


def test_holders_are_named_as_people_know_them() -> None:
    passage = CATALOGUE.definition("TM_PASSAGE", 1)
    assert holder_name(passage.state("IN_PORT"), CATALOGUE) == "Tanger Med port"
    assert holder_name(passage.state("UNDER_CONTROL"), CATALOGUE) == "Customs"
    assert passage.state("EXPIRED").outcome is Outcome.FAILURE
    assert holder_name(passage.state("EXPIRED"), CATALOGUE) == "a bad end"


# ------------------------------------------------------------ the page


def test_a_page_tells_states_ways_alerts_deadlines_and_documents() -> None:
    text = page(CATALOGUE.definition("DUM_IMPORT", 1), CATALOGUE, "diagrams/dum.svg")
    for part in (
        "# Déclaration en détail import (DUM_IMPORT, version 1)",
        "![Diagram of DUM_IMPORT](diagrams/dum.svg)",
        "| `EXIT_AUTHORISED` | Bon à enlever délivré, enlèvement possible |",
        "24 h / –",
        "A24 24 h before",
        "| `AGENCY_HOLD` | `hold_lifted` | where it came from | BADR | – | A29 |",
        "| `RECEIVED` | `cancel` | `CANCELLED` | the company | approval, second factor | – |",
        "- **A24**: the reminders of `EXIT_AUTHORISED`",
        "Facture commerciale (380)",
    ):
        assert part in text


def test_a_page_says_what_only_time_brings() -> None:
    text = page(CATALOGUE.definition("PAYMENT", 1), CATALOGUE, "p.svg")
    assert "`no_answer` 15 min after entering" in text
    assert "`overdue` at once after the deadline" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2h30", "2 h 30 min"),
        ("8bh", "8 bh"),
        ("36h", "36 h"),
        ("72h", "3 d"),
        ("0min", "at once"),
        ("45s", "45 s"),
    ],
)
def test_a_length_of_time_is_written_for_people(text: str, said: str) -> None:
    assert spoken(parse_span(text)) == said
