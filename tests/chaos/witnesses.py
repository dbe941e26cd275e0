"""Who watches while servers die: a phone as people have it, and a recorder that keeps every frame as it came."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from portnet_graphql.cursors import FeedCursor, read_cursor
from portnet_mobile.changes import Change, Changes
from portnet_mobile.client import Client
from portnet_mobile.contract import Frame, Home
from portnet_mobile.errors import NotSignedIn, Unreachable
from portnet_mobile.phone import AUDIENCES, Phone
from portnet_server.demo.accounts import PASSWORD
from tests.support.house.opening import HurriedClock

_AGAIN_AFTER = 0.05


class Recorder:
    """Hears one feed from a snapshot on, after each cut from its last cursor; what repeats is kept twice."""

    def __init__(self, client: Client, audience: str, cursor: str) -> None:
        self.audience = audience
        #: The feed's own name, as the database has it.
        self.feed = _position(cursor).audience
        self.frames: list[Frame] = []
        self._client = client
        self._cursor = cursor
        self._news = asyncio.Event()
        self.began_after = _position(cursor).seq

    @property
    def seqs(self) -> list[int]:
        """The frames' numbers in the feed, as they came."""
        return [_position(frame.cursor).seq for frame in self.frames]

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._hear()
            except (Unreachable, NotSignedIn):
                await asyncio.sleep(_AGAIN_AFTER)

    async def until(self, seq: int) -> None:
        """Wait for the frame of that number."""
        while _position(self._cursor).seq < seq:
            self._news.clear()
            await self._news.wait()

    async def _hear(self) -> None:
        async with (
            self._client.socket() as socket,
            aclosing(socket.feed(self.audience, self._cursor)) as frames,
        ):
            async for frame in frames:
                self.frames.append(frame)
                self._cursor = frame.cursor
                self._news.set()


class Watch:
    """A phone, all that it noticed, and a recorder of each of the same person's feeds."""

    def __init__(self, phone: Phone, recorders: dict[str, Recorder]) -> None:
        self.phone = phone
        self.noticed: list[Change] = []
        self.recorders = recorders
        self._news = asyncio.Event()

    async def notice(self, changes: Changes) -> None:
        """Keep what the phone tells."""
        async for change in changes:
            self.noticed.append(change)
            self._news.set()

    async def until(self, seen: Callable[[list[Change]], bool]) -> None:
        """Wait until the phone has noticed enough."""
        while not seen(self.noticed):
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def watching(url: str, login: str) -> AsyncGenerator[Watch]:
    """A watch that is live; it ends with the block."""
    async with AsyncExitStack() as stack:
        client = Client(url, locale="fr", clock=HurriedClock())
        await client.open()
        stack.push_async_callback(client.close)
        await client.sign_in(login, PASSWORD)
        home = await client.ask("Home", Home, {"dossiers": 1, "alerts": 1})
        cursors = {position.audience: position.cursor for position in home.feeds}
        recorders = {a: Recorder(client, a, cursors[a]) for a in AUDIENCES}
        phone = await stack.enter_async_context(Phone(url, login, PASSWORD, clock=HurriedClock()))
        watch = Watch(phone, recorders)
        changes = phone.changes()
        await phone.start()
        tasks = [asyncio.create_task(recorder.run()) for recorder in recorders.values()]
        tasks.append(asyncio.create_task(watch.notice(changes)))
        stack.push_async_callback(_ended, tasks)
        yield watch


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _position(cursor: str) -> FeedCursor:
    read = read_cursor(cursor)
    assert read is not None
    return read
