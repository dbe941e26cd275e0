"""Every shipped story, told to its end through the real storage, with the company's acts through the real gateway."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from random import Random

import msgspec
import pytest

from portnet.agencies.canonical import WireMessage, read
from portnet.domain.access import Role
from portnet.domain.approving.approval import Approval
from portnet.domain.authoring.scenario import Scenario, Step, Wait
from portnet.domain.request import RequestState
from portnet.domain.submission import NotDone
from portnet.scenarios import shipped
from portnet.services.act import Wish
from portnet_server.demo.agency_client import AgencyClient, Answer
from portnet_server.demo.replay import Acted, Played, Telling, begin, play
from tests.support.acting.fakes import CODE
from tests.support.acting.stage import Stage, open_stage
from tests.support.clock import SteppedClock
from tests.support.scenarios import BROKER, IMPORTER, Line
from tests.support.world import World

#: How each story ends where every act is done.
ENDS = {
    "G0": {"DUM_IMPORT": "EXITED"},
    "S0": {"DUM_IMPORT": "EXITED", "ONSSA_IMPORT": "ADMITTED"},
    "S1": {
        "FOODEX_EXPORT": "USED",
        "PHYTO_EXPORT": "CLOSED",
        "DUM_EXPORT": "EXPORTED",
        "TM_PASSAGE": "DEPARTED",
    },
    "S2": {"FOODEX_EXPORT": "USED", "SANIT_EXPORT": "CLOSED", "DUM_EXPORT": "EXPORTED"},
    "S3": {"IMP_TITLE": "CLEARED", "DUM_IMPORT": "EXITED", "PAYMENT": "RECEIPTED"},
    "S4": {
        "MANIFEST": "DONE",
        "IMP_TITLE": "CLEARED",
        "ONSSA_IMPORT": "ADMITTED",
        "DUM_IMPORT": "EXITED",
    },
    "S5": {"FOODEX_EXPORT": "USED", "PHYTO_EXPORT": "CLOSED"},
    "S6": {"SANIT_EXPORT": "CLOSED", "DUM_EXPORT": "EXPORTED"},
    "S7": {"CONFORMITY_CERTIFICATE": "EXPIRED", "DUM_IMPORT": "EXITED", "PAYMENT": "RECEIPTED"},
}
#: Where nobody approves a payment, it is withdrawn.
UNPAID_ONLINE = {"PAYMENT": "CANCELLED"}
_SECOND = timedelta(seconds=1)


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with open_stage(world) as stage:
        yield stage


class Door(AgencyClient):
    """Posts into the inbox of a world, to be taken in at once."""

    def __init__(self, stage: Stage) -> None:
        super().__init__("http://nobody", {}, stage.world.clock)
        self._world = stage.world

    async def post(self, source: str, body: bytes) -> Answer:
        message = read(body)
        assert isinstance(message, WireMessage), message
        assert message.event_id is not None
        said = Line(
            source=source,
            type=message.type,
            event_id=message.event_id,
            occurred_at=message.occurred_at,
            body=body,
        )
        await self._world.say(said)
        return Answer(status=202, body="{}")


class Everybody:
    """Implements `Actor`: asks for every act as the company's manager or its broker; the system takes it at once."""

    def __init__(self, stage: Stage, clock: SteppedClock, *, but: str = "") -> None:
        self._stage = stage
        self._clock = clock
        self._but = but
        self._answered: set[str] = set()

    async def act(self, telling: Telling, number: int, wait: Wait, pause: float | None) -> Acted:
        self._clock.advance(_SECOND)
        refused = NotDone.NOT_NOW if wait.act == self._but else await self._ask(wait)
        if refused is not None:
            return Acted(wait=wait, at=None, said=refused.value)
        await self._stage.send()
        for message in await self._stage.outgoing():
            # The provider answers orders to pay by itself, over the wire; what is withdrawn it acknowledges like all.
            if message.id not in self._answered and message.event != "start":
                self._answered.add(message.id)
                await self._stage.acknowledge(message.id)
        return Acted(wait=wait, at=self._clock.now(), said="somebody")

    async def _ask(self, wait: Wait) -> NotDone | None:
        stage = self._stage
        code, _, event = wait.act.partition(".")
        [procedure] = [p for p in await stage.world.procedures() if p.code == code]
        firm, role = (BROKER, Role.DECLARANT) if wait.by == "BROKER" else (IMPORTER, Role.MANAGER)
        viewer = stage.world.viewer(firm, role)
        if event == "answered":
            [asked] = [r for r in await stage.asked_for() if r.state is RequestState.NEW]
            outcome = await stage.acts.answer(
                viewer, stage.key(), asked.id, asked.version, "Voici la pièce."
            )
            return outcome if isinstance(outcome, NotDone) else None
        wish = Wish(
            key=stage.key(),
            procedure=procedure.id,
            event=event,
            expected_version=procedure.version,
        )
        done = await stage.acts.perform(viewer, wish, CODE)
        if isinstance(done, Approval):
            return NotDone.APPROVAL_MISSING
        return done if isinstance(done, NotDone) else None


def of_the_world(code: str) -> Scenario:
    """A shipped story, of the company that the world knows."""
    parties = {"OPERATOR": "company:importer", "BROKER": "company:broker"}
    return msgspec.structs.replace(shipped()[code], parties=parties)


async def tell(stage: Stage, code: str, *, but: str = "") -> list[str]:
    """The events that were posted."""
    telling = begin(of_the_world(code), stage.world.clock, Random(code))
    actor = Everybody(stage, stage.world.clock, but=but)
    async with aclosing(play(telling, Door(stage), 0.0, actor)) as story:
        return [happened.step.event async for happened in story if isinstance(happened, Played)]


async def ended(stage: Stage) -> dict[str, str]:
    """Each procedure's state; all are in one dossier, done, and nothing is left over."""
    assert await stage.world.column("SELECT reason FROM anomaly") == []
    [dossier] = await stage.world.dossiers()
    assert dossier.status == "DONE"
    return {p.code: p.state for p in await stage.world.procedures()}


def test_every_shipped_story_has_an_end_here() -> None:
    assert ENDS.keys() == shipped().keys()


@pytest.mark.parametrize("code", ENDS)
async def test_a_story_in_which_everybody_acts_ends_as_the_trade_says(
    stage: Stage, code: str
) -> None:
    stage.proofs.approved[""] = "manager"
    await tell(stage, code)
    assert await ended(stage) == ENDS[code]


@pytest.mark.parametrize("code", ["S3", "S7"])
async def test_a_payment_that_nobody_approves_is_withdrawn_and_the_goods_still_leave(
    stage: Stage, code: str
) -> None:
    await tell(stage, code)
    assert await ended(stage) == ENDS[code] | UNPAID_ONLINE


@pytest.mark.parametrize(("code", "procedure"), [("S2", "DUM_EXPORT"), ("S3", "DUM_IMPORT")])
async def test_a_question_that_nobody_answers_in_time_ends_in_a_visit(
    stage: Stage, code: str, procedure: str
) -> None:
    stage.proofs.approved[""] = "manager"
    said = await tell(stage, code, but=f"{procedure}.answered")
    assert f"{procedure}.visit_done" in said
    assert await ended(stage) == ENDS[code]


async def test_a_story_stands_still_where_only_the_company_can_go_on(stage: Stage) -> None:
    said = await tell(stage, "S5", but="PHYTO_EXPORT.answered")
    assert said[-1] == "PHYTO_EXPORT.info_requested"
    states = {p.code: p.state for p in await stage.world.procedures()}
    assert states["PHYTO_EXPORT"] == "INFO_REQUESTED"


def test_each_story_opens_its_files_with_what_names_them() -> None:
    for code, scenario in shipped().items():
        seen: set[str] = set()
        steps = [step for step in scenario.steps if isinstance(step, Step)]
        procedures: set[str] = set()
        for step in steps:
            name = step.event.partition(".")[0]
            if name not in procedures and procedures:
                assert seen & set(step.refs), f"{code}: {step.event} shares no reference"
            procedures.add(name)
            seen |= set(step.refs)
