"""`indicators`: a month of 1,000,000 agencies' steps, read for everybody, under every grouping that may be asked for.

The steps are counted by the server's own ledger, once; what is timed is the reading as a phone or the page would ask.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from benchmarks.data.archive import FOLDER, say
from benchmarks.result import Result, at_most, percentile
from portnet.domain.indicators.counting import Counted, Uncounted, UncountedKind
from portnet.domain.indicators.definition import Grouping
from portnet.domain.indicators.measuring import Measure, step_key
from portnet.indicators import load_indicators
from portnet.ports.indicators import Backlog, Recount
from portnet.services.indicators.reading import Figure, Indicators, Question
from portnet.storage.engines import Database, open_database
from portnet.storage.migrate import migrate
from portnet.storage.queues.uncounted import StorageLedger
from portnet.storage.repositories.indicator import IndicatorRepository
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_server.system import GrowingIds, SystemClock

STEPS = 1_000_000
_LIMIT_MS = 100
_READS = 20
#: Dossiers of the data set, each with so many steps, counted so many at a time.
_DOSSIERS = 2_000
_EACH = STEPS // _DOSSIERS
_TOGETHER = 50
_COMPANIES, _BROKERS = 400, 20
_AGENCIES = ("ADII", "ONSSA", "PORTNET", "BANK", "MIC", "FOODEX", "TMPA", "ANP")
_STATES = ("REGISTERED", "DOC_REVIEW", "VISIT_TO_SET", "PAID")
_OFFICES = 40
_CIRCUITS = ("GREEN", "ORANGE", "RED")
_CHAPTERS = 97
_MONTH = 202611
_NOVEMBER = date(2026, 11, 1)
_GROUPINGS = (
    Grouping.NONE,
    Grouping.MONTH,
    Grouping.OFFICE,
    Grouping.CHANNEL,
    Grouping.HS_CHAPTER,
    Grouping.AGENCY,
)
_SOURCES = ("portnet/storage/migrations/*.py", "portnet/domain/indicators/*.py")


async def indicators() -> list[Result]:
    database = open_database(f"sqlite://{(await _data_set()).resolve()}")
    await database.start()
    try:
        reader = Indicators(IndicatorRepository(database), SystemClock(), load_indicators())
        slowest, sound = 0.0, True
        for grouping in _GROUPINGS:
            milliseconds, figures = await _timed(reader, grouping)
            slowest = max(slowest, milliseconds)
            steps = sum(figure.sample for figure in figures if figure.code == "AGENCY_STEP")
            sound = sound and steps == STEPS
            say(f"  {grouping or 'together'}: {len(figures)} figures in {milliseconds:.1f} ms")
    finally:
        await database.stop()
    return [at_most("indicators", slowest, "ms", _LIMIT_MS, sound=sound)]


async def _timed(reader: Indicators, grouping: Grouping) -> tuple[float, list[Figure]]:
    """The 95th percentile of several reads, and what they say."""
    question = Question(first=_NOVEMBER, last=_NOVEMBER, grouping=grouping)
    found: list[Figure] | str = ""
    took: list[float] = []
    for _ in range(_READS):
        began = time.perf_counter()
        found = await reader.read(None, question)
        took.append((time.perf_counter() - began) * 1_000)
    if isinstance(found, str):
        raise TypeError(found)
    return percentile(took, 0.95), found


async def _data_set() -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = sorted(path for pattern in _SOURCES for path in Path("backend").glob(pattern))
    content = b"".join(path.read_bytes() for path in (*files, Path(__file__)))
    path = FOLDER / f"indicators-{hashlib.sha256(content).hexdigest()[:12]}.sqlite"
    if not path.exists():
        for old in FOLDER.glob("indicators-*"):
            old.unlink()
        say(f"counting {STEPS:,} steps into {path}, once ...")
        making = path.with_suffix(".making")
        database = open_database(f"sqlite://{making.resolve()}", synchronous="NORMAL")
        await database.start()
        try:
            await migrate(database)
            await _count(database)
        finally:
            await database.stop()
        making.rename(path)
    return path


async def _count(database: Database) -> None:
    ledger = StorageLedger(database, load_indicators())
    clock = SystemClock()
    ids = GrowingIds(clock)
    random = Random(1)
    for start in range(0, _DOSSIERS, _TOGETHER):
        recounts = [_recount(number, random) for number in range(start, start + _TOGETHER)]
        notes = [
            Uncounted(
                id=ids.new(), kind=UncountedKind.DOSSIER, subject=recount.dossier, at=clock.now()
            )
            for recount in recounts
        ]
        async with StorageUnitOfWork(database) as work:
            work.add(*notes)
            await work.commit()
        backlog = Backlog(
            notes={note.subject: (note.id,) for note in notes}, histories=(), settled=(), told=()
        )
        await ledger.count(backlog, recounts, {})


def _recount(number: int, random: Random) -> Recount:
    measures = tuple(made for _ in range(_EACH) for made in _measures(random))
    company = f"company-{number % _COMPANIES}"
    counted = Counted(company, f"broker-{number % _BROKERS}", measures)
    return Recount(dossier=f"dossier-{number}", counted=counted, open=())


def _measures(random: Random) -> Iterator[Measure]:
    """A step that took from a second to a month, and whether that was on time."""
    agency, state = random.choice(_AGENCIES), random.choice(_STATES)
    office = f"{300 + random.randrange(_OFFICES)}"
    circuit, chapter = random.choice(_CIRCUITS), f"{1 + random.randrange(_CHAPTERS):02}"
    took = int(10 ** random.uniform(3, 9.4))
    groups = (agency, office, circuit, chapter)
    step = step_key("DUM_IMPORT", state, agency, office)
    yield Measure("AGENCY_STEP", _MONTH, took, took // 4, *groups, step)
    yield Measure("ON_TIME", _MONTH, int(took < 10_000_000), None, *groups)
