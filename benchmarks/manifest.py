"""`manifest`: one vessel's message for 2,000 containers, while other messages go on at the country's peak rate.

Open loop like `agency_to_phone`: time counts from when a message was due. What is measured is the slowest of three such
messages, each once the one before it is on every phone, and how long other messages took meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.cast import Cast, make_cast
from benchmarks.data.archive import FOLDER, say
from benchmarks.live.phones import Phone, listening_phones
from benchmarks.live.serving import accounts, serving
from benchmarks.result import Result, at_most, percentile
from benchmarks.stories import Told, everyday, reference
from portnet_server.demo.agency_client import AgencyClient
from portnet_server.demo.keys import read_keys
from portnet_server.system import SystemClock

BOXES = 2_000
_COMPANIES = 40
#: The country's peak (docs/performance.md).
_PER_SECOND = 25
#: One message each for all containers; the first also warms caches and code and is not counted.
_STEPS = ("paid", "gate_in", "port_cleared", "loaded")
#: Seconds of other messages before a vessel's.
_CALM = 2
#: Seconds that a vessel's last frame has to arrive, and how often that is looked at.
_PATIENCE, _LOOK = 30, 0.25
_POSTERS = 8
#: The other files' containers have lower numbers.
_FIRST_BOX = 500_000


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A message: when it was due (seconds, this machine's clock), and how many frames of it each company should see."""

    due: float
    frames: Mapping[str, int]

    @property
    def shown_as(self) -> str:
        """Its instant as a frame tells it; no two are the same."""
        return _instant(self.due).isoformat().removesuffix("+00:00") + "Z"


class Harbour:
    """The agencies' side: what was posted, told apart by its instant."""

    def __init__(self, client: AgencyClient, cast: Cast) -> None:
        self.others: list[Sent] = []
        self._client = client
        self._cast = cast

    async def file_permits(self) -> None:
        """A passage through the port for every container, opened by the port."""
        boxes = iter(range(BOXES))

        async def post() -> None:
            for number in boxes:
                refs = [("AMP", number), ("CONTAINER", _FIRST_BOX + number)]
                await self._say("docs_ok", refs, time.time(), number)

        await asyncio.gather(*(post() for _ in range(_POSTERS)))

    async def vessel(self, event: str) -> Sent:
        """One message that names all containers."""
        due = _on_the_dot(time.time())
        refs = [("CONTAINER", _FIRST_BOX + number) for number in range(BOXES)]
        await self._say(event, refs, due, 0)
        frames: Counter[str] = Counter()
        for number in range(BOXES):
            frames.update(_followers(self._cast, number % len(self._cast.importers)))
        return Sent(due=due, frames=frames)

    async def go_on(self) -> None:
        """Other files' messages by the clock, until cancelled."""
        began = _on_the_dot(time.time()) + 1
        async with asyncio.TaskGroup() as posts:
            for number, told in enumerate(everyday(self._cast)):
                due = began + number / _PER_SECOND
                await asyncio.sleep(max(0.0, due - time.time()))
                posts.create_task(self._tell(told, due))

    async def _tell(self, told: Told, due: float) -> None:
        said = told.at(_instant(due))
        self.others.append(Sent(due=due, frames=_followers(self._cast, told.importer)))
        await self._post(said.source, said.body)

    async def _say(
        self, event: str, refs: Sequence[tuple[str, int]], due: float, number: int
    ) -> None:
        importer = number % len(self._cast.importers)
        firms = {
            "OPERATOR": self._cast.importers[importer],
            "BROKER": self._cast.broker_of(importer),
        }
        opening = event == "docs_ok"
        content = {
            "event_id": f"TMPCS-{event}-{number}",
            "type": f"TM_PASSAGE.{event}",
            "classifier": "ACT",
            "occurred_at": _instant(due).isoformat(),
            "created_at": _instant(due).isoformat(),
            "refs": [{"scheme": s, "value": reference(s, n)} for s, n in refs],
            "parties": [
                {"role": role, "scheme": "ICE", "value": firm.company.ice}
                for role, firm in firms.items()
                if opening
            ],
        }
        await self._post("TMPCS", msgspec.json.encode(content))

    async def _post(self, source: str, body: bytes) -> None:
        answer = await self._client.post(source, body)
        if not answer.accepted:
            raise RuntimeError(f"the server did not take a message: {answer}")


async def manifest() -> list[Result]:
    cast = make_cast(_COMPANIES, sandbox=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=FOLDER, prefix="run-")))
        url = await stack.enter_async_context(serving(folder, cast))
        keys = read_keys(folder / "keys.json")
        client = await stack.enter_async_context(AgencyClient(url, keys, SystemClock()))
        harbour = Harbour(client, cast)
        say(f"{BOXES:,} containers ...")
        await harbour.file_permits()
        phones = await listening_phones(url, accounts(cast), stack)
        return _results(phones, await _vessels(harbour, phones), harbour.others)


async def _vessels(harbour: Harbour, phones: Sequence[Phone]) -> list[Sent]:
    """The vessels' messages that count, each on all phones or given up; others are posted until the last one is."""
    others = asyncio.create_task(harbour.go_on())
    vessels: list[Sent] = []
    for event in _STEPS:
        await asyncio.sleep(_CALM)
        vessels.append(await harbour.vessel(event))
        await _until_shown(phones, vessels[-1:])
        say(f"  {event}: {max(_delays(phones, vessels[-1:]), default=0.0):.2f} s to the last phone")
    others.cancel()
    with suppress(asyncio.CancelledError):
        await others
    await _until_shown(phones, harbour.others)
    return vessels[1:]


async def _until_shown(phones: Sequence[Phone], messages: Sequence[Sent]) -> None:
    until = time.monotonic() + _PATIENCE
    while _missing(phones, messages) and time.monotonic() < until:
        await asyncio.sleep(_LOOK)
        for phone in phones:
            phone.check()


def _missing(phones: Sequence[Phone], messages: Sequence[Sent]) -> int:
    """Frames that have not come yet."""
    return sum(
        max(0, message.frames.get(phone.company, 0) - heard[message.shown_as])
        for phone in phones
        for heard in [Counter(instant for instant, _ in phone.heard)]
        for message in messages
    )


def _delays(phones: Sequence[Phone], messages: Sequence[Sent]) -> list[float]:
    """Seconds from when each was due to each of its frames."""
    due = {message.shown_as: message.due for message in messages}
    return [at - due[instant] for phone in phones for instant, at in phone.heard if instant in due]


def _results(
    phones: Sequence[Phone], vessels: Sequence[Sent], others: Sequence[Sent]
) -> list[Result]:
    slowest = [max(_delays(phones, [vessel]), default=0.0) for vessel in vessels]
    beside = [
        other
        for other in others
        for vessel, seconds in zip(vessels, slowest, strict=True)
        if 0 <= other.due - vessel.due <= seconds
    ]
    lost = _missing(phones, [*vessels, *others])
    repeated = sum(phone.cursors.total() - len(phone.cursors) for phone in phones)
    sound = lost == repeated == 0
    say(f"  {len(beside)} other messages meanwhile")
    p99 = percentile(_delays(phones, beside), 0.99) * 1000
    return [
        at_most("manifest.on_phones", max(slowest), "s", 3, sound=sound),
        at_most("manifest.others_p99", p99, "ms", 250, sound=sound),
        at_most("manifest.lost", lost, "frames", 0),
        at_most("manifest.repeated", repeated, "frames", 0),
    ]


def _followers(cast: Cast, importer: int) -> Mapping[str, int]:
    """The companies whose phones show a message about a file of that importer, and how often."""
    return defaultdict(
        int, {firm.company.id: 1 for firm in (cast.importers[importer], cast.broker_of(importer))}
    )


def _on_the_dot(seconds: float) -> float:
    """A moment whose text is as long as any other's, and which no other message has."""
    return round(seconds, 3) + 0.000_123


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
