"""A phone says where a push reaches it."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.domain.alerts import Device
from portnet.services.identity.device import LONGEST_ADDRESS, LONGEST_LABEL, DeviceFault, Devices
from tests.support.scenarios import IMPORTER
from tests.support.world import World, open_world


def service(world: World) -> Devices:
    return Devices(world.units, world.clock, world.ids, world.warnings)


async def registered(world: World, address: str = "token", label: str = "Pixel") -> Device:
    answer = await service(world).register(world.viewer(IMPORTER), "FCM", address, label, "fr")
    assert isinstance(answer, Device)
    return answer


async def test_a_registered_device_is_its_users(world: World) -> None:
    device = await registered(world)
    assert await world.accounts.devices(device.user) == [device]
    manager = IMPORTER.person(Role.MANAGER)
    assert await world.accounts.devices(manager.id) == []
    assert await world.accounts.devices_by_id(manager.id, [device.id]) == {}
    assert await world.accounts.devices_by_id(device.user, [device.id]) == {device.id: device}


async def test_registering_again_refreshes_the_same_device(world: World) -> None:
    first = await registered(world)
    later = world.clock.advance(timedelta(days=1))
    again = await registered(world, label="Pixel de Salma")
    assert again == msgspec.structs.replace(first, label="Pixel de Salma", last_seen_at=later)
    assert await world.accounts.devices(first.user) == [again]
    trail = await world.column("SELECT action FROM audit")
    assert trail == ["device.registered"]


async def test_whoever_used_the_phone_before_hears_nothing_on_it_any_more(world: World) -> None:
    before = await registered(world)
    manager = world.viewer(IMPORTER, Role.MANAGER)
    taken = await service(world).register(manager, "FCM", before.address, "Pixel", "fr")
    assert isinstance(taken, Device)
    assert taken.id != before.id
    left = (await world.accounts.devices(before.user))[0]
    assert left.dead_at == world.clock.now()
    assert (await world.accounts.devices(manager.user)) == [taken]


async def test_a_dead_device_that_registers_again_lives(world: World) -> None:
    device = await registered(world)
    await world.write(msgspec.structs.replace(device, dead_at=world.clock.now()))
    assert (await registered(world)).dead_at is None
    assert await world.column("SELECT count(*) FROM audit") == [2]


async def test_a_phone_that_registers_twice_at_once_is_one_device(
    world: World, migrated_url: str
) -> None:
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        devices = await asyncio.gather(*(registered((world, other)[n % 2]) for n in range(8)))
    assert len({device.id for device in devices}) == 1


async def test_a_phone_that_is_told_by_push_is_a_live_one(world: World) -> None:
    device = await registered(world)
    await world.tell("S0", run=1)
    pushed = "SELECT count(*) FROM delivery WHERE channel = 'PUSH'"
    [told] = await world.column(pushed)
    assert told > 0
    await world.write(msgspec.structs.replace(device, dead_at=world.clock.now()))
    await world.tell("S0", run=2)
    assert await world.column(pushed) == [told]


@pytest.mark.parametrize(
    ("kind", "address", "label", "faults"),
    [
        ("PAGER", "token", "Pixel", [("kind", "UNKNOWN")]),
        ("FCM", " ", "Pixel", [("address", "EMPTY")]),
        ("FCM", "t" * (LONGEST_ADDRESS + 1), "Pixel", [("address", "TOO_LONG")]),
        ("FCM", "token", "P" * (LONGEST_LABEL + 1), [("label", "TOO_LONG")]),
        ("", "", "", [("kind", "UNKNOWN"), ("address", "EMPTY"), ("label", "EMPTY")]),
    ],
)
async def test_all_faults_of_a_registration_are_named(
    world: World, kind: str, address: str, label: str, faults: list[tuple[str, str]]
) -> None:
    answer = await service(world).register(world.viewer(IMPORTER), kind, address, label, "fr")
    assert answer == tuple(DeviceFault(path=path, code=code) for path, code in faults)
    assert await world.column("SELECT count(*) FROM device") == [0]
