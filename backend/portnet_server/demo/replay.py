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
    """The story stopped for a person, whose time has passed."""

    wait: Wait


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a scenario: the values of its references, its parties, and when it began."""

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
    """A new run whose last message happens now, or at the scenario's own time of day before now.

    Raises:
        UnknownCompany: a party names none of the demo's companies.
    """
    length = sum((step.after for step in scenario.steps), timedelta())
    began_at = clock.now() - length
    if scenario.starts_at is not None:
        local = began_at.astimezone(CASABLANCA)
        began_at = datetime.combine(local.date(), scenario.starts_at, CASABLANCA)
        if began_at > local:
            began_at = datetime.combine(
                local.date() - timedelta(days=1), scenario.starts_at, CASABLANCA
            )
    return Telling(
        scenario=scenario,
        refs=new_references(scenario, clock.now().year, chance),
        parties=tuple(_party(role, name) for role, name in scenario.parties.items()),
        began_at=began_at.astimezone(UTC),
        run=f"{scenario.code}-{chance.randrange(16**8):08x}",
    )


async def play(
    telling: Telling, client: AgencyClient, seconds: float
) -> AsyncGenerator[Played | Waited, None]:
    """Post every message, ``seconds`` for the whole story; pauses keep the proportions of the story's own."""
    simulated = sum((step.after for step in telling.scenario.steps), timedelta())
    pace = seconds / max(simulated.total_seconds(), 1.0)
    at = telling.began_at
    for number, step in enumerate(telling.scenario.steps, start=1):
        at += step.after
        await asyncio.sleep(step.after.total_seconds() * pace)
        match step:
            case Step():
                yield await _post(telling, client, number, step, at)
            case Wait():
                yield Waited(wait=step)
                if step.within is not None and step.otherwise is not None:
                    at += step.within
                    await asyncio.sleep(step.within.total_seconds() * pace)
                    yield await _post(
                        telling, client, number, _otherwise(telling, step.otherwise), at
                    )
            case _:
                assert_never(step)


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
