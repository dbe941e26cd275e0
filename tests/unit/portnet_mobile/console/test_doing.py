"""What is typed is asked of the server once, and again only with the code that it wants."""

from typing import Any, TypeVar

import msgspec
import pytest

from portnet_mobile.client import Variables
from portnet_mobile.console.doing import SECOND_FACTOR, Doer
from portnet_mobile.contract import Problem
from portnet_mobile.errors import PhoneError, Refused, Unreachable
from portnet_mobile.words import words

T = TypeVar("T")

EN = words("en")
REFUSED = Refused(Problem(code="NOT_ALLOWED_NOW", message="Too late."))
CODE_WANTED = Refused(Problem(code=SECOND_FACTOR, message="Enter the code of your app."))


def a_file(code: str = "DUM_IMPORT", **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"actions": [], "requests": []}
    return {"id": f"id-{code}", "version": 7, "kind": {"code": code}, **empty, **more}


def a_request(number: int, state: str = "NEW") -> dict[str, Any]:
    return {"id": f"r{number}", "version": number, "state": state, "text": "Facture ?"}


_SHEET: Any = {
    "requestedBy": "Salma",
    "content": {
        "id": "c1",
        "headline": "Import title · 10 EUR",
        "summary": [{"label": "Bank", "text": "AWB"}],
    },
}


class FakeLine:
    """Implements `Line`: has these files, gives these answers, and remembers what was sent."""

    def __init__(
        self,
        *files: dict[str, Any],
        answers: tuple[PhoneError | None, ...] = (),
        yes: str = "",
    ) -> None:
        self.files = files
        self.yes = yes
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.looked_for: list[object] = []

    async def inquire(self, operation: str, type_: type[T], variables: Variables) -> T:
        if operation == "Approvals":
            return msgspec.convert({"approvals": {"nodes": [_SHEET]}}, type_)
        assert operation == "MyTurn"
        self.looked_for.append(variables["text"])
        dossier = {"procedures": {"nodes": list(self.files)}}
        return msgspec.convert({"dossiers": {"nodes": [dossier]}}, type_)

    async def act(
        self,
        operation: str,
        field: str,
        variables: Variables,
        type_: type[T],
        typename: str | frozenset[str],
    ) -> T:
        self.sent.append((operation, dict(variables)))
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        return msgspec.convert({"id": "x", "__typename": self.yes}, type_)


def doer(line: FakeLine) -> Doer:
    return Doer(line, lambda: EN)


async def test_an_action_goes_to_the_file_that_offers_it_as_it_is() -> None:
    offered = [{"code": "cancel", "label": "Cancel"}]
    line = FakeLine(a_file("ONSSA_IMPORT"), a_file(actions=offered))
    assert await doer(line).typed(" do 309-1 cancel ") == EN("do", "sent")
    [(operation, sent)] = line.sent
    named = sent.pop("clientMutationId")
    assert (operation, sent) == (
        "PerformAction",
        {"subject": "id-DUM_IMPORT", "action": "cancel", "expectedVersion": 7},
    )
    assert named
    assert line.looked_for == ["309-1"]


async def test_an_answer_goes_to_the_newest_open_request() -> None:
    asked = [a_request(1), a_request(2, "EXPIRED"), a_request(3, "ANSWERED")]
    line = FakeLine(a_file(requests=asked))
    assert await doer(line).typed("answer 309-1 The invoice, page 2.") == EN("do", "sent")
    [(operation, sent)] = line.sent
    assert operation == "AnswerRequest"
    assert (sent["request"], sent["expectedVersion"], sent["text"]) == (
        "r2",
        2,
        "The invoice, page 2.",
    )


async def test_what_needs_a_yes_is_said_to_wait_for_it() -> None:
    line = FakeLine(a_file(actions=[{"code": "cancel", "label": "Cancel"}]), yes="Approval")
    assert await doer(line).typed("do 309-1 cancel") == EN("do", "asked")


async def test_a_manager_approves_by_number_what_was_shown_and_nothing_else() -> None:
    line = FakeLine(answers=(CODE_WANTED, None), yes="Approval")
    person = doer(line)
    assert await person.typed("approve 1") == EN("do", "unlisted")
    assert line.sent == []
    assert await person.typed("approve") == "[1] Import title · 10 EUR (Salma) Bank: AWB"
    await person.typed("approve 1")
    assert await person.typed("123456") == EN("do", "approved")
    [_, (operation, sent)] = line.sent
    assert (operation, sent["contents"], sent["proof"]) == ("Approve", ["c1"], {"code": "123456"})


async def test_a_code_sends_the_same_write_again_under_the_same_name() -> None:
    offered = [{"code": "cancel", "label": "Cancel"}]
    line = FakeLine(a_file(actions=offered), answers=(CODE_WANTED, CODE_WANTED, None))
    person = doer(line)
    assert await person.typed("do 309-1 cancel") == "Enter the code of your app."
    assert await person.typed("000000") == "Enter the code of your app."
    assert await person.typed("123456") == EN("do", "sent")
    assert person.wants_code is False
    first, wrong, right = (sent for _, sent in line.sent)
    assert wrong == {**first, "proof": {"code": "000000"}}
    assert right == {**first, "proof": {"code": "123456"}}


async def test_an_empty_code_gives_up() -> None:
    line = FakeLine(a_file(actions=[{"code": "cancel", "label": "x"}]), answers=(CODE_WANTED,))
    person = doer(line)
    await person.typed("do 309-1 cancel")
    assert await person.typed("") == EN("do", "given_up")
    assert not person.wants_code
    assert len(line.sent) == 1


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (REFUSED, "Too late."),
        (Unreachable("down", "UNREACHABLE"), EN("why", "UNREACHABLE")),
    ],
)
async def test_why_nothing_was_done_is_said(failure: PhoneError, said: str) -> None:
    line = FakeLine(a_file(actions=[{"code": "cancel", "label": "x"}]), answers=(failure,))
    person = doer(line)
    assert await person.typed("do 309-1 cancel") == said
    assert not person.wants_code


async def test_what_may_be_done_and_what_is_asked_is_listed() -> None:
    line = FakeLine(
        a_file(actions=[{"code": "cancel", "label": "Cancel it"}]),
        a_file("ONSSA_IMPORT", requests=[a_request(1)]),
    )
    said = await doer(line).typed("LOOK 309-1")
    assert said == "DUM_IMPORT: cancel (Cancel it) · ONSSA_IMPORT? Facture ?"


@pytest.mark.parametrize("typed", ["do 309-1 release", "answer 309-1 Yes.", "look 309-1"])
async def test_what_is_not_offered_is_not_sent(typed: str) -> None:
    line = FakeLine(a_file())
    assert await doer(line).typed(typed) == EN("do", "nothing")
    assert line.sent == []


@pytest.mark.parametrize(
    "typed", ["", "help", "do", "do 309-1", "answer 309-1", "look", "look a b"]
)
async def test_what_is_not_understood_is_explained(typed: str) -> None:
    line = FakeLine(a_file())
    assert await doer(line).typed(typed) == EN("do", "usage")
    assert line.looked_for == []
