"""`agency_to_phone`: how long after an agency's message was due does it show on the phones that follow the file?

Open loop: the schedule does not wait for the server, and time counts from the schedule, so that no stall hides. One
`portnet serve` on SQLite with `synchronous=FULL`; phones and agencies are in this process, gateways in a third.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cast import Cast, make_cast
from benchmarks.data.archive import FOLDER
from benchmarks.live.phones import Phone, listening_phones
from benchmarks.live.serving import accounts, serving
from benchmarks.result import Result, at_most, percentile
from benchmarks.stories import Told, everyday
from portnet_server.demo.agency_client import AgencyClient
from portnet_server.demo.keys import read_keys
from portnet_server.system import SystemClock

_COMPANIES = 40
_PER_SECOND = 50
_WARM_UP, _MEASURED = 5, 30
#: Seconds that the last frames have to arrive.
_PATIENCE = 10


async def agency_to_phone() -> list[Result]:
    cast = make_cast(_COMPANIES, sandbox=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=FOLDER, prefix="run-")))
        url = await stack.enter_async_context(serving(folder, cast))
        keys = read_keys(folder / "keys.json")
        client = await stack.enter_async_context(AgencyClient(url, keys, SystemClock()))
        phones = await listening_phones(url, accounts(cast), stack)
        posted = await _post_by_the_clock(client, cast)
        await _until_all_arrived(phones, _expected(posted, cast))
        return _results(phones, posted, _expected(posted, cast))


class _Posted:
    """A message, and when it was due (seconds, this machine's clock)."""

    def __init__(self, told: Told, due: float) -> None:
        self.told = told
        self.due = due
        self.occurred_at = datetime.fromtimestamp(due, UTC)

    @property
    def shown_as(self) -> str:
        """Its instant as a frame tells it; no two are the same."""
        return self.occurred_at.isoformat().removesuffix("+00:00") + "Z"


async def _post_by_the_clock(client: AgencyClient, cast: Cast) -> list[_Posted]:
    """Post the stories at their pace; returns the messages that count."""
    total = (_WARM_UP + _MEASURED) * _PER_SECOND
    # A fraction of a second that is never zero keeps every instant's text equally long.
    began = int(time.time()) + 1.000_123
    schedule = [
        _Posted(told, began + number / _PER_SECOND)
        for number, told in enumerate(islice(everyday(cast), total))
    ]
    async with asyncio.TaskGroup() as posts:
        for posted in schedule:
            await asyncio.sleep(max(0.0, posted.due - time.time()))
            posts.create_task(_post(client, posted))
    return schedule[_WARM_UP * _PER_SECOND :]


async def _post(client: AgencyClient, posted: _Posted) -> None:
    said = posted.told.at(posted.occurred_at)
    answer = await client.post(said.source, said.body)
    if not answer.accepted:
        raise RuntimeError(f"the server did not take a message: {answer}")


def _expected(posted: Sequence[_Posted], cast: Cast) -> Mapping[str, frozenset[str]]:
    """Which instants each company's phones should hear of: the importer's and its broker's."""
    expected: dict[str, set[str]] = defaultdict(set)
    for message in posted:
        importer = message.told.importer
        for firm in (cast.importers[importer], cast.broker_of(importer)):
            expected[firm.company.id].add(message.shown_as)
    return {company: frozenset(instants) for company, instants in expected.items()}


async def _until_all_arrived(
    phones: Sequence[Phone], expected: Mapping[str, frozenset[str]]
) -> None:
    for _ in range(_PATIENCE):
        for phone in phones:
            phone.check()
        if not _lost(phones, expected):
            return
        await asyncio.sleep(1)


def _lost(phones: Sequence[Phone], expected: Mapping[str, frozenset[str]]) -> int:
    return sum(
        len(expected.get(phone.company, frozenset()) - {instant for instant, _ in phone.heard})
        for phone in phones
    )


def _results(
    phones: Sequence[Phone], posted: Sequence[_Posted], expected: Mapping[str, frozenset[str]]
) -> list[Result]:
    due = {message.shown_as: message.due for message in posted}
    seconds = [
        arrived - due[instant]
        for phone in phones
        for instant, arrived in phone.heard
        if instant in due
    ]
    lost = _lost(phones, expected)
    repeated = sum(_repeats(phone) for phone in phones)
    sound = lost == repeated == 0
    name = "agency_to_phone"
    return [
        at_most(f"{name}.p50", percentile(seconds, 0.50) * 1000, "ms", 20, sound=sound),
        at_most(f"{name}.p99", percentile(seconds, 0.99) * 1000, "ms", 60, sound=sound),
        at_most(f"{name}.lost", lost, "frames", 0),
        at_most(f"{name}.repeated", repeated, "frames", 0),
    ]


def _repeats(phone: Phone) -> int:
    """Frames that came again, by their place in the feed or by what they tell."""
    instants = Counter(instant for instant, _ in phone.heard)
    again = sum(count - 1 for count in instants.values())
    return max(again, phone.cursors.total() - len(phone.cursors))
