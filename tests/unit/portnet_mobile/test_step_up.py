"""A phone that is asked for a code gives it, waits for a fresh one where it must, and gives up in the end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portnet_mobile.contract import Problem
from portnet_mobile.step_up import proven
from tests.support.clock import NOON

REQUIRED = Problem(code="SECOND_FACTOR_REQUIRED", message="")
USED = Problem(code="CODE_USED", message="", retry_after_seconds=12)
THROTTLED = Problem(code="THROTTLED", message="", retry_after_seconds=900)


class Waiting:
    """Implements `Clock`: remembers for how long it slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOON

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Server:
    """Gives these answers, and remembers what was sent."""

    def __init__(self, *answers: Problem | str) -> None:
        self.answers = list(answers)
        self.sent: list[Mapping[str, Any]] = []

    async def __call__(self, sent: Mapping[str, Any]) -> Problem | str:
        self.sent.append(sent)
        return self.answers.pop(0)


def code() -> str:
    return "123456"


async def test_what_needs_no_code_is_sent_once() -> None:
    server = Server("done")
    assert await proven(server, code, Waiting()) == "done"
    assert server.sent == [{}]


async def test_a_code_is_given_when_it_is_asked_for() -> None:
    server = Server(REQUIRED, "done")
    assert await proven(server, code, Waiting()) == "done"
    assert server.sent == [{}, {"proof": {"code": "123456"}}]


async def test_a_used_code_is_followed_by_the_next_one() -> None:
    server, clock = Server(REQUIRED, USED, "done"), Waiting()
    assert await proven(server, code, clock) == "done"
    assert clock.slept == [12]


async def test_a_phone_without_an_authenticator_says_what_is_asked() -> None:
    server = Server(REQUIRED)
    assert await proven(server, None, Waiting()) == REQUIRED


async def test_other_refusals_and_endless_questions_are_told() -> None:
    assert await proven(Server(REQUIRED, THROTTLED), code, Waiting()) == THROTTLED
    assert await proven(Server(*[REQUIRED] * 5), code, Waiting()) == REQUIRED
