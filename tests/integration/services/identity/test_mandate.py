"""A mandate opens a company's files to its broker, and closes them again; both companies hear of it."""

from datetime import timedelta

from portnet.domain.access import Role
from portnet.domain.events import FrameKind, company_audience
from portnet.domain.submission import NotDone
from portnet.ports.reading import DossierFilter, DossierOrder, PageSize
from portnet.ports.unit_of_work import Position
from tests.support.acting.fakes import CODE
from tests.support.acting.mandates import Giver
from tests.support.scenarios import BROKER, IMPORTER
from tests.support.world import World, open_world


async def listed(world: World) -> int:
    page = await world.files.dossiers(
        world.viewer(BROKER), world.clock.now(), DossierFilter(), DossierOrder.UPDATED, PageSize(9)
    )
    return len(page.items)


async def frames(world: World, company: str) -> list[FrameKind]:
    audience = company_audience(company)
    start = Position(audience=audience, seq=0)
    page = (await world.feed.after([start], 100, world.clock.now()))[audience]
    return [row.kind for row in page.rows]


async def test_a_mandate_opens_the_files_that_name_the_broker_until_it_is_revoked(
    migrated_url: str,
) -> None:
    async with open_world(migrated_url, populate=False) as world:
        await world.populate(mandate=None)
        mandates = Giver(world, world.viewer(IMPORTER, Role.MANAGER))
        await world.tell("G0")
        assert (await listed(world), await frames(world, BROKER.id)) == (0, [])

        now = world.clock.now()
        mandate = await mandates.grant(BROKER.id, now)
        assert await listed(world) == 1
        assert await frames(world, BROKER.id) == [FrameKind.ACCESS_CHANGED]

        world.clock.advance(timedelta(minutes=1))
        for _ in range(2):
            revoked = await mandates.revoke(mandate.id)
            assert revoked.revoked_at == world.clock.now()
        assert await listed(world) == 0
        assert await frames(world, BROKER.id) == [FrameKind.ACCESS_CHANGED] * 2
        assert (await frames(world, IMPORTER.id))[-2:] == [FrameKind.ACCESS_CHANGED] * 2


async def test_a_mandate_that_does_not_exist_cannot_be_revoked(world: World) -> None:
    mandates = Giver(world, world.viewer(IMPORTER, Role.MANAGER)).mandates
    manager = world.viewer(IMPORTER, Role.MANAGER)
    assert await mandates.revoke(manager, "key", "nothing", CODE) is NotDone.NOT_FOUND
