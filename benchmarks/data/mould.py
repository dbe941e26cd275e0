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
from portnet.domain.authoring.scenario import Scenario
from portnet.domain.identifiers import new_ulid, normalise, short_reference
from portnet.storage.description import description
from portnet.storage.engines import open_database
from portnet.storage.migrate import migrate
from portnet.storage.tables import TABLES

Rows = Mapping[str, list[list[Any]]]

#: Where the stories of a data set begin; later messages of theirs lie in the past all the same.
BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)

#: What the cast and the migrations write: the same for all dossiers; and notes that their readers soon delete.
_SHARED = frozenset(
    [
        "company",
        "user_account",
        "credentials",
        "user_session",
        "device",
        "mandate",
        "agency_key",
        "feed_head",
        "installation",
        "indicator_uncounted",
    ]
)
#: A file that no data set has, of the first importer.
_NUMBER = 2_999_996
#: How bytes are written as text, each byte one character.
BYTES_AS = "latin-1"

_decoder = msgspec.json.Decoder(dict[str, list[list[Any]]])
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


class Mould:
    """The first messages of a story, as rows with slots."""

    def __init__(self, story: Story, cast: Cast, rows: Rows) -> None:
        text = msgspec.json.encode(rows).decode()
        self._meanings = {text: meaning for meaning, text in _values(story, cast).items()}
        self._fresh = sorted(set(_ULID.findall(text)) - set(self._meanings))
        names = sorted([*self._meanings, *self._fresh], key=len, reverse=True)
        slot = re.compile("|".join(map(re.escape, names)))
        self._pieces = slot.split(text)
        self._slots = slot.findall(text)

    def cast_again(self, story: Story, cast: Cast, number: int) -> Rows:
        """The rows of ``story``; numbers that grow make ids that grow."""
        values = _values(story, cast)
        filled = {text: values[meaning] for text, meaning in self._meanings.items()}
        at = BEGAN + timedelta(milliseconds=number)
        filled |= {old: new_ulid(at, i.to_bytes(10, "big")) for i, old in enumerate(self._fresh)}
        parts = [self._pieces[0]]
        for old, piece in zip(self._slots, self._pieces[1:], strict=True):
            parts += (filled[old], piece)
        return _decoder.decode("".join(parts))


async def make_mould(scenario: Scenario, messages: int, folder: Path) -> Mould:
    """Take the first ``messages`` of ``scenario`` in on a scratch database, and keep what they wrote."""
    path = folder / f"mould-{scenario.code}.sqlite"
    cast = make_cast(5, sandbox=False)
    story = tell(scenario, _NUMBER, cast, BEGAN)
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
        for table in (description(table).name for table in TABLES):
            if table not in _SHARED:
                rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid")
                yield table, [list(map(_plain, row)) for row in rows]
    finally:
        connection.close()


def _plain(value: Any) -> Any:
    return value.decode(BYTES_AS) if isinstance(value, bytes) else value


def _values(story: Story, cast: Cast) -> dict[str, str]:
    """What another story has otherwise in its rows, by its meaning."""
    importer, broker = cast.importers[story.importer], cast.broker_of(story.importer)
    values = {"run": story.telling.run}
    for name, value in story.telling.refs.items():
        scheme = story.telling.scenario.refs[name]
        values[f"{name} as sent"] = value
        values[f"{name} as compared"] = normalise(scheme, value)
        values[f"{name} as shown"] = short_reference(scheme, value)
    return values | _people("importer", importer) | _people("broker", broker)


def _people(role: str, firm: Firm) -> dict[str, str]:
    values = {f"{role}'s id": firm.company.id, f"{role}'s ice": firm.company.ice}
    for seat, member in enumerate(firm.members):
        values[f"{role}'s user {seat}"] = member.user.id
        values[f"{role}'s number {seat}"] = member.user.phone or ""
        values[f"{role}'s device {seat}"] = member.device.id
        values[f"{role}'s token {seat}"] = member.device.address
    return values
