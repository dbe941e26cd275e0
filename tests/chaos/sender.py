"""The agencies as a process of their own: many stories at once, each message posted until it is acknowledged.

Started by `sending`; it logs what it posts and what was acknowledged, on disk before it goes on, so that the log tells
what agencies know to be taken in, whatever dies elsewhere. Told to stop, it ends the stories that it has begun.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from portnet.domain.inbox import Receipted
from portnet_server.demo.agency_client import AgencyClient, Unreachable
from portnet_server.demo.keys import read_keys
from portnet_server.demo.replay import Telling
from portnet_server.system import SystemClock
from tests.support.house.opening import new_telling, steps
from tests.support.house.processes import environment

_ROOT = Path(__file__).parents[2]
#: Stories told side by side: each has one message under way at any time.
STORIES = 40
_SCENARIOS = ("G0", "G0", "S0")
#: Seconds before a message that nobody took is posted again.
_AGAIN_AFTER = 0.2
_ENDS_WITHIN = 120.0


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log; ``at`` is the machine's monotonic clock, the same for all its processes."""

    what: Literal["posted", "acknowledged"]
    at: float
    source: str
    event_id: str
    receipt: str = ""


class Log:
    """Notes on disk; one is there when `write` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def write(self, note: Note) -> None:
        self._file.write(msgspec.json.encode(note) + b"\n")
        self._file.flush()
        if note.what == "acknowledged":
            os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def notes(path: Path) -> Iterator[Note]:
    """What a sender noted, in order."""
    for line in path.read_bytes().splitlines():
        yield msgspec.json.decode(line, type=Note)


class SenderProcess:
    """A running sender, and its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self.log = log

    async def under_way(self) -> None:
        """Wait until it has begun all the stories that it tells side by side."""
        while not self.log.exists() or len(list(notes(self.log))) < STORIES:
            assert self._process.returncode is None, "the sender has ended"
            await asyncio.sleep(_AGAIN_AFTER)

    async def finish(self) -> None:
        """Let it end its stories; all that it posted is acknowledged then."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_ENDS_WITHIN):
            status = await self._process.wait()
        assert status == 0, "the sender was refused; see its traceback above"


@asynccontextmanager
async def sending(url: str, keys: Path, folder: Path, seed: int) -> AsyncGenerator[SenderProcess]:
    """A sender that posts to ``url``; it is killed with the block if it still runs."""
    log = folder / "sender.jsonl"
    arguments = [url, str(keys), str(log), str(seed)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.sender", *arguments, cwd=_ROOT, env=environment({})
    )
    try:
        yield SenderProcess(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _tell_stories(client: AgencyClient, log: Log, seed: int, stopping: asyncio.Event) -> None:
    stories = _stories(Random(seed))
    async with asyncio.TaskGroup() as tellers:
        for _ in range(STORIES):
            tellers.create_task(_tell_one_by_one(client, log, stories, stopping))


def _stories(chance: Random) -> Iterator[Telling]:
    """Without end; no two have a reference in common."""
    used: set[str] = set()
    while True:
        telling = new_telling(chance.choice(_SCENARIOS), chance.randrange(2**32))
        if used.isdisjoint(telling.refs.values()):
            used.update(telling.refs.values())
            yield telling


async def _tell_one_by_one(
    client: AgencyClient, log: Log, stories: Iterator[Telling], stopping: asyncio.Event
) -> None:
    while not stopping.is_set():
        telling = next(stories)
        for number, (step, at) in enumerate(steps(telling), start=1):
            await _post_until_acknowledged(
                client, log, step.source, telling.message(number, step, at)
            )


async def _post_until_acknowledged(
    client: AgencyClient, log: Log, source: str, body: bytes
) -> None:
    event_id = msgspec.json.decode(body)["event_id"]
    while True:
        log.write(Note(what="posted", at=time.monotonic(), source=source, event_id=event_id))
        receipt = await _posted(client, source, body)
        if receipt is not None:
            break
        await asyncio.sleep(_AGAIN_AFTER)
    at = time.monotonic()
    log.write(Note(what="acknowledged", at=at, source=source, event_id=event_id, receipt=receipt))


async def _posted(client: AgencyClient, source: str, body: bytes) -> str | None:
    """The receipt; None where nobody can tell whether the message was taken."""
    try:
        answer = await client.post(source, body)
    except Unreachable:
        return None
    if answer.status in {429, 503}:
        return None
    if not answer.accepted:
        raise AssertionError(f"{answer.status} {answer.body}")
    return msgspec.json.decode(answer.body, type=Receipted).receipt


async def _main(arguments: Sequence[str]) -> None:
    url, keys, log_path, seed = arguments
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    log = Log(Path(log_path))
    try:
        async with AgencyClient(url, read_keys(Path(keys)), SystemClock()) as client:
            await _tell_stories(client, log, int(seed), stopping)
    finally:
        log.close()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
