"""Rows of one dossier as our own intake writes them, cast again and again with other ids, references and people.

The intake itself would take minutes for a data set of this size; the copies differ from its rows in their values only.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.cast import Cast, Firm, make_cast, store
from benchmarks.core import Core
from benchmarks.stories import Story, raw_message, tell
from portnet.domain.identifiers import new_ulid, normalise, short_reference
from portnet.domain.scenario import Scenario
from portnet.storage.engines import open_database
from portnet.storage.migrate import migrate
from portnet.storage.tables import TABLES

Rows = Mapping[str, list[list[Any]]]

#: Where the stories of a data set begin; later messages of theirs lie in the past all the same.
BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)

#: What the cast and the migrations write: the same for all dossiers.
_SHARED = frozenset(
    {
        "company",
        "user_account",
        "credentials",
        "user_session",
        "device",
        "mandate",
        "agency_key",
        "feed_head",
        "installation",
    }
)
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


class Mould:
    """The first ``messages`` of a scenario, as rows with slots."""

    def __init__(self, story: Story, cast: Cast, rows: Rows) -> None:
        text = msgspec.json.encode(rows, enc_hook=_text).decode()
        fixed = _values(story, cast)
        self._fresh = sorted(set(_ULID.findall(text)) - set(fixed))
        names = dict.fromkeys([*fixed, *self._fresh])
        slot = re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))
        self._pieces = slot.split(text)
        self._slots = slot.findall(text)
        self._fixed = fixed

    def cast_again(self, story: Story, cast: Cast, number: int) -> Rows:
        """The rows of ``story``; numbers that grow make ids that grow."""
        values = dict(zip(self._fixed.values(), _values(story, cast).keys(), strict=True))
        filled = {old: values[meaning] for old, meaning in self._fixed.items()}
        at = BEGAN + timedelta(milliseconds=number)
        filled |= {old: new_ulid(at, i.to_bytes(10, "big")) for i, old in enumerate(self._fresh)}
        parts = [self._pieces[0]]
        for old, piece in zip(self._slots, self._pieces[1:], strict=True):
            parts += (filled[old], piece)
        rows: Rows = msgspec.json.decode("".join(parts))
        return rows


async def make_mould(scenario: Scenario, messages: int, folder: Path) -> Mould:
    """Take the first ``messages`` of ``scenario`` in on a scratch database, and keep what they wrote."""
    path = folder / f"mould-{scenario.code}.sqlite"
    cast = make_cast(5, sandbox=False)
    story = tell(scenario, 9_999_999 // 4 * 4, cast, BEGAN)
    database = open_database(f"sqlite://{path.resolve()}")
    await database.start()
    try:
        await migrate(database)
        core = Core(database, lanes=1)
        await store(core.units, cast, "")
        core.inbox.start()
        for said in islice(story.messages(), messages):
            await core.take_in_one_by_one(raw_message(said, core.ids, core.clock.now()))
        await core.inbox.stop()
    finally:
        await database.stop()
    return Mould(story, cast, dict(_written(path)))


def _written(path: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    connection = sqlite3.connect(path)
    try:
        for table in (table._meta.tablename for table in TABLES):  # pyright: ignore[reportPrivateUsage]  # Piccolo's documented name
            if table not in _SHARED:
                rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid")
                yield table, [list(row) for row in rows]
    finally:
        connection.close()


def _values(story: Story, cast: Cast) -> dict[str, str]:
    """The texts in a story's rows that another story has otherwise, and what each means."""
    importer, broker = cast.importers[story.importer], cast.broker_of(story.importer)
    found = {story.telling.run: "run"}
    for name, value in story.telling.refs.items():
        scheme = story.telling.scenario.refs[name]
        spellings = {
            value: "as sent",
            normalise(scheme, value): "normal",
            short_reference(scheme, value): "short",
        }
        found |= {spelling: f"{name} {meaning}" for spelling, meaning in spellings.items()}
    return found | _people("importer", importer) | _people("broker", broker)


def _people(role: str, firm: Firm) -> dict[str, str]:
    found = {firm.company.id: f"{role} id", firm.company.ice: f"{role} ice"}
    for seat, member in enumerate(firm.members):
        found |= {
            member.user.id: f"{role} {seat}",
            member.user.phone or "": f"{role} {seat} phone",
            member.device.id: f"{role} {seat} device",
            member.device.address: f"{role} {seat} address",
        }
    return found


def _text(value: Any) -> Any:
    raise TypeError(f"no JSON for {type(value).__name__}")
