"""docs/guides/declare-and-approve.md, request by request, as the developer of an app would send them."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import reduce
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest

from portnet.domain.act import GATEWAY
from portnet.domain.agency_key import AgencyKey
from portnet.security.authenticator import code_at
from portnet_server.demo.accounts import user_of
from portnet_server.demo.declaring.going_on import GoingOn
from portnet_server.demo.gateway import Acknowledging, Received, SimulatedSystem
from portnet_server.gateway import public_half, signing_key
from portnet_server.system import SystemClock
from tests.support.house.opening import SECRET, OpenHouse, open_house

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "declare-and-approve.md"
PAPER = b"%PDF-1.4\n%%EOF"
_REQUEST = re.compile(
    r"<!-- as: (?P<login>\w+)(?P<code>; code)?(?:; until: (?P<until>\S+))?(?:; keep: (?P<keep>[^>]+?))? -->\n"
    r"```graphql\n(?P<query>.*?)```\n(?:\n```json\n(?P<variables>.*?)```\n)?",
    re.DOTALL,
)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """``keep`` says where an answer holds what later requests need; ``until`` what to wait for."""

    login: str
    query: str
    variables: str
    keep: Mapping[str, str]
    until: tuple[str, str] | None
    code: bool


def requests() -> Iterator[Request]:
    for found in _REQUEST.finditer(GUIDE.read_text(encoding="utf-8")):
        path, _, value = (found["until"] or "").rstrip(";").partition("=")
        kept = (part.partition("=") for part in (found["keep"] or "").split())
        yield Request(
            login=found["login"],
            query=found["query"],
            variables=found["variables"] or "{}",
            keep={name: place for name, _, place in kept},
            until=(path, value) if path else None,
            code=found["code"] is not None,
        )


class App:
    """Sends the guide's requests, with what earlier answers gave in the place of `<names>`."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.known: dict[str, Any] = {}
        self._url = url
        self._session = session
        self._tokens: dict[str, str] = {}

    async def sign_in(self, request: Request, login: str) -> None:
        changed = request.variables.replace('"declarant"', f'"{login}"')
        data = await self._post(request.query, msgspec.json.decode(changed), None)
        self._tokens[login] = _at(data, "signIn.accessToken")
        if login == "declarant":
            self._keep(request, data)

    async def send(self, request: Request) -> None:
        if request.code:
            person = user_of(request.login)
            assert person is not None
            assert person.totp_secret is not None
            self.known["code"] = code_at(person.totp_secret, SystemClock().now())
        variables = self._filled(request.variables)
        if request.code:
            given = {key: value for key, value in variables["input"].items() if key != "proof"}
            data = await self._post(request.query, {"input": given}, self._tokens[request.login])
            [asked] = data.values()
            assert asked["__typename"] == "SecondFactorRequired", asked
        while True:
            data = await self._post(request.query, variables, self._tokens[request.login])
            if request.until is None or _at(data, request.until[0]) == request.until[1]:
                break
            await asyncio.sleep(0.01)
        self._keep(request, data)

    async def upload(self) -> None:
        # The house is at a free port, of which its settings do not know.
        address = self._url + urlsplit(str(self.known["uploadUrl"])).path
        async with self._session.put(address, data=PAPER) as answer:
            assert answer.status == 200, await answer.text()

    async def _post(self, query: str, variables: Any, token: str | None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        sent = {"query": query, "variables": variables}
        async with self._session.post(f"{self._url}/graphql", json=sent, headers=headers) as answer:
            said = await answer.json(content_type=None)
        assert "errors" not in said, said
        return said["data"]

    def _keep(self, request: Request, data: Any) -> None:
        for name, place in request.keep.items():
            found = _at(data, place)
            assert found is not None, data
            self.known[name] = found

    def _filled(self, variables: str) -> dict[str, Any]:
        for name, value in self.known.items():
            variables = variables.replace(f'"<{name}>"', msgspec.json.encode(value).decode())
        return msgspec.json.decode(variables, type=dict[str, Any])


def _at(data: Any, place: str) -> Any:
    def inner(held: Any, step: str) -> Any:
        if held is None:
            return None
        return held[int(step)] if step.isdigit() else held.get(step)

    return reduce(inner, place.split("."), data)


@pytest.fixture
async def window(furnished_url: str, tmp_path: Path, keys_file: Path) -> AsyncIterator[OpenHouse]:
    """A house whose declarations reach an agency's system, which goes on with them."""
    clock = SystemClock()
    key = signing_key(SECRET)
    known = AgencyKey(
        id=key.id,
        source=GATEWAY,
        algorithm=key.algorithm,
        secret_or_public=public_half(key),
        sandbox=True,
        active_from=clock.now(),
    )
    acknowledging, going_on = Acknowledging(), GoingOn(clock, Random(1), pause=0.0)

    def taken(message: Received) -> None:
        acknowledging.taken(message)
        going_on.taken(message)

    async with (
        SimulatedSystem(known, clock, on_taken=taken) as system,
        open_house(
            furnished_url, tmp_path, keys_file, sandbox_gateway_urls=((GATEWAY, system.url),)
        ) as house,
    ):
        tasks = [
            asyncio.create_task(acknowledging.run(system, house.agencies)),
            asyncio.create_task(going_on.run(house.agencies)),
        ]
        yield house
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_every_request_of_the_guide_works_in_its_order(window: OpenHouse) -> None:
    first, *others = requests()
    assert len(others) == GUIDE.read_text(encoding="utf-8").count("```graphql") - 1
    async with aiohttp.ClientSession() as session:
        app = App(window.url, session)
        await app.sign_in(first, "declarant")
        await app.sign_in(first, "manager")
        for request in others:
            await app.send(request)
            if "uploadUrl" in request.keep:
                await app.upload()
    assert app.known["approved"] == "APPROVED"
    assert app.known["sent"] == "SUBMITTED"
    assert app.known["reference"].startswith("EI-")
