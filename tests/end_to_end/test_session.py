"""How long a person's session lasts, as their phone feels it."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import aiohttp
import msgspec
import pytest

from portnet_mobile.changes import ConnectionLost, DossierUpdated, Ended
from portnet_mobile.client import Client
from portnet_mobile.contract import Home
from portnet_mobile.errors import NotSignedIn
from portnet_server.demo.accounts import PASSWORD
from tests.end_to_end.replica import sign_in
from tests.support.house.opening import HurriedClock, OpenHouse, new_telling, open_house

#: Of a minute: an access token that has lapsed before a test is over. The settings take whole minutes only.
_SHORT_LIVED = 0.02

_LOOK_EVERY = 0.05


async def test_signing_out_closes_the_sessions_socket_and_voids_its_token(
    house: OpenHouse,
) -> None:
    client = Client(house.url, locale="fr", clock=HurriedClock())
    await client.open()
    await client.sign_in("declarant", PASSWORD)
    home = await client.ask("Home", Home, {"dossiers": 1, "alerts": 1})
    async with (
        client.socket() as socket,
        aclosing(socket.feed("COMPANY", home.feeds[0].cursor)) as frames,
    ):
        await house.say(new_telling("S0"), 1)
        assert (await anext(frames)).item is not None
        await client.sign_out()
        with pytest.raises(NotSignedIn):
            await anext(frames)
    await client.close()


async def test_a_phone_whose_session_was_ended_elsewhere_stops_and_says_so(
    house: OpenHouse,
) -> None:
    async with house.phone("declarant") as phone:
        changes = phone.changes()
        await phone.start()
        await _revoke_the_only_session(house)
        told = [change async for change in changes]
    assert isinstance(told[-1], Ended)


async def test_a_phone_whose_access_token_lapsed_renews_it_and_hears_on(
    furnished_url: str, tmp_path: Path, keys_file: Path
) -> None:
    async with (
        open_house(furnished_url, tmp_path, keys_file, access_token_minutes=_SHORT_LIVED) as house,
        house.phone("declarant") as phone,
    ):
        changes = phone.changes()
        await phone.start()
        await _until_lapsed(house)
        telling = new_telling("S0")
        await house.say(telling, 1)
        heard: list[object] = []
        async for change in changes:
            heard.append(change)
            if isinstance(change, DossierUpdated):
                break
        assert (await phone.ask("Agencies"))["agencies"]
        await phone.catch_up()
        assert not [change for change in heard if isinstance(change, ConnectionLost)]


async def _revoke_the_only_session(house: OpenHouse) -> None:
    [row] = await house.select("SELECT id FROM user_session")
    parts = house.parts
    async with parts.units() as work:
        session = await work.session(row["id"])
        assert session is not None
        now = parts.clock.now()
        work.add(msgspec.structs.replace(session, ended_at=now, ended_because="REVOKED"))
        await work.commit()
    parts.wakeups.session_ended(row["id"])


async def _until_lapsed(house: OpenHouse) -> None:
    """Until a token that was made just now is refused, and with it all older ones."""
    token = await sign_in(house.url, "declarant")
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        while not await _is_refused(session, house.url):  # noqa: ASYNC110 - it lapses by the clock
            await asyncio.sleep(_LOOK_EVERY)


async def _is_refused(session: aiohttp.ClientSession, url: str) -> bool:
    async with session.post(f"{url}/graphql", json={"query": "{ me { id } }"}) as response:
        answer = await response.json(content_type=None)
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert codes in ([], ["UNAUTHENTICATED"])
    return bool(codes)
