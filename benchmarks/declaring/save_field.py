"""`save_field`: what a person waits when they leave a field of a declaration, at 50 a second in one process on SQLite.

Each save is counted from the instant at which it was due, so that a stall counts for all that had to wait.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import aiohttp

from benchmarks.data.archive import FOLDER
from benchmarks.live.processes import free_port, running
from benchmarks.result import Result, at_most, percentile
from portnet_mobile.client import mutation_id
from portnet_mobile.drafts import new_ulid
from portnet_mobile.operations import text
from portnet_server.demo.accounts import PASSWORD

_RATE, _SECONDS, _WARM_UP = 50, 20, 100
_MOST_MS = 30
#: Drafts that are written at the same time, and the fields that are left in turn.
_DRAFTS = 20
_FIELDS = ("operation/party/name", "operation/transport/vessel", "operation/transport/voyage")


async def save_field() -> list[Result]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(dir=FOLDER, prefix="run-"))
        port = free_port()
        settings = {"PORTNET_DATA_DIR": folder, "PORT": str(port)}
        await stack.enter_async_context(
            running(
                "portnet_server.cli", "demo", "--quiet", ready="mock gateways", settings=settings
            )
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        desk = _Desk(http, f"http://127.0.0.1:{port}/graphql")
        await desk.sign_in()
        for number in range(_WARM_UP):
            await desk.save(number)
        begun = perf_counter()
        saves = [
            asyncio.create_task(_at(begun + number / _RATE, desk, number))
            for number in range(_RATE * _SECONDS)
        ]
        waits = await asyncio.gather(*saves)
    milliseconds = [wait * 1000 for wait in waits]
    return [
        at_most(
            "save_field.p99",
            percentile(milliseconds, 0.99),
            "ms",
            _MOST_MS,
            sound=desk.saved == _RATE * _SECONDS + _WARM_UP,
        )
    ]


async def _at(due: float, desk: _Desk, number: int) -> float:
    await asyncio.sleep(due - perf_counter())
    await desk.save(number)
    return perf_counter() - due


class _Desk:
    """A person's app that writes several drafts by turns; ``saved`` counts what the server took."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._headers: dict[str, str] = {}
        self._company = ""
        self._drafts = [new_ulid(number, bytes(10)) for number in range(_DRAFTS)]
        self.saved = 0

    async def sign_in(self) -> None:
        given = {"clientMutationId": "1", "login": "declarant", "password": PASSWORD}
        answer = await self._ask("SignIn", {"input": given})
        self._headers = {"Authorization": f"Bearer {answer['signIn']['accessToken']}"}
        home = await self._ask("Home", {"dossiers": 1, "alerts": 1})
        self._company = home["me"]["company"]["id"]

    async def save(self, number: int) -> None:
        """Leave one field."""
        path = _FIELDS[number // _DRAFTS % len(_FIELDS)]
        given = {
            "clientMutationId": mutation_id(),
            "id": self._drafts[number % _DRAFTS],
            "kind": "ONSSA_IMPORT",
            "company": self._company,
            "formVersion": 1,
            "baseVersion": 0,
            "patch": [{"path": path, "value": f"Number {number}"}],
            "queue": "benchmark",
        }
        answer = await self._ask("SaveDeclaration", {"input": given})
        self.saved += answer["saveDeclaration"]["__typename"] == "Declaration"

    async def _ask(self, operation: str, variables: dict[str, object]) -> dict[str, Any]:
        body = {
            "query": text(operation),
            "operationName": operation,
            "variables": variables,
        }
        async with self._http.post(self._url, json=body, headers=self._headers) as answer:
            data: dict[str, Any] = (await answer.json(content_type=None))["data"]
        return data
