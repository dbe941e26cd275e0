"""What somebody was on when they left is nobody's again, on the file and out of the log."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.domain.alerts import Alert
from portnet.domain.identity.member import MemberWish
from portnet.security.invitations import InvitationCodes
from portnet.services.alert import Alerts
from portnet.services.identity.member import Members, Saved
from portnet.storage.log.rebuild import verify
from tests.integration.services.test_alert import told_of_a_hold
from tests.support.acting.fakes import CODE, ToldProofs
from tests.support.scenarios import IMPORTER
from tests.support.world import World


@pytest.fixture
async def world(world: World) -> AsyncIterator[World]:
    """With an administrator; in the end the read model must be what the log says."""
    manager = IMPORTER.person(Role.MANAGER)
    await world.write(msgspec.structs.replace(manager, roles=(Role.MANAGER, Role.ADMINISTRATOR)))
    yield world
    outcome = await verify(world.database, world.catalogue)
    assert list(map(str, outcome.differences)) == []


async def leaves(world: World, user: str) -> None:
    members = Members(
        world.units,
        ToldProofs(),
        InvitationCodes(b"s" * 32),
        world.clock,
        world.ids,
        world.wakeups,
        world.warnings,
    )
    wish = MemberWish(member=user, active=False)
    manager = world.viewer(IMPORTER, Role.MANAGER)
    assert isinstance(await members.save(manager, world.ids.new(), wish, CODE), Saved)


async def test_what_they_were_on_is_free_and_another_takes_it(world: World) -> None:
    told = await told_of_a_hold(world)
    declarant = IMPORTER.person(Role.DECLARANT)
    alerts = Alerts(world.units, world.clock, world.ids, world.wakeups)
    viewer = world.viewing(declarant)
    assert isinstance(await alerts.acknowledge(viewer, declarant.name, told[viewer.user]), Alert)
    assert [p.taken_by for p in await world.procedures()] == [declarant.name]
    before = await world.column("SELECT max(version) FROM dossier")
    await leaves(world, declarant.id)
    [procedure] = await world.procedures()
    assert (procedure.taken_by, procedure.taken_at) == (None, None)
    assert await world.column("SELECT max(version) FROM dossier") == [before[0] + 1]
    shown = await world.column("SELECT what_now FROM dossier")
    assert declarant.name not in str(shown)


async def test_what_others_are_on_stays_theirs(world: World) -> None:
    told = await told_of_a_hold(world)
    manager = world.viewer(IMPORTER, Role.MANAGER)
    alerts = Alerts(world.units, world.clock, world.ids, world.wakeups)
    assert isinstance(await alerts.acknowledge(manager, "Youssef", told[manager.user]), Alert)
    await leaves(world, IMPORTER.person(Role.DECLARANT).id)
    assert [p.taken_by for p in await world.procedures()] == ["Youssef"]
