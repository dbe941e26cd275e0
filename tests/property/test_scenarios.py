"""Whole stories through the real storage: however their messages come, they end the same and nobody hears twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portnet.domain.folding import new_entry, open_procedure
from portnet.domain.procedure import Fold, fold
from portnet.scenarios import shipped
from portnet.storage.engines import EngineName, open_database
from tests.support.clock import NOON, SteppedClock
from tests.support.recycled import RecycledDatabases
from tests.support.scenarios import Line, catalogue, said, whole_story
from tests.support.volume import volume
from tests.support.world import World, open_world

SECOND = timedelta(seconds=1)
# Without a disk flush for each commit: what is proven here survives no power cut.
open_fast = partial(open_database, synchronous="NORMAL", readers=1, pool_size=3)


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """How a story's messages come: their numbers in order of arrival, some again, with a pause after some of them.

    Messages that come without a pause wait in the inbox and are taken in together.
    """

    numbers: tuple[int, ...]
    pauses: tuple[bool, ...]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a story when all has been said."""

    states: dict[str, str]
    statuses: set[str]
    timeline: list[tuple[str, str | None, str | None]]
    anomalies: list[str]


@st.composite
def arrivals(draw: st.DrawFn, length: int) -> Arrival:
    order = draw(st.permutations(range(length)))
    repeats = draw(st.lists(st.integers(0, length - 1), max_size=6))
    numbers = [*order]
    for again in repeats:
        numbers.insert(draw(st.integers(0, len(numbers))), again)
    pauses = draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers)))
    return Arrival(numbers=tuple(numbers), pauses=tuple(pauses))


async def happen(world: World, lines: Sequence[Line], arrival: Arrival) -> None:
    for number, pause in zip(arrival.numbers, arrival.pauses, strict=True):
        world.clock.advance(SECOND)
        await world.receive(lines[number])
        if pause:
            await world.work()
    await world.work()


async def ending(world: World) -> Ending:
    open_ = "SELECT reason FROM anomaly WHERE state IN ('PARKED', 'OPEN') ORDER BY receipt, reason"
    return Ending(
        states={p.code: p.state for p in await world.procedures()},
        # Of one dossier or of several: which one a file joins is decided when it opens.
        statuses=set(await world.column("SELECT status FROM dossier")),
        timeline=[(e.message.type, e.from_state, e.to_state) for e in await world.entries()],
        anomalies=await world.column(open_),
    )


async def nobody_heard_twice(world: World) -> None:
    chains = await world.select("SELECT chain, user_id FROM alert")
    assert max(Counter((row[0], row[1]) for row in chains).values(), default=0) <= 1
    steps = await world.select(
        "SELECT e.receipt, a.kind, a.user_id FROM alert a JOIN entry e ON e.id = a.entry"
    )
    assert max(Counter((row[0], row[1], row[2]) for row in steps).values(), default=0) <= 1


async def in_a_new_world(
    databases: RecycledDatabases, engine: EngineName, lines: Sequence[Line], *arrivals: Arrival
) -> Ending:
    url = await databases.take(engine)
    try:
        async with open_world(url, clock=SteppedClock(NOON), open_at=open_fast) as world:
            for arrival in arrivals:
                await happen(world, lines, arrival)
            await nobody_heard_twice(world)
            return await ending(world)
    finally:
        await databases.give_back(url)


def as_it_happened(lines: Sequence[Line]) -> Arrival:
    return Arrival(numbers=tuple(range(len(lines))), pauses=(True,) * len(lines))


#: How each story ends when each message comes as it happens.
EXPECTED = {
    "G0": {"DUM_IMPORT": "EXITED"},
    "S0": {"DUM_IMPORT": "EXITED", "ONSSA_IMPORT": "ADMITTED"},
    "S1": {
        "DUM_EXPORT": "EXPORTED",
        "FOODEX_EXPORT": "USED",
        "PHYTO_EXPORT": "CLOSED",
        "TM_PASSAGE": "DEPARTED",
    },
    "S2": {"DUM_EXPORT": "EXPORTED", "FOODEX_EXPORT": "USED", "SANIT_EXPORT": "CLOSED"},
    "S3": {"DUM_IMPORT": "EXITED", "IMP_TITLE": "CLEARED", "PAYMENT": "RECEIPTED"},
    "S4": {
        "DUM_IMPORT": "EXITED",
        "IMP_TITLE": "CLEARED",
        "MANIFEST": "DONE",
        "ONSSA_IMPORT": "ADMITTED",
    },
    "S5": {"FOODEX_EXPORT": "USED", "PHYTO_EXPORT": "CLOSED"},
    "S6": {"DUM_EXPORT": "EXPORTED", "SANIT_EXPORT": "CLOSED"},
    "S7": {"CONFORMITY_CERTIFICATE": "EXPIRED", "DUM_IMPORT": "EXITED", "PAYMENT": "RECEIPTED"},
}

#: On SQLite, and on PostgreSQL. S0 and G0 are told by agencies alone; in the others the company acts.
_SIMPLE = frozenset({"S0", "G0"})
many = pytest.mark.parametrize(
    ("engine", "code", "examples"),
    [
        (engine, code, most if code in _SIMPLE else some)
        for engine, most, some in (
            ("sqlite", volume(20, 600), volume(5, 200)),
            ("postgres", volume(4, 60), volume(1, 20)),
        )
        for code in sorted(EXPECTED)
    ],
)


def test_every_shipped_story_has_its_end_here() -> None:
    assert EXPECTED.keys() == shipped().keys()


@many
def test_any_interleaving_repetition_and_reordering_ends_the_same(
    migrated_databases: RecycledDatabases, engine: EngineName, code: str, examples: int
) -> None:
    lines = whole_story(code)
    told = partial(in_a_new_world, migrated_databases, engine, lines)
    straight = asyncio.run(told(as_it_happened(lines)))
    assert straight.states == EXPECTED[code]
    assert (straight.statuses, straight.anomalies) == ({"DONE"}, [])

    @settings(max_examples=examples)
    @given(arrivals(len(lines)))
    def check(arrival: Arrival) -> None:
        assert asyncio.run(told(arrival)) == straight

    check()


@many
def test_what_was_dropped_and_comes_later_ends_the_same(
    migrated_databases: RecycledDatabases, engine: EngineName, code: str, examples: int
) -> None:
    lines = whole_story(code)
    told = partial(in_a_new_world, migrated_databases, engine, lines)
    straight = asyncio.run(told(as_it_happened(lines)))

    @settings(max_examples=examples)
    @given(arrivals(len(lines)), st.sets(st.integers(0, len(lines) - 1)))
    def check(arrival: Arrival, dropped: set[int]) -> None:
        kept, late = without(arrival, dropped), only(arrival, dropped)
        before = asyncio.run(told(kept))
        expected = folded([line for n, line in enumerate(lines) if n not in dropped])
        assert before.states == {
            opened: outcome.standing.state for opened, outcome in expected.items()
        }
        assert asyncio.run(told(kept, late)) == straight

    check()


def without(arrival: Arrival, dropped: set[int]) -> Arrival:
    pairs = [
        (n, p) for n, p in zip(arrival.numbers, arrival.pauses, strict=True) if n not in dropped
    ]
    return Arrival(numbers=tuple(n for n, _ in pairs), pauses=tuple(p for _, p in pairs))


def only(arrival: Arrival, dropped: set[int]) -> Arrival:
    return without(arrival, set(arrival.numbers) - dropped)


def folded(lines: Sequence[Line]) -> dict[str, Fold]:
    """What the pure fold makes of the messages about each procedure that was opened."""
    found: dict[str, Fold] = {}
    for code in {line.type.partition(".")[0] for line in lines}:
        definition = catalogue().latest(code)
        assert definition is not None
        own = [line for line in lines if line.type.startswith(f"{code}.")]
        opening = [line for line in own if line.type.partition(".")[2] in definition.opened_by]
        if not opening:
            continue
        messages = [
            said(line.source, line.type, at=line.occurred_at, receipt=line.event_id) for line in own
        ]
        procedure = open_procedure(definition, "p", "d", "1", messages[0])
        entries = [new_entry(message.receipt, procedure, message) for message in messages]
        found[code] = fold(definition, opening[0].occurred_at, entries)
    return found
