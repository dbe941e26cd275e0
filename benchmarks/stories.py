"""What the agencies say in a benchmark: the shipped stories S0 and G0, told of many files side by side."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count, islice
from typing import TypeVar

import msgspec
from stdnum import iso6346

from benchmarks.cast import Cast
from portnet.domain.authoring.scenario import Scenario, Step
from portnet.domain.identifiers import dum_key
from portnet.domain.inbox import RawMessage
from portnet.ports.clock import Ids
from portnet.scenarios import shipped
from portnet_server.demo.replay import Telling

T = TypeVar("T")

#: Files whose stories are told side by side all day: more than a second between two messages of one file.
_WIDTH = 80


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a story, to be said at any instant."""

    telling: Telling
    number: int
    step: Step
    importer: int

    def at(self, instant: datetime) -> Said:
        body = self.telling.message(self.number, self.step, instant)
        return Said(source=self.step.source, body=body)


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One file's story, from its first message on; its importer is a number in the cast."""

    telling: Telling
    importer: int

    def steps(self) -> Iterator[Told]:
        """Its steps in order."""
        for number, step in enumerate(self.telling.scenario.steps, start=1):
            if isinstance(step, Step):
                yield Told(telling=self.telling, number=number, step=step, importer=self.importer)

    def messages(self, first: int = 0) -> Iterator[Said]:
        """Its messages from number ``first`` on, each at the story's own time."""
        at = self.telling.began_at
        for number, told in enumerate(self.steps()):
            at += told.step.after
            if number >= first:
                yield told.at(at)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message: who says it, and the body to the byte."""

    source: str
    body: bytes


def tell(scenario: Scenario, number: int, cast: Cast, began_at: datetime) -> Story:
    """The story of the file of that number; other numbers have other references."""
    importer = number % len(cast.importers)
    parties = (
        ("OPERATOR", cast.importers[importer].company.ice),
        ("BROKER", cast.broker_of(importer).company.ice),
    )
    telling = Telling(
        scenario=scenario,
        refs=references(scenario, number),
        parties=tuple({"role": role, "scheme": "ICE", "value": ice} for role, ice in parties),
        began_at=began_at,
        run=f"{scenario.code}-{number:08}",
    )
    return Story(telling=telling, importer=importer)


def references(scenario: Scenario, number: int) -> Mapping[str, str]:
    """Well-formed references that no other number has."""
    return {name: reference(scheme, number) for name, scheme in scenario.refs.items()}


def side_by_side(stories: Iterable[Iterator[T]], width: int) -> Iterator[T]:
    """One message of each of ``width`` stories in turn; where one ends, the next one begins."""
    waiting = iter(stories)
    going = deque(islice(waiting, width))
    while going:
        story = going.popleft()
        said = next(story, None)
        if said is not None:
            yield said
            going.append(story)
        elif (following := next(waiting, None)) is not None:
            going.append(following)


def everyday(cast: Cast) -> Iterator[Told]:
    """What agencies say of the cast's files all day long, without an end."""
    scenarios = shipped()
    now = datetime.now(UTC)
    stories = (tell(scenarios["G0" if n % 4 else "S0"], n, cast, now).steps() for n in count())
    return side_by_side(stories, _WIDTH)


def raw_message(said: Said, ids: Ids, now: datetime) -> RawMessage:
    """The message as the inbox endpoint hands it on."""
    return RawMessage(
        receipt=ids.new(),
        source=said.source,
        event_id=msgspec.json.decode(said.body, type=_Named).event_id,
        body=said.body,
        body_hash=hashlib.sha256(said.body).digest(),
        key=f"{said.source.lower()}-2026-a",
        sandbox=False,
        received_at=now,
    )


def reference(scheme: str, number: int) -> str:
    """A well-formed reference of that scheme that no other number has."""
    match scheme:
        case "DUM":
            digits = f"309 010 2026 {number:07}"
            return f"{digits} {dum_key(digits)}"
        case "CONTAINER":
            stem = f"CSQ{'UJZ'[number // 1_000_000]}{number % 1_000_000:06}"
            return stem + str(iso6346.calc_check_digit(stem))
        case _:
            return f"OI-26-{number:07}"


class _Named(msgspec.Struct):
    event_id: str
