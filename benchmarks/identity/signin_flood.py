"""`signin_flood`: 200 wrong passwords a second, and what a phone that is signed in feels of it; one process, SQLite.

Half of them guess at an account of the demo, half name nobody; all come from one address, as behind a carrier's. The
phone asks for its home at the same pace before and meanwhile; a wait counts from the instant at which it was due.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import aiohttp

from benchmarks.data.archive import FOLDER
from benchmarks.live.processes import free_port, running
from benchmarks.result import Result, at_most, percentile
from portnet_mobile.operations import text
from portnet_server.demo.accounts import PASSWORD

_FLOOD, _HOME = 200, 20
_WARM_UP, _SECONDS = 100, 18
_MOST_TIMES, _MOST_MIB = 2, 100
_LOGIN = "declarant"


async def signin_flood() -> list[Result]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(dir=FOLDER, prefix="run-"))
        port = free_port()
        settings = {"PORTNET_DATA_DIR": folder, "PORT": str(port)}
        server = await stack.enter_async_context(
            running(
                "portnet_server.cli", "demo", "--quiet", ready="mock gateways", settings=settings
            )
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        phone = _Phone(http, f"http://127.0.0.1:{port}/graphql")
        await phone.sign_in()
        await phone.register()
        for _ in range(_WARM_UP):
            await phone.home()
        quiet = await _paced(phone)
        before = server.rss_anon()
        answers: Counter[str] = Counter()
        flood = asyncio.create_task(_flood(phone, answers))
        flooded = await _paced(phone)
        # Its owner signs in again on the phone that they have, while others guess at the account.
        await phone.sign_in()
        await flood
        grown = server.rss_anon() - before
    sound = not answers.keys() - {"WrongCredentials", "Throttled"} and answers["Throttled"] > 0
    slower = percentile(flooded, 0.99) / percentile(quiet, 0.99)
    return [
        Result(
            name="signin_flood.home_p99",
            value=round(percentile(flooded, 0.99) * 1000, 2),
            unit="ms",
            against=round(percentile(quiet, 0.99) * 1000, 2),
            ratio=round(slower, 3),
            goal=f"ratio ≤ {_MOST_TIMES}",
            met=sound and slower <= _MOST_TIMES,
        ),
        at_most("signin_flood.memory", grown, "MiB", _MOST_MIB, sound=sound),
    ]


async def _paced(phone: _Phone) -> list[float]:
    begun = perf_counter()
    asked = [_at(begun + n / _HOME, phone) for n in range(_HOME * _SECONDS)]
    return list(await asyncio.gather(*asked))


async def _at(due: float, phone: _Phone) -> float:
    await asyncio.sleep(due - perf_counter())
    await phone.home()
    return perf_counter() - due


async def _flood(phone: _Phone, answers: Counter[str]) -> None:
    begun = perf_counter()

    async def guess(number: int) -> None:
        await asyncio.sleep(begun + number / _FLOOD - perf_counter())
        login = _LOGIN if number % 2 else f"nobody-{number}"
        answers[await phone.guess(login, f"guess {number}")] += 1

    await asyncio.gather(*(guess(number) for number in range(_FLOOD * _SECONDS)))


class _Phone:
    """An app on the wire; ``device`` is what the server calls it once it has registered."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._headers: dict[str, str] = {}
        self._device: str | None = None

    async def sign_in(self) -> None:
        given = {"login": _LOGIN, "password": PASSWORD, "deviceId": self._device}
        answer = await self._ask("SignIn", {"input": {"clientMutationId": "1", **given}}, {})
        self._headers = {"Authorization": f"Bearer {answer['signIn']['accessToken']}"}

    async def register(self) -> None:
        given = {"kind": "FCM", "address": "benchmark", "label": "Phone", "locale": "FR"}
        sent = {"clientMutationId": "2", **given}
        answer = await self._ask("RegisterDevice", {"input": sent}, self._headers)
        self._device = answer["registerDevice"]["id"]

    async def home(self) -> None:
        await self._ask("Home", {"dossiers": 20, "alerts": 20}, self._headers)

    async def guess(self, login: str, password: str) -> str:
        """What kind of answer came."""
        given = {"clientMutationId": "1", "login": login, "password": password}
        answer = await self._ask("SignIn", {"input": given}, {})
        kind: str = answer["signIn"]["__typename"]
        return kind

    async def _ask(
        self, operation: str, variables: dict[str, object], headers: dict[str, str]
    ) -> dict[str, Any]:
        body = {"query": text(operation), "operationName": operation, "variables": variables}
        async with self._http.post(self._url, json=body, headers=headers) as answer:
            data: dict[str, Any] = (await answer.json(content_type=None))["data"]
        return data
