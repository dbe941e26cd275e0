"""`rebuild`: the read model of 100,000 events compared with its log row by row, and made again in another database."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections import defaultdict
from collections.abc import Awaitable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.cast import make_cast
from benchmarks.data.archive import FOLDER, fingerprint, insert, say
from benchmarks.data.mould import BEGAN, make_mould
from benchmarks.result import Result
from benchmarks.stories import tell
from portnet.catalogue import load_catalogue
from portnet.scenarios import shipped
from portnet.storage.engines import open_database
from portnet.storage.log.rebuild import Outcome, rebuild_into, verify
from portnet.storage.migrate import migrate
from portnet_notifications.catalogue import ALERTS

EVENTS = 100_000
_RATE = 3_000
_COMPANIES = 100
#: What a rebuild reads and writes; the rest of what a message leaves plays no part.
_TABLES = (
    "dossier",
    "procedure",
    "entry",
    "reference",
    "event",
    "alert",
    "information_request",
)
_WHOLE = 1_000


async def rebuild() -> list[Result]:
    path = await _data_set()
    catalogue = load_catalogue(frozenset(ALERTS))
    source = open_database(f"sqlite://{path.resolve()}")
    await source.start()
    try:
        compared = await _timed("rebuild.verify", verify(source, catalogue))
        with TemporaryDirectory(dir=FOLDER, prefix="run-") as folder:
            target = open_database(f"sqlite://{Path(folder, 'again.sqlite').resolve()}")
            await target.start()
            try:
                await migrate(target)
                made = await _timed("rebuild.into", rebuild_into(source, target, catalogue))
            finally:
                await target.stop()
    finally:
        await source.stop()
    return [compared, made]


async def _timed(name: str, work: Awaitable[Outcome]) -> Result:
    began = time.perf_counter()
    outcome = await work
    rate = outcome.events / (time.perf_counter() - began)
    say(f"  {outcome.events:,} events, {outcome.rows:,} rows, {outcome.different} differences")
    return Result(
        name=name,
        value=round(rate, 1),
        unit="events/s",
        goal=f"≥ {_RATE:,} events/s, no differences",
        met=rate >= _RATE and outcome.events >= EVENTS and outcome.different == 0,
    )


async def _data_set() -> Path:
    """Whole stories as the intake wrote them, cast again until there are enough events; made once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"log-{fingerprint()}.sqlite"
    if path.exists():
        return path
    for old in FOLDER.glob("log-*"):
        old.unlink()
    say(f"making a log of {EVENTS:,} events in {path}, once ...")
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    database = open_database(f"sqlite://{making.resolve()}", synchronous="NORMAL")
    await database.start()
    try:
        await migrate(database)
    finally:
        await database.stop()
    await _fill(making)
    making.rename(path)
    return path


async def _fill(path: Path) -> None:
    scratch = FOLDER / "log-moulds"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    cast = make_cast(_COMPANIES, sandbox=False)
    moulds = [(story, await make_mould(story, _WHOLE, scratch)) for story in shipped().values()]
    shutil.rmtree(scratch)
    collected: dict[str, list[list[Any]]] = defaultdict(list)
    for number in count():
        scenario, mould = moulds[number % len(moulds)]
        rows = mould.cast_again(tell(scenario, number, cast, BEGAN), cast, number)
        for table in _TABLES:
            collected[table] += rows[table]
        if len(collected["event"]) >= EVENTS:
            break
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for table, own in collected.items():
            insert(connection, table, own)
        connection.execute("COMMIT")
    finally:
        connection.close()
