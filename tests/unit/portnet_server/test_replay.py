"""A scenario told again: when each message happens, what it says, and what becomes of a file with faults."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from portnet.agencies.canonical import WireMessage, read
from portnet.domain.agency_key import SignatureAlgorithm
from portnet.domain.authoring.scenario import Scenario, Step, Wait, parse_scenario
from portnet.domain.business_hours import CASABLANCA
from portnet.scenarios import shipped
from portnet.security.signatures import SigningKey
from portnet_server.cli.agency import agency
from portnet_server.demo.accounts import COMPANIES, SOURCES
from portnet_server.demo.agency_client import AgencyClient, Answer, NoKey
from portnet_server.demo.replay import (
    Acted,
    Actor,
    Happened,
    Played,
    Telling,
    UnknownCompany,
    Waited,
    begin,
    play,
)
from tests.support.clock import NOON, SteppedClock
from tests.support.virtual_time import run_in_virtual_time

INSTANTS = st.timedeltas(timedelta(0), timedelta(days=1_500)).map(
    lambda passed: datetime(2025, 1, 1, tzinfo=UTC) + passed
)
HEAD = """
code = "X"
title = { fr = "x", ar = "x", en = "x" }
parties = { OPERATOR = "company:importer", BROKER = "002136093000040" }
refs = { dum = "DUM" }
"""


class Post(AgencyClient):
    """Keeps what is posted instead of posting it."""

    def __init__(self, clock: SteppedClock) -> None:
        super().__init__("http://nobody", {}, clock)
        self.posted: list[tuple[str, WireMessage]] = []

    async def post(self, source: str, body: bytes) -> Answer:
        message = read(body)
        assert isinstance(message, WireMessage), message
        self.posted.append((source, message))
        return Answer(status=202, body="{}")


def told(
    scenario: Scenario,
    now: datetime = NOON,
    seconds: float = 60.0,
    chance: int = 1,
    actor: Actor | None = None,
) -> tuple[list[Happened], Post]:
    async def main() -> tuple[list[Happened], Post]:
        clock = SteppedClock(now)
        post = Post(clock)
        telling = begin(scenario, clock, Random(chance))
        async with aclosing(play(telling, post, seconds, actor)) as story:
            return [happened async for happened in story], post

    return run_in_virtual_time(main())


def played(happened: list[Happened]) -> list[Played]:
    return [one for one in happened if isinstance(one, Played)]


@given(now=INSTANTS)
def test_the_hold_of_s0_falls_at_22_40_and_nothing_happens_after_now(now: datetime) -> None:
    story = played(told(shipped()["S0"], now)[0])
    [hold] = [one for one in story if one.step.event == "ONSSA_IMPORT.hold"]
    assert hold.occurred_at.astimezone(CASABLANCA).strftime("%H:%M") == "22:40"
    assert story[0].occurred_at.astimezone(CASABLANCA).strftime("%H:%M") == "08:50"
    assert now - timedelta(hours=26) <= story[-1].occurred_at <= now


def test_each_shipped_story_is_told_by_agencies_of_the_demo() -> None:
    for scenario in shipped().values():
        story = played(told(scenario)[0])
        times = [one.occurred_at for one in story]
        assert all(at.tzinfo is UTC for at in times)
        assert {one.step.source for one in story} <= set(SOURCES)


@given(now=INSTANTS)
def test_without_an_hour_of_its_own_a_story_ends_now(now: datetime) -> None:
    scenario = msgspec.structs.replace(shipped()["S0"], starts_at=None)
    assert played(told(scenario, now)[0])[-1].occurred_at == now


def test_the_waits_between_posts_keep_the_proportions_of_the_story() -> None:
    async def lasted(seconds: float) -> float:
        clock = SteppedClock()
        scenario = shipped()["S0"]
        telling = begin(scenario, clock, Random(1))
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with aclosing(play(telling, Post(clock), seconds)) as story:
            async for _ in story:
                pass
        return loop.time() - start

    for seconds in (0.0, 60.0, 600.0):
        assert run_in_virtual_time(lasted(seconds)) == pytest.approx(seconds)


def test_the_messages_say_what_the_scenario_says() -> None:
    scenario = shipped()["S0"]
    happened, post = told(scenario)
    for (source, message), one in zip(post.posted, played(happened), strict=True):
        step = one.step
        assert (source, message.type, message.classifier) == (
            step.source,
            step.event,
            step.classifier,
        )
        assert message.occurred_at == one.occurred_at
        assert [ref.scheme for ref in message.refs] == [scenario.refs[name] for name in step.refs]
        assert (message.reasons, message.place) == (step.reasons, step.place)
        due_in = message.due_at and message.due_at - message.occurred_at
        assert due_in == step.due_in
        assert {party.role: party.value for party in message.parties} == {
            "OPERATOR": COMPANIES["importer"].ice,
            "BROKER": COMPANIES["broker"].ice,
        }
    ids = [message.event_id for _, message in post.posted]
    assert len(set(ids)) == len(ids)


def test_two_runs_share_neither_references_nor_event_ids() -> None:
    (_, one), (_, two) = (told(shipped()["S0"], chance=chance) for chance in (1, 2))
    values = [{ref.value for _, m in post.posted for ref in m.refs} for post in (one, two)]
    ids = [{m.event_id for _, m in post.posted} for post in (one, two)]
    assert not values[0] & values[1]
    assert not ids[0] & ids[1]


def wait_story(wait: str) -> Scenario:
    return parse_scenario(
        HEAD
        + """
[[steps]]
source = "ONSSA"
event = "ONSSA_IMPORT.registered"
refs = ["dum"]
[[steps]]
after = "1h"
"""
        + wait
        + """
[[steps]]
after = "2h"
source = "BADR"
event = "DUM_IMPORT.registered"
refs = ["dum"]
"""
    )


def test_a_wait_that_nobody_ends_passes_in_full_and_the_agency_goes_on() -> None:
    scenario = wait_story(
        'wait_for = { by = "DECLARANT", act = "ANSWER_REQUEST", within = "4h", else = "ONSSA_IMPORT.refuse" }'
    )
    happened, post = told(scenario)
    assert [type(one) for one in happened] == [Played, Waited, Played, Played]
    assert [(source, message.type) for source, message in post.posted] == [
        ("ONSSA", "ONSSA_IMPORT.registered"),
        ("ONSSA", "ONSSA_IMPORT.refuse"),
        ("BADR", "DUM_IMPORT.registered"),
    ]
    assert [message.occurred_at for _, message in post.posted] == [
        NOON - timedelta(hours=7),
        NOON - timedelta(hours=2),
        NOON,
    ]


def test_a_wait_without_a_message_of_its_own_just_passes() -> None:
    _, post = told(wait_story('wait_for = { by = "DECLARANT", act = "PAY", within = "3h" }'))
    assert [message.occurred_at for _, message in post.posted] == [NOON - timedelta(hours=6), NOON]


def test_a_wait_without_an_end_ends_the_story() -> None:
    happened, post = told(wait_story('wait_for = { by = "DECLARANT", act = "PAY" }'))
    assert [type(one) for one in happened] == [Played, Waited]
    assert [m.occurred_at for _, m in post.posted] == [NOON - timedelta(hours=1)]


def test_a_company_that_is_not_in_the_demo_is_refused_before_anything_is_posted() -> None:
    parties: Mapping[str, str] = {"OPERATOR": "company:nobody"}
    scenario = msgspec.structs.replace(shipped()["S0"], parties=parties)
    with pytest.raises(UnknownCompany, match=r"company:nobody.*company:importer"):
        begin(scenario, SteppedClock(), Random(1))


def test_a_source_without_a_key_is_named_before_anything_is_posted() -> None:
    key = SigningKey(id="k", algorithm=SignatureAlgorithm.HMAC_SHA256, secret=b"s" * 32)
    client = AgencyClient("http://nobody", {"BADR": key}, SteppedClock())
    client.require(["BADR", "BADR"])
    steps = [step for step in shipped()["S0"].steps if isinstance(step, Step)]
    with pytest.raises(NoKey, match="no key of ONSSA; there are keys of BADR"):
        client.require(step.source for step in steps)


FAULTY_WIRE = (
    HEAD
    + """
[[steps]]
name = "hold"
source = "ONSSA"
event = "ONSSA_IMPORT.hold"
refs = ["dum"]
twice = true
[[steps]]
after = "1h"
source = "BADR"
event = "DUM_IMPORT.conform"
refs = ["dum"]
delay = "2h30"
[[steps]]
after = "1h"
source = "BADR"
event = "DUM_IMPORT.liquidated"
refs = ["dum"]
[[steps]]
outage = { source = "ONSSA", lasts = "3h" }
[[steps]]
after = "1h"
source = "ONSSA"
event = "ONSSA_IMPORT.hold"
refs = ["dum"]
retracts = "hold"
[[steps]]
after = "1h"
source = "BADR"
event = "DUM_IMPORT.paid"
refs = ["dum"]
[[steps]]
after = "30m"
source = "BADR"
event = "DUM_IMPORT.released"
refs = ["dum"]
early = true
"""
)


def test_the_faults_of_the_wire_change_what_is_posted_when_and_not_what_it_says() -> None:
    happened, post = told(parse_scenario(FAULTY_WIRE))
    began_at = NOON - timedelta(hours=5)
    assert [
        (message.type.partition(".")[2], (message.occurred_at - began_at) / timedelta(hours=1))
        for _, message in post.posted
    ] == [
        ("hold", 0),
        ("hold", 0),
        ("liquidated", 2),
        ("conform", 1),
        ("released", 4.5),
        ("paid", 4),
        ("hold", 3),
    ]
    again, taken_back = post.posted[1][1], post.posted[-1][1]
    assert again == post.posted[0][1]
    assert taken_back.retracts == again.event_id != taken_back.event_id
    assert len(played(happened)) == len(post.posted)


class Somebody:
    """Implements `Actor`: does these acts, an hour after NOON, and nothing else."""

    def __init__(self, *does: str) -> None:
        self.does = does
        self.pauses: list[float | None] = []

    async def act(self, telling: Telling, number: int, wait: Wait, pause: float | None) -> Acted:
        assert telling.scenario.steps[number - 1] == wait
        self.pauses.append(pause)
        done = wait.act in self.does
        return Acted(wait=wait, at=NOON + timedelta(hours=1) if done else None, said="somebody")


def test_what_somebody_does_happens_now_and_the_story_goes_on_from_there() -> None:
    actor = Somebody("SANIT_EXPORT.answered", "DUM_EXPORT.answered")
    happened, _ = told(shipped()["S2"], actor=actor)
    after = happened[happened.index(next(h for h in happened if isinstance(h, Acted))) + 1 :]
    story = played(after)
    assert all(one.occurred_at > NOON + timedelta(hours=1) for one in story)
    assert story[-1].step.event == "FOODEX_EXPORT.used"
    events = {one.step.event for one in story}
    assert not events & {"DUM_EXPORT.escalate_visit", "DUM_EXPORT.visit_set"}


def test_where_the_act_is_not_done_the_story_takes_its_other_way() -> None:
    happened, _ = told(shipped()["S2"], actor=Somebody("SANIT_EXPORT.answered"))
    events = [one.step.event for one in played(happened)]
    visit = events.index("DUM_EXPORT.escalate_visit")
    assert events[visit : visit + 4] == [
        f"DUM_EXPORT.{event}" for event in ("escalate_visit", "visit_set", "visit_done", "conform")
    ]


def test_a_wait_without_an_end_leaves_somebody_all_the_time() -> None:
    actor = Somebody("SANIT_EXPORT.answered")
    told(shipped()["S2"], actor=actor)
    forever, hours = actor.pauses
    assert forever is None
    assert hours is not None
    assert 0 < hours < 60


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ('[[steps]]\nsource = "BADR"\nevent = "DUM_IMPORT.registered"', "steps[1].refs"),
        (
            '[[steps]]\nsource = "BADR"\nevent = "registered"\nrefs = ["dum"]',
            "steps[1].event",
        ),
        (
            '[[steps]]\nsource = "BADR"\nevent = "DUM_IMPORT.registered"\nrefs = ["bill"]',
            "steps[1].refs",
        ),
        (
            '[[steps]]\nafter = "soon"\nsource = "BADR"\nevent = "A.b"\nrefs = ["dum"]',
            "steps[1].after",
        ),
        ('[[steps]]\nwait_for = { act = "PAY" }', "steps[1].wait_for.by"),
        ('[[steps]]\noutage = { source = "BADR" }', "steps[1].outage.lasts"),
        ("[[steps", "not TOML"),
        ("\x00", "not TOML"),
    ],
)
def test_a_file_with_faults_is_refused_naming_step_and_key(
    fault: str, named: str, tmp_path: Path
) -> None:
    file = tmp_path / "story.toml"
    file.write_text(HEAD + fault, encoding="utf-8")
    result = run("replay", str(file))
    assert result.exit_code == 1
    assert named in result.output
    assert str(file) in result.output
    assert "Traceback" not in result.output


def test_a_file_that_is_no_text_and_a_name_that_is_no_file_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "story.toml"
    file.write_bytes(b"\xff\xfe")
    assert "story.toml" in run("replay", str(file)).output
    missing = run("replay", "S99")
    assert missing.exit_code == 1
    assert "S0" in missing.output


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(agency, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result
