"""Phones as thin as they can be: the app's own documents over a raw WebSocket, frames kept as bytes with their time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from portnet_mobile.operations import text

_ENTRY = "fragment EntryRow on TimelineEntry {"
#: The app's own documents; the company's also asks when each message occurred, which tells them apart.
_FEEDS = {
    "company": text("CompanyFeed").replace(_ENTRY, f"{_ENTRY} occurredAt"),
    "me": text("MyFeed"),
}
_SUBPROTOCOL = Subprotocol("graphql-transport-ws")
_OCCURRED = b'"occurredAt":"'
_CURSOR = b'"cursor":"'
#: Passwords cost the server a core for tens of milliseconds: more at once would only wait.
_SIGN_INS = 4


class _Envelope(msgspec.Struct):
    """A message of the subprotocol, its payload left as it came."""

    type: str
    id: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"")


_envelope = msgspec.json.Decoder(_Envelope)


class Phone:
    """One socket with both feeds. ``heard`` are frames of the company's feed: when the message they tell of occurred,
    as the frame says it, and when they arrived (seconds, this machine's clock)."""

    def __init__(self, company: str) -> None:
        self.company = company
        self.heard: list[tuple[str, float]] = []
        self.cursors: Counter[bytes] = Counter()
        self._reading: asyncio.Task[None] | None = None

    @property
    def events(self) -> int:
        """Frames of both feeds so far."""
        return self.cursors.total()

    async def listen(
        self, url: str, token: str, after: dict[str, str], stack: AsyncExitStack
    ) -> None:
        """Open the socket and follow both feeds from ``after``, a cursor by audience."""
        address = f"ws{url.removeprefix('http')}/graphql"
        connection = connect(address, subprotocols=[_SUBPROTOCOL], compression=None)
        socket = await stack.enter_async_context(connection)
        await _send(socket, type="connection_init", payload={"authorization": f"Bearer {token}"})
        acknowledged = _envelope.decode(await socket.recv(decode=False))
        if acknowledged.type != "connection_ack":
            raise RuntimeError(f"the server does not let the phone in: {acknowledged}")
        for feed, document in _FEEDS.items():
            request = {"query": document, "variables": {"after": after[feed.upper()]}}
            await _send(socket, type="subscribe", id=feed, payload=request)
        self._reading = asyncio.create_task(self._read(socket))
        stack.callback(self._reading.cancel)

    def check(self) -> None:
        """Raise what ended the phone's listening, if it ended."""
        if self._reading is not None and self._reading.done():
            self._reading.result()

    async def _read(self, socket: ClientConnection) -> None:
        while True:
            frame = await socket.recv(decode=False)
            arrived = time.time()
            self._take(_envelope.decode(frame), arrived)

    def _take(self, message: _Envelope, arrived: float) -> None:
        if message.type != "next":
            raise RuntimeError(f"not a frame: {message}")
        payload = bytes(message.payload)
        self.cursors[_after(payload, _CURSOR)] += 1
        # A frame about the file itself (an act that is under way) tells of no entry.
        if message.id == "company" and _OCCURRED in payload:
            self.heard.append((_after(payload, _OCCURRED).decode(), arrived))


class Account(msgspec.Struct, frozen=True, kw_only=True):
    login: str
    password: str
    company: str


async def listening_phones(
    url: str, accounts: Sequence[Account], stack: AsyncExitStack
) -> list[Phone]:
    """A phone for each account, signed in and live on both feeds until ``stack`` closes."""
    turns = asyncio.Semaphore(_SIGN_INS)
    session = await stack.enter_async_context(aiohttp.ClientSession())

    async def start(account: Account) -> Phone:
        async with turns:
            token = await _sign_in(session, url, account)
            phone = Phone(account.company)
            await phone.listen(url, token, await _positions(session, url, token), stack)
            return phone

    return list(await asyncio.gather(*map(start, accounts)))


async def _sign_in(session: aiohttp.ClientSession, url: str, account: Account) -> str:
    entered = {
        "clientMutationId": account.login,
        "login": account.login,
        "password": account.password,
    }
    data = await _post(session, url, {"query": text("SignIn"), "variables": {"input": entered}}, {})
    token: str = data["signIn"]["accessToken"]
    return token


async def _positions(session: aiohttp.ClientSession, url: str, token: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    home = {"query": text("Home"), "variables": {"dossiers": 20, "alerts": 20}}
    data = await _post(session, url, home, headers)
    return {feed["audience"]: feed["cursor"] for feed in data["feeds"]}


async def _post(
    session: aiohttp.ClientSession, url: str, request: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    async with session.post(f"{url}/graphql", json=request, headers=headers) as response:
        answer: dict[str, Any] = msgspec.json.decode(await response.read())
    if answer.get("errors"):
        raise RuntimeError(f"the server refuses: {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data


async def _send(socket: ClientConnection, **message: object) -> None:
    await socket.send(msgspec.json.encode(message).decode())


def _after(payload: bytes, name: bytes) -> bytes:
    """The text of the first field of that name."""
    start = payload.index(name) + len(name)
    return payload[start : payload.index(b'"', start)]
