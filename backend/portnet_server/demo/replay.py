"""Play a scenario: its messages, one after the other, as the agencies would post them.

In the story's own time the last message happens now and all others before it, so that a hold at 22:40 stands at 22:40
on the timeline; only the waits between the posts are squeezed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol

import msgspec

from portnet.domain.authoring.scenario import Scenario, Step, Wait
from portnet.domain.business_hours import CASABLANCA
from portnet.ports.clock import Clock
from portnet_server.demo.accounts import COMPANIES
from portnet_server.demo.agency_client import AgencyClient, Answer
from portnet_server.demo.references import new_references
from portnet_server.demo.schedule import length, stretches


class UnknownCompany(Exception):
    """A scenario's party is none of the demo's companies."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was posted, and the answer."""

    step: Step
    occurred_at: datetime
    answer: Answer


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """The story stops for a person."""

    wait: Wait


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a wait's act: done ``at``, or not done (None); ``said`` by whom or why not."""

    wait: Wait
    at: datetime | None
    said: str


class Actor(Protocol):
    """Somebody of the company's side."""

    async def act(self, telling: Telling, number: int, wait: Wait, pause: float | None) -> Acted:
        """See that step ``number``, a wait, comes true within ``pause`` seconds (None: however long that takes)."""
        ...


Happened = Played | Waited | Acted


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a scenario: the values of its references, its parties, and when it began.

    ``began_at`` is local where the scenario has its own hour, and later steps are counted from it by the wall clock.
    """

    scenario: Scenario
    refs: Mapping[str, str]
    parties: tuple[Mapping[str, str], ...]
    began_at: datetime
    run: str

    def message(self, number: int, step: Step, occurred_at: datetime) -> bytes:
        """The step's message as JSON, to the letter of the wire format."""
        content: dict[str, Any] = {
            "event_id": self._event_id(number, step),
            "type": step.event,
            "classifier": step.classifier.value,
            "occurred_at": occurred_at.isoformat(),
            "created_at": occurred_at.isoformat(),
            "refs": [
                {"scheme": self.scenario.refs[name], "value": self.refs[name]} for name in step.refs
            ],
            "parties": self.parties,
            "reasons": step.reasons,
            "amounts": step.amounts,
        }
        if step.place is not None:
            content["place"] = step.place
        if step.retracts is not None:
            content["retracts"] = self._event_id_of(step.retracts)
        if step.due_in is not None:
            content["due_at"] = (occurred_at + step.due_in).isoformat()
        return msgspec.json.encode(content)

    def _event_id(self, number: int, step: Step) -> str:
        return f"{step.source}-{self.run}-{number}"

    def _event_id_of(self, name: str) -> str:
        return next(
            self._event_id(number, step)
            for number, step in enumerate(self.scenario.steps, start=1)
            if isinstance(step, Step) and step.name == name
        )


def begin(scenario: Scenario, clock: Clock, chance: Random) -> Telling:
    """A new run whose last step happens now, or as late before now as the scenario's own hour allows.

    Raises:
        UnknownCompany: a party names none of the demo's companies.
    """
    now = clock.now()
    lasts = length(scenario)
    began_at = now - lasts
    if scenario.starts_at is not None:
        # Local times go by the wall clock, so that 22:40 stays 22:40 in a week in which the hour changes.
        today = now.astimezone(CASABLANCA).date()
        began_at = datetime.combine(today, scenario.starts_at, CASABLANCA)
        while (began_at + lasts).astimezone(UTC) > now:
            began_at -= timedelta(days=1)
    return Telling(
        scenario=scenario,
        refs=new_references(scenario, now.year, chance),
        parties=tuple(_party(role, name) for role, name in scenario.parties.items()),
        began_at=began_at,
        run=f"{scenario.code}-{chance.randrange(16**8):08x}",
    )


async def play(
    telling: Telling, client: AgencyClient, seconds: float, actor: Actor | None = None
) -> AsyncGenerator[Happened, None]:
    """Post every message, ``seconds`` for the whole story; pauses keep the proportions of the story's own.

    ``actor`` does what the story waits for. Where nobody does, a wait passes in full, and one without an end is the end
    of the story. What somebody does happens now, so from then on the story happens as it is told.
    """
    pace = seconds / max(length(telling.scenario, whole=True).total_seconds(), 1.0)
    done: set[str] = set()
    time = _StoryTime(telling.began_at, None)
    for stretch in stretches(telling.scenario, done):
        passed = timedelta()
        for posting in stretch.postings:
            await asyncio.sleep((posting.posted - passed).total_seconds() * pace)
            passed = posting.posted
            at = time.at(posting.occurred, posting.number)
            yield await _post(telling, client, posting.number, posting.step, at)
        await asyncio.sleep((stretch.lasts - passed).total_seconds() * pace)
        if stretch.wait is None:
            return
        number, wait = stretch.wait
        yield Waited(wait=wait)
        begun = asyncio.get_running_loop().time()
        pause = None if wait.within is None else wait.within.total_seconds() * pace
        if actor is not None:
            acted = await actor.act(telling, number, wait, pause)
            yield acted
            if acted.at is not None:
                done.add(wait.act)
                time = _StoryTime(acted.at, pace)
                continue
        if wait.within is None or pause is None:
            return
        await asyncio.sleep(max(0.0, pause - (asyncio.get_running_loop().time() - begun)))
        time = time.after(stretch.lasts + wait.within)
        if wait.otherwise is not None:
            said = _otherwise(telling, number, wait.otherwise)
            yield await _post(telling, client, number, said, time.at(timedelta(), number))


class _StoryTime(msgspec.Struct, frozen=True):
    """When things happen that are told as so long after ``origin``: by the wall clock of the story, or at ``pace``, the
    pace of the telling.
    """

    origin: datetime
    pace: float | None

    def at(self, offset: timedelta, number: int) -> datetime:
        """Aware UTC; steps that are told at once still happen in the order of their numbers."""
        if self.pace is None:
            return (self.origin + offset).astimezone(UTC)
        squeezed = self.origin + offset * self.pace
        return squeezed.astimezone(UTC) + timedelta(milliseconds=number)

    def after(self, offset: timedelta) -> _StoryTime:
        return _StoryTime(
            self.origin + offset * (1.0 if self.pace is None else self.pace), self.pace
        )


async def _post(
    telling: Telling, client: AgencyClient, number: int, step: Step, at: datetime
) -> Played:
    answer = await client.post(step.source, telling.message(number, step, at))
    return Played(step=step, occurred_at=at, answer=answer)


def _otherwise(telling: Telling, number: int, event: str) -> Step:
    """The message that an agency sends when nobody did what step ``number`` waits for: as its last one before was."""
    code = event.partition(".")[0]
    before = [step for step in telling.scenario.steps[:number] if isinstance(step, Step)]
    steps = before or [step for step in telling.scenario.steps if isinstance(step, Step)]
    like = next((step for step in reversed(steps) if step.event.startswith(f"{code}.")), steps[-1])
    return msgspec.structs.replace(like, event=event, reasons=(), due_in=None, retracts=None)


def _party(role: str, name: str) -> Mapping[str, str]:
    if not name.startswith("company:"):
        return {"role": role, "scheme": "ICE", "value": name}
    company = COMPANIES.get(name.removeprefix("company:"))
    if company is None:
        known = ", ".join(f"company:{known}" for known in COMPANIES)
        raise UnknownCompany(f"{name} is none of the demo's companies: {known}")
    return {"role": role, "scheme": "ICE", "value": company.ice}
