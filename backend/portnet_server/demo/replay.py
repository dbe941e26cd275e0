"""Play a scenario: its messages, one after the other, as the agencies would post them.

In the story's own time the last message happens now and all others before it, so that a hold at 22:40 stands at 22:40
on the timeline; only the waits between the posts are squeezed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, assert_never

import msgspec

from portnet.domain.business_hours import CASABLANCA
from portnet.domain.scenario import Scenario, Step, Wait
from portnet.ports.clock import Clock
from portnet_server.demo.accounts import COMPANIES
from portnet_server.demo.agency_client import AgencyClient, Answer
from portnet_server.demo.references import new_references


class UnknownCompany(Exception):
    """A scenario's party is none of the demo's companies."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was posted, and the answer."""

    step: Step
    occurred_at: datetime
    answer: Answer


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """The story stops for a person, who does not come."""

    wait: Wait


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
            "event_id": f"{step.source}-{self.run}-{number}",
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
        if step.due_in is not None:
            content["due_at"] = (occurred_at + step.due_in).isoformat()
        return msgspec.json.encode(content)


def begin(scenario: Scenario, clock: Clock, chance: Random) -> Telling:
    """A new run whose last step happens now, or as late before now as the scenario's own hour allows.

    Raises:
        UnknownCompany: a party names none of the demo's companies.
    """
    now = clock.now()
    length = _length(scenario)
    began_at = now - length
    if scenario.starts_at is not None:
        # Local times go by the wall clock, so that 22:40 stays 22:40 in a week in which the hour changes.
        today = now.astimezone(CASABLANCA).date()
        began_at = datetime.combine(today, scenario.starts_at, CASABLANCA)
        while (began_at + length).astimezone(UTC) > now:
            began_at -= timedelta(days=1)
    return Telling(
        scenario=scenario,
        refs=new_references(scenario, now.year, chance),
        parties=tuple(_party(role, name) for role, name in scenario.parties.items()),
        began_at=began_at,
        run=f"{scenario.code}-{chance.randrange(16**8):08x}",
    )


async def play(
    telling: Telling, client: AgencyClient, seconds: float
) -> AsyncGenerator[Played | Waited, None]:
    """Post every message, ``seconds`` for the whole story; pauses keep the proportions of the story's own.

    Nobody acts in a replay: a wait passes in full, and one without an end is the end of the story.
    """
    pace = seconds / max(_length(telling.scenario).total_seconds(), 1.0)
    at = telling.began_at
    for number, step in enumerate(telling.scenario.steps, start=1):
        at += step.after
        await asyncio.sleep(step.after.total_seconds() * pace)
        match step:
            case Step():
                yield await _post(telling, client, number, step, at.astimezone(UTC))
            case Wait():
                yield Waited(wait=step)
                if step.within is None:
                    return
                at += step.within
                await asyncio.sleep(step.within.total_seconds() * pace)
                if step.otherwise is not None:
                    said = _otherwise(telling, step.otherwise)
                    yield await _post(telling, client, number, said, at.astimezone(UTC))
            case _:
                assert_never(step)


def _length(scenario: Scenario) -> timedelta:
    """From the beginning to the last step, every wait in full."""
    length = timedelta()
    for step in scenario.steps:
        length += step.after
        if isinstance(step, Wait):
            if step.within is None:
                break
            length += step.within
    return length


async def _post(
    telling: Telling, client: AgencyClient, number: int, step: Step, at: datetime
) -> Played:
    answer = await client.post(step.source, telling.message(number, step, at))
    return Played(step=step, occurred_at=at, answer=answer)


def _otherwise(telling: Telling, event: str) -> Step:
    """The message that an agency sends when nobody acted: as its last one of the same procedure was."""
    code = event.partition(".")[0]
    steps = [step for step in telling.scenario.steps if isinstance(step, Step)]
    like = next((step for step in reversed(steps) if step.event.startswith(f"{code}.")), steps[-1])
    return msgspec.structs.replace(like, event=event, reasons=(), due_in=None)


def _party(role: str, name: str) -> Mapping[str, str]:
    if not name.startswith("company:"):
        return {"role": role, "scheme": "ICE", "value": name}
    company = COMPANIES.get(name.removeprefix("company:"))
    if company is None:
        known = ", ".join(f"company:{known}" for known in COMPANIES)
        raise UnknownCompany(f"{name} is none of the demo's companies: {known}")
    return {"role": role, "scheme": "ICE", "value": company.ice}
