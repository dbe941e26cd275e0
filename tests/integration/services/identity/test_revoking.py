"""Ending sessions, and that a change of an account is heard of where the account was reachable before."""

import msgspec

from portnet.domain.access import Role, User, Viewer
from portnet.domain.alerts import Device
from portnet.domain.identity.account import Ended, Session
from portnet.domain.submission import NotDone
from portnet.services.identity.device import Devices
from portnet.services.identity.revoking import Revocations
from tests.support.scenarios import IMPORTER
from tests.support.world import World

USER = IMPORTER.person(Role.DECLARANT)
CHIEF = IMPORTER.person(Role.MANAGER)


def revocations(world: World) -> Revocations:
    return Revocations(world.units, world.accounts, world.warnings, world.clock, world.wakeups)


def devices(world: World) -> Devices:
    return Devices(world.units, world.clock, world.ids, world.warnings)


async def opened(world: World, user: User = USER) -> Viewer:
    """A session of its own and a phone that was registered in it."""
    viewer = msgspec.structs.replace(
        world.viewer(IMPORTER),
        user=user.id,
        session=world.ids.new(),
    )
    now = world.clock.now()
    session = Session(
        id=viewer.session,
        user=user.id,
        opened_at=now,
        expires_at=viewer.session_expires_at,
        refreshed_at=now,
        token_hash=b"h" * 32,
    )
    await world.write(session)
    device = await devices(world).register(viewer, "FCM", viewer.session, "Phone", "fr")
    assert isinstance(device, Device)
    return viewer


async def open_ids(world: World, viewer: Viewer) -> list[str]:
    return [each.session.id for each in await revocations(world).opened(viewer)]


async def told(world: World, kind: str = "A25") -> list[tuple[str, str]]:
    """Who was told, and at which push addresses, in the order of the alerts."""
    sql = (
        "SELECT a.user_id, d.address FROM alert a JOIN delivery d ON d.alert = a.id"
        f" WHERE a.kind = '{kind}' AND d.channel = 'PUSH' ORDER BY a.id, d.id"
    )
    return [(row["user_id"], row["address"]) for row in await world.select(sql)]


async def test_somebody_sees_where_they_are_signed_in(world: World) -> None:
    first, second = await opened(world), await opened(world)
    await opened(world, CHIEF)
    listed = await revocations(world).opened(first)
    assert [each.session.id for each in listed] == [second.session, first.session]
    assert [each.device.address for each in listed if each.device] == [
        second.session,
        first.session,
    ]


async def test_a_revoked_session_ends_with_its_sockets_and_devices(world: World) -> None:
    first, second = await opened(world), await opened(world)
    assert await revocations(world).revoke(first, second.session) is None
    assert world.wakeups.ended == [second.session]
    assert await open_ids(world, first) == [first.session]
    assert not await world.accounts.session_alive(second.session, world.clock.now())
    alive = [d.session for d in await world.accounts.devices(USER.id) if d.dead_at is None]
    assert alive == [first.session]
    [because] = await world.column(
        "SELECT ended_because FROM user_session WHERE ended_at IS NOT NULL"
    )
    assert because == Ended.REVOKED
    actions = await world.column("SELECT action FROM audit ORDER BY seq")
    assert actions[-1] == "session.revoked"


async def test_revoked_twice_is_revoked_once(world: World) -> None:
    first, second = await opened(world), await opened(world)
    for _ in range(2):
        assert await revocations(world).revoke(first, second.session) is None
    assert world.wakeups.ended == [second.session]
    assert (await world.column("SELECT action FROM audit")).count("session.revoked") == 1


async def test_nobody_ends_anothers_session(world: World) -> None:
    own, other = await opened(world), await opened(world, CHIEF)
    for unknown in (other.session, "01HZZZZZZZZZZZZZZZZZZZZZZZ", ""):
        assert await revocations(world).revoke(own, unknown) is NotDone.NOT_FOUND
    assert await open_ids(world, other) == [other.session]


async def test_block_all_leaves_only_the_phone_that_asks(world: World) -> None:
    viewers = [await opened(world) for _ in range(4)]
    stranger = await opened(world, CHIEF)
    await revocations(world).revoke_others(viewers[2])
    assert await open_ids(world, viewers[2]) == [viewers[2].session]
    assert sorted(world.wakeups.ended) == sorted(
        each.session for each in viewers if each is not viewers[2]
    )
    assert await open_ids(world, stranger) == [stranger.session]
    # Once more changes nothing, and warns nobody.
    before = await told(world)
    await revocations(world).revoke_others(viewers[2])
    assert await told(world) == before


async def test_a_revocation_is_told_on_the_phones_that_it_silences(world: World) -> None:
    first, second = await opened(world), await opened(world)
    before = len(await told(world))
    await revocations(world).revoke(first, second.session)
    addresses = {address for user, address in (await told(world))[before:] if user == USER.id}
    assert addresses == {first.session, second.session}


async def test_a_new_device_is_told_to_those_that_were_there_before_not_to_itself(
    world: World,
) -> None:
    first = await opened(world)
    assert await told(world) == []
    second = await opened(world)
    assert (USER.id, first.session) in await told(world)
    assert (USER.id, second.session) not in await told(world)


async def test_a_device_that_registers_again_is_no_news(world: World) -> None:
    viewer = await opened(world)
    before = await world.column("SELECT id FROM alert")
    await devices(world).register(viewer, "FCM", viewer.session, "Phone", "fr")
    assert await world.column("SELECT id FROM alert") == before


async def test_administrators_hear_of_it_and_nobody_else(world: World) -> None:
    administrator = IMPORTER.person(Role.ADMINISTRATOR)
    await opened(world)
    alerts = await world.select("SELECT user_id, level FROM alert WHERE kind = 'A25'")
    told = {(row["user_id"], row["level"]) for row in alerts}
    assert told == {(USER.id, 4), (administrator.id, 4)}
    recorded = await world.column("SELECT DISTINCT audience FROM feed")
    assert set(recorded) == {f"user:{USER.id}", f"user:{administrator.id}"}
