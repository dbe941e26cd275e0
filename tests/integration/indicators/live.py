"""The cast as real companies: what is in a sandbox is never counted."""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from portnet.domain.indicators.definition import Grouping
from portnet.indicators import load_indicators
from portnet.services.indicators.counting import Counter
from portnet.services.indicators.reading import Figure, Indicators, Question
from portnet.storage.engines import Database, query
from portnet.storage.queues.uncounted import StorageLedger
from portnet.storage.repositories.indicator import IndicatorRepository
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, Firm, Line, story
from tests.support.world import World

INDICATORS = load_indicators()
#: Everything that a story told around `NOON` can fall into.
AUTUMN = Question(first=date(2026, 10, 1), last=date(2026, 12, 1))
TALLIES = "SELECT * FROM indicator_tally WHERE items <> 0 OR total <> 0 ORDER BY id"


async def go_live(world: World) -> None:
    """Turn the cast's companies into real ones."""
    for firm in (IMPORTER, BROKER, STRANGER):
        await world.write(msgspec.structs.replace(firm.company, sandbox=False))


async def tell_live(world: World, code: str, run: int = 1, steps: int | None = None) -> list[Line]:
    """As `World.tell`, of real goods."""
    told = story(code, ends_at=world.clock.now() - timedelta(minutes=1), run=run)[:steps]
    end = world.clock.now()
    for said in told:
        world.clock.set(said.occurred_at + timedelta(minutes=1))
        await world.say(said, sandbox=False)
    world.clock.set(end)
    return told


def counter(world: World, database: Database | None = None) -> Counter:
    ledger = StorageLedger(database or world.database, INDICATORS)
    return Counter(ledger, world.catalogue, INDICATORS)


async def count_all(world: World) -> int:
    """Until nothing waits; how many dossiers and deliveries that were."""
    counted, counting = 0, counter(world)
    while more := await counting.count():
        counted += more
    return counted


async def tallies(world: World) -> list[dict[str, object]]:
    """Every tally that holds something, whole."""
    names = ("id", "items", "total", "buckets")
    found = await world.select(TALLIES)
    return [{name: row[name] for name in names} for row in found]


async def forget_tallies(world: World) -> None:
    """As before anything was counted."""
    for table in ("indicator_tally", "indicator_counted", "open_step"):
        async with world.database.transaction() as transaction:
            await transaction.commit(query(f"DELETE FROM {table}"))


def indicators(world: World) -> Indicators:
    return Indicators(IndicatorRepository(world.database), world.clock, INDICATORS)


async def figures(
    world: World,
    firm: Firm | None,
    *codes: str,
    grouping: Grouping = Grouping.NONE,
    of: Question = AUTUMN,
) -> list[Figure]:
    """What a firm's declarant reads, or everybody."""
    asked = msgspec.structs.replace(of, codes=codes or None, grouping=grouping)
    viewer = None if firm is None else world.viewer(firm)
    found = await indicators(world).read(viewer, asked)
    assert not isinstance(found, str), found
    return found


def samples(found: Sequence[Figure]) -> dict[tuple[str, str | None], int]:
    return {(figure.code, figure.group): figure.sample for figure in found}
