"""`intake`: messages through the whole path into a database of 100,000 dossiers, against the bare driver.

Ours and the baseline work in turns on copies of one data set: what else the machine does slows both. The baseline
writes, in as many commits, the rows that our path wrote for the same messages; it reads, folds and decides nothing.
`intake_full_vs_empty` holds our own path against itself in a database that has companies and people, and no dossier.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.core import Core
from benchmarks.data.archive import DOSSIERS, FOLDER, HEARD, Archive, open_archive, say
from benchmarks.data.postgres import PostgresArchive, postgres_server
from benchmarks.data.recording import Written, record
from benchmarks.peers import postgres as postgres_peer
from benchmarks.peers import sqlite as sqlite_peer
from benchmarks.result import Result, at_least, no_less_than
from benchmarks.stories import Said, raw_message, side_by_side
from portnet.domain.inbox import RawMessage
from portnet.storage.engines import open_database
from portnet_server.bootstrap import SQLITE_LANES
from portnet_server.system import GrowingIds, SystemClock

POSTERS = 8
WORKERS = 8
#: Messages of one turn, and turns; the first warms caches and code and is not counted.
_TURN = 1_000
_TURNS = 5
#: Files whose messages come in side by side.
_WIDTH = 100
#: Prime, so that every known file comes once, here and there.
_STRIDE = 7_919


class Speed(msgspec.Struct):
    """Seconds that both took for the turns that count."""

    ours: float = 0.0
    peer: float = 0.0

    def rates(self) -> tuple[float, float]:
        """Messages per second, ours and the baseline's."""
        messages = _TURN * (_TURNS - 1)
        return messages / self.ours, messages / self.peer


async def intake() -> list[Result]:
    archive = await open_archive()
    turns = list(_turns(archive))
    with TemporaryDirectory(dir=FOLDER, prefix="run-") as folder:
        path = archive.copy(Path(folder, "recording.sqlite"))
        recorded = [await record(path, [_raw(said) for said in turn]) for turn in turns]
        path.unlink()
        say(_rows_of(recorded))
        on_sqlite = await _on_sqlite(archive, Path(folder), turns, recorded)
        full_and_empty = await _full_and_empty(archive, Path(folder))
    on_postgres = await _on_postgres(archive, turns, recorded)
    return [
        _result("intake.sqlite", on_sqlite, floor=400, ratio=0.40),
        _result("intake.postgres", on_postgres, floor=300, ratio=0.50),
        _full_vs_empty(full_and_empty),
    ]


def _turns(archive: Archive) -> Iterator[list[Said]]:
    """Half of the stories go on with files that we know, half begin new ones."""

    def stories() -> Iterator[Iterator[Said]]:
        for number in range(DOSSIERS):
            yield archive.story(number * _STRIDE % DOSSIERS).messages(HEARD)
            yield archive.story(DOSSIERS + number).messages()

    told = side_by_side(stories(), _WIDTH)
    for _ in range(_TURNS):
        yield list(islice(told, _TURN))


async def _on_sqlite(
    archive: Archive, folder: Path, turns: Sequence[list[Said]], recorded: Sequence[list[Written]]
) -> Speed:
    speed = Speed()
    ours, peers = archive.copy(folder / "ours.sqlite"), archive.copy(folder / "peer.sqlite")
    async with _core(f"sqlite://{ours.resolve()}", lanes=SQLITE_LANES) as core:
        for number, (turn, rows) in enumerate(zip(turns, recorded, strict=True)):
            seconds, together = await _timed(core, turn)
            peer = sqlite_peer.write(peers, rows, together)
            _count(speed, number, seconds, peer)
    return speed


async def _full_and_empty(archive: Archive, folder: Path) -> Speed:
    """Files that neither database knows, in turns; which of the two comes first alternates."""
    speed = Speed()
    empty = await archive.without_dossiers(folder / "empty.sqlite")
    full = archive.copy(folder / "full.sqlite")
    stories = (archive.story(n).messages() for n in count(2 * DOSSIERS))
    told = side_by_side(stories, _WIDTH)
    async with (
        _core(f"sqlite://{full.resolve()}", lanes=1) as in_full,
        _core(f"sqlite://{empty.resolve()}", lanes=1) as in_empty,
    ):
        for number in range(_TURNS):
            turn = list(islice(told, _TURN))
            cores = [in_full, in_empty] if number % 2 else [in_empty, in_full]
            seconds = {id(core): (await _timed(core, turn))[0] for core in cores}
            _count(speed, number, seconds[id(in_full)], seconds[id(in_empty)], "the empty one")
    return speed


async def _on_postgres(
    archive: Archive, turns: Sequence[list[Said]], recorded: Sequence[list[Written]]
) -> Speed:
    speed = Speed()
    with postgres_server() as server:
        template = PostgresArchive(server, archive)
        await template.make_once()
        async with template.copied("ours") as ours, template.copied("peer") as peers:
            await template.settle()
            async with _core(ours, lanes=WORKERS) as core:
                for number, (turn, rows) in enumerate(zip(turns, recorded, strict=True)):
                    seconds, together = await _timed(core, turn)
                    peer = await postgres_peer.write(peers, rows, together, WORKERS)
                    _count(speed, number, seconds, peer)
    return speed


@asynccontextmanager
async def _core(url: str, *, lanes: int) -> AsyncGenerator[Core]:
    database = open_database(url)
    await database.start()
    core = Core(database, lanes=lanes)
    core.inbox.start()
    try:
        yield core
    finally:
        await core.inbox.stop()
        await database.stop()


async def _timed(core: Core, turn: Sequence[Said]) -> tuple[float, int]:
    """Seconds for a turn, and how many inbox rows our commits held on average."""
    messages = [_raw(said) for said in turn]
    before = core.inbox_commits
    began = time.perf_counter()
    await core.take_in_all(messages, posters=POSTERS)
    seconds = time.perf_counter() - began
    return seconds, math.ceil(len(messages) / (core.inbox_commits - before))


_CLOCK = SystemClock()
_IDS = GrowingIds(_CLOCK)


def _raw(said: Said) -> RawMessage:
    return raw_message(said, _IDS, _CLOCK.now())


def _count(speed: Speed, number: int, ours: float, peer: float, called: str = "the driver") -> None:
    say(f"  turn {number}: ours {_TURN / ours:,.0f}/s, {called} {_TURN / peer:,.0f}/s")
    if number:
        speed.ours += ours
        speed.peer += peer


def _rows_of(recorded: Sequence[Sequence[Written]]) -> str:
    """Rows that a message writes on average, by table."""
    rows: Counter[str] = Counter()
    for turn in recorded:
        for written in turn:
            rows += written.rows
    messages = _TURN * _TURNS
    shown = ", ".join(f"{table} {count / messages:.2f}" for table, count in rows.most_common())
    return f"rows a message: {rows.total() / messages:.1f} ({shown})"


def _result(name: str, speed: Speed, *, floor: float, ratio: float) -> Result:
    ours, peer = speed.rates()
    return at_least(name, ours, "messages/s", against=peer, floor=floor, ratio=ratio)


def _full_vs_empty(speed: Speed) -> Result:
    full, empty = speed.rates()
    name = "intake_full_vs_empty.sqlite"
    return no_less_than(name, full, "messages/s", against=empty, ratio=0.9)
