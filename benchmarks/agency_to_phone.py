"""`agency_to_phone`: how long after an agency's message was due does it show on the phones that follow the file?

Open loop: the schedule does not wait for the server, and time counts from the schedule, so that no stall hides. One
`portnet serve` on SQLite with `synchronous=FULL`; phones and agencies are in this process, gateways in a third.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cast import PASSWORD, Cast, make_cast, store
from benchmarks.data.archive import FOLDER
from benchmarks.live.phones import Account, Phone, listening_phones
from benchmarks.live.processes import free_port
from benchmarks.live.processes import running as running_process
from benchmarks.result import Result, at_most, percentile
from benchmarks.stories import Told, side_by_side, tell
from portnet.scenarios import shipped
from portnet_server.bootstrap import Role, running
from portnet_server.config import Config, read_config
from portnet_server.demo.accounts import SOURCES
from portnet_server.demo.agency_client import AgencyClient
from portnet_server.demo.keys import new_keys, read_keys, write_keys
from portnet_server.system import SystemClock

_COMPANIES = 40
_PER_SECOND = 50
_WARM_UP, _MEASURED = 5, 30
#: Files whose stories are told side by side: more than a second between two messages of one file.
_WIDTH = 80
#: Seconds that the last frames have to arrive.
_PATIENCE = 10


async def agency_to_phone() -> list[Result]:
    cast = make_cast(_COMPANIES, sandbox=True)
    accounts = [
        Account(login=member.user.login, password=PASSWORD, company=firm.company.id)
        for firm in cast.firms
        for member in firm.members
    ]
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=FOLDER, prefix="run-")))
        url = await stack.enter_async_context(_serving(folder, cast))
        keys = read_keys(folder / "keys.json")
        client = await stack.enter_async_context(AgencyClient(url, keys, SystemClock()))
        phones = await listening_phones(url, accounts, stack)
        posted = await _post_by_the_clock(client, cast)
        await _until_all_arrived(phones, _expected(posted, cast))
        return _results(phones, posted, _expected(posted, cast))


@asynccontextmanager
async def _serving(folder: Path, cast: Cast) -> AsyncGenerator[str]:
    """The URL of a server over a new database with the cast and the agencies' keys."""
    push, sms, port = free_port(), free_port(), free_port()
    settings = {
        "PORTNET_MODE": "development",
        "PORTNET_DATA_DIR": str(folder),
        "PORTNET_SECRET": secrets.token_hex(32),
        "PORTNET_LOG_LEVEL": "WARNING",
        "PORTNET_PUSH_URLS": f"pnpush://127.0.0.1:{push}/v1/projects/demo",
        "PORTNET_SMS_URLS": f"pnsms://127.0.0.1:{sms}/sms",
        "PORT": str(port),
    }
    await _seed(read_config(settings), folder, cast)
    gateways = ("--push-port", str(push), "--sms-port", str(sms))
    async with (
        running_process("portnet_mobile.gateways", *gateways, ready="SMS ", settings={}),
        running_process("portnet_server.cli", "serve", ready="listening on", settings=settings),
    ):
        yield f"http://127.0.0.1:{port}"


async def _seed(config: Config, folder: Path, cast: Cast) -> None:
    async with running(config, config.secret or b"", Role.WEB) as house:
        await store(house.units, cast, await house.passwords.hash(PASSWORD))
        keys = new_keys(SOURCES, house.clock)
        for key in keys:
            await house.keyring.save(key)
        write_keys(folder / "keys.json", keys)


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
        for number, told in enumerate(islice(_told(cast), total))
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


def _told(cast: Cast) -> Iterator[Told]:
    scenarios = shipped()
    now = datetime.now(UTC)
    stories = (tell(scenarios["G0" if n % 4 else "S0"], n, cast, now).steps() for n in count())
    return side_by_side(stories, _WIDTH)


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
