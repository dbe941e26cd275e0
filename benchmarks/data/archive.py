"""The SQLite file with 100,000 dossiers: made once under `var/bench`, then copied for each run."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.cast import make_cast, store
from benchmarks.core import Core
from benchmarks.data.mould import BEGAN, BYTES_AS, Mould, Rows, make_mould
from benchmarks.stories import Story, tell
from portnet.domain.alerts import DeliveryState
from portnet.domain.audit import GENESIS, AuditRecord, chain_hash
from portnet.scenarios import shipped
from portnet.storage import rows as stored
from portnet.storage.engines import open_database
from portnet.storage.migrate import migrate

FOLDER = Path("var/bench")
DOSSIERS = 100_000

_COMPANIES = 400
#: Each file has heard this many messages of its story; one in four is an S0, the others are G0.
HEARD = 2
_IN_ONE_GO = 2_000
#: What the data set depends on: when one of these changes, it is made anew.
_SOURCES = (
    "backend/portnet/storage/migrations/*.py",
    "benchmarks/cast.py",
    "benchmarks/stories.py",
    "benchmarks/data/archive.py",
    "benchmarks/data/mould.py",
)


class Archive:
    """The file, and what is in it: ``story(n)`` began on the dossier of number n."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cast = make_cast(_COMPANIES, sandbox=False)
        self._scenarios = shipped()

    def story(self, number: int) -> Story:
        """The story of the file of that number; from DOSSIERS on, of files that nobody knows yet."""
        scenario = self._scenarios[_code(number)]
        return tell(scenario, number, self.cast, BEGAN + timedelta(seconds=number))

    def copy(self, path: Path) -> Path:
        """A database of one's own with the same content, on the disk: its writing must not slow what comes next."""
        shutil.copyfile(self.path, path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        return path

    async def without_dossiers(self, path: Path) -> Path:
        """A new database with the same companies and people, and nothing that happened yet."""
        database = open_database(f"sqlite://{path.resolve()}", synchronous="NORMAL")
        await database.start()
        try:
            await migrate(database)
            await store(Core(database, lanes=1).units, self.cast, "")
        finally:
            await database.stop()
        return path


async def open_archive() -> Archive:
    """The data set of today's tables; the first time it is made, which takes a minute."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    archive = Archive(FOLDER / f"archive-{fingerprint()}.sqlite")
    if not archive.path.exists():
        for old in FOLDER.glob("archive-*"):
            old.unlink()
        say(f"making {DOSSIERS:,} dossiers in {archive.path}, once ...")
        making = archive.path.with_suffix(".making")
        making.unlink(missing_ok=True)
        await _make(archive, making)
        making.rename(archive.path)
    return archive


def fingerprint() -> str:
    """The data set's version."""
    files = sorted(path for pattern in _SOURCES for path in Path().glob(pattern))
    content = b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(content).hexdigest()[:12]


def say(progress: str) -> None:
    """Progress goes to stderr: stdout holds results only."""
    print(progress, file=sys.stderr, flush=True)


async def _make(archive: Archive, path: Path) -> None:
    await archive.without_dossiers(path)
    scratch = FOLDER / "moulds"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    moulds = {
        code: await make_mould(scenario, HEARD, scratch) for code, scenario in shipped().items()
    }
    shutil.rmtree(scratch)
    _fill(path, archive, moulds)


def _fill(path: Path, archive: Archive, moulds: Mapping[str, Mould]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -500000")
    connection.execute("BEGIN")
    chains = Chains()
    for start in range(0, DOSSIERS, _IN_ONE_GO):
        collected: dict[str, list[list[Any]]] = defaultdict(list)
        for number in range(start, start + _IN_ONE_GO):
            rows = moulds[_code(number)].cast_again(archive.story(number), archive.cast, number)
            for table, own in rows.items():
                collected[table] += own
            chains.extend(rows, number)
        for table, own in collected.items():
            insert(connection, table, own)
    insert(connection, "feed_head", chains.heads())
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class Chains:
    """What runs through all dossiers: the feeds' numbers, the audit's hashes, and growing instants."""

    def __init__(self) -> None:
        self._feeds: Counter[str] = Counter()
        self._audits: Counter[str] = Counter()
        self._hashes: dict[str, bytes] = {}

    def extend(self, rows: Rows, number: int) -> None:
        """Put the rows of one more dossier in their places, by the tables' order of columns."""
        for row in rows["agency_inbox"]:
            row[3] = row[3].encode(BYTES_AS)
            row[4] = hashlib.sha256(row[3]).digest()
        for row in rows["feed"]:
            self._feeds[row[0]] += 1
            row[1] = self._feeds[row[0]]
        for row in rows["audit"]:
            self._audits[row[0]] += 1
            row[1] = self._audits[row[0]]
            row[6] = self._hashes[row[0]] = self._hash(row)
        for row in rows["delivery"]:
            row[10] = DeliveryState.SENT.value
        for row in rows["dossier"]:
            row[12] += number
            row[13] += number

    def heads(self) -> list[list[Any]]:
        return [[audience, seq, 0] for audience, seq in self._feeds.items()]

    def _hash(self, row: Sequence[Any]) -> bytes:
        company, position, at, actor, action, subject = row[:6]
        record = AuditRecord(
            company=company,
            position=position,
            at=stored.instant(at),
            actor=actor,
            action=action,
            subject=subject,
        )
        return chain_hash(self._hashes.get(company, GENESIS), record)


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Write whole rows, in the table's own order of columns."""
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _code(number: int) -> str:
    return "G0" if number % 4 else "S0"
