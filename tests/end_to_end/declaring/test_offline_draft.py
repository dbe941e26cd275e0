"""A phone that loses its network in the middle of a declaration comes back with all that was written on it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from portnet_mobile.drafts import Drafts
from portnet_mobile.phone import Phone
from portnet_server.demo.accounts import PASSWORD
from tests.support.house.opening import HurriedClock, OpenHouse
from tests.support.house.road import Road

KIND = "ONSSA_IMPORT"
NAME, COUNTRY, VESSEL = (
    "operation/party/name",
    "operation/party/country",
    "operation/transport/vessel",
)


@asynccontextmanager
async def started(url: str, login: str) -> AsyncGenerator[tuple[Phone, str]]:
    """A live phone and its company's id."""
    async with Phone(url, login, PASSWORD, clock=HurriedClock()) as phone:
        await phone.start()
        home = await phone.ask("Home", {"dossiers": 1, "alerts": 1})
        yield phone, home["me"]["company"]["id"]


async def test_a_draft_goes_on_without_a_network_and_arrives_when_there_is_one(
    house: OpenHouse,
) -> None:
    async with (
        Road(house.url) as road,
        started(road.url, "declarant") as (phone, company),
        started(house.url, "manager") as (office, _),
    ):
        drafts = Drafts(phone.ask)
        id_ = drafts.begin(KIND, company, 1)
        drafts.write(id_, {NAME: "ACME Feed", COUNTRY: "FR"})
        assert await drafts.send()

        await road.close()
        for number in range(28):
            drafts.write(id_, {VESSEL: f"Vessel {number}"})
        drafts.write(id_, {NAME: "ACME Feed SA"})
        drafts.write(id_, {COUNTRY: "ES"})
        assert not await drafts.send()
        assert len(drafts.waiting) == 30

        theirs = Drafts(office.ask)
        await theirs.read(id_)
        theirs.write(id_, {COUNTRY: "DE"})
        assert await theirs.send()

        # The app is closed and opened again before there is a network, elsewhere.
        kept = drafts.stored()
        drafts = Drafts.restored(phone.ask, kept)
        await road.open()
        assert await drafts.send()
        assert drafts.waiting == ()
        [aside] = drafts.set_aside
        [conflict] = aside.conflicts
        assert (conflict.path, conflict.yours, conflict.theirs) == (COUNTRY, "ES", "DE")
        assert conflict.theirs_by

        # An app that does not know what has arrived sends it all again: nothing is done twice.
        arrived = await drafts.read(id_)
        assert await Drafts.restored(phone.ask, kept).send()
        assert await drafts.read(id_) == arrived
        assert arrived.values == {NAME: "ACME Feed SA", COUNTRY: "DE", VESSEL: "Vessel 27"}

        drafts.keep_mine(aside)
        assert await drafts.send()
        assert (await theirs.read(id_)).values[COUNTRY] == "ES"
        assert drafts.set_aside == ()
