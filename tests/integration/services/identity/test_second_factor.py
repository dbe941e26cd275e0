"""Getting a second factor, and another one in its place; on both engines."""

import asyncio

import pytest

from portnet.domain.access import Role
from portnet.domain.identity.proof import Need, Proof, Proven
from portnet.domain.identity.second_factor import MOST_MISSES, FactorState, Method
from portnet.domain.submission import NotDone
from portnet.ports.identity.second_factor import Drawn
from portnet_server.composition.second_factor import FactorRoom, factor_room
from tests.support.identity.factors import STEP, WRONG, enrolled_account, secret_in, shows
from tests.support.scenarios import IMPORTER
from tests.support.world import World

SECRET = b"s" * 32
USER = IMPORTER.person(Role.DECLARANT)


@pytest.fixture
def room(world: World) -> FactorRoom:
    return factor_room(
        world.units, world.database, world.accounts, world.clock, SECRET, (), world.warnings
    )


async def drawn(world: World, room: FactorRoom, proof: Proof | None = None) -> Drawn:
    outcome = await room.second_factors.enrol(world.viewing(USER), Method.TOTP, proof)
    assert isinstance(outcome, Drawn), outcome
    return outcome


async def confirm(world: World, room: FactorRoom, code: Proof, key: str = "k") -> NotDone | None:
    return await room.second_factors.confirm(world.viewing(USER), key, code)


async def state(room: FactorRoom) -> FactorState:
    return (await room.second_factors.readiness(USER.id)).state


async def trail(world: World) -> list[str]:
    return await world.column("SELECT action FROM audit ORDER BY seq")


async def test_a_second_factor_counts_from_its_first_code_on(
    world: World, room: FactorRoom
) -> None:
    new = await drawn(world, room)
    assert await state(room) is FactorState.NONE
    assert await confirm(world, room, WRONG) is NotDone.PROOF_WRONG
    code = shows(world.clock.now(), secret_in(new.uri))
    assert await confirm(world, room, code) is None
    readiness = await room.second_factors.readiness(USER.id)
    assert (readiness.state, readiness.methods) == (
        FactorState.TOTP, (Method.TOTP, Method.RECOVERY_CODE),
    )  # fmt: skip
    assert await trail(world) == ["second_factor.begun", "second_factor.confirmed"]


async def test_a_lost_reply_to_the_confirmation_is_given_again(
    world: World, room: FactorRoom
) -> None:
    new = await drawn(world, room)
    code = shows(world.clock.now(), secret_in(new.uri))
    assert await confirm(world, room, code) is None
    assert await confirm(world, room, code) is None
    assert await confirm(world, room, code, key="another") is NotDone.NOT_NOW


async def test_of_eight_confirmations_at_once_one_counts(world: World, room: FactorRoom) -> None:
    new = await drawn(world, room)
    code = shows(world.clock.now(), secret_in(new.uri))
    outcomes = await asyncio.gather(*(confirm(world, room, code, f"k{n}") for n in range(8)))
    assert outcomes.count(None) == 1
    assert outcomes.count(NotDone.NOT_NOW) == 7


async def test_another_enrolment_before_the_first_code_replaces_it(
    world: World, room: FactorRoom
) -> None:
    lost = await drawn(world, room)
    new = await drawn(world, room)
    now = world.clock.now()
    assert await confirm(world, room, shows(now, secret_in(lost.uri))) is NotDone.PROOF_WRONG
    assert await confirm(world, room, shows(now, secret_in(new.uri))) is None


async def test_who_has_one_shows_it_before_they_get_another(world: World, room: FactorRoom) -> None:
    await world.write(enrolled_account(room.authenticator, USER, world.clock.now()))
    factors, viewer = room.second_factors, world.viewing(USER)
    assert await factors.enrol(viewer, Method.TOTP, None) is NotDone.PROOF_REQUIRED
    assert await factors.enrol(viewer, Method.TOTP, WRONG) is NotDone.PROOF_WRONG
    new = await drawn(world, room, shows(world.clock.now()))
    world.clock.advance(STEP)
    await room.step_up.verify(USER.id, Need.SECOND_FACTOR, "op", None)
    old_code = shows(world.clock.now())
    shown = await room.step_up.verify(USER.id, Need.SECOND_FACTOR, "op", old_code)
    assert isinstance(shown, Proven)
    assert await confirm(world, room, shows(world.clock.now(), secret_in(new.uri))) is None
    world.clock.advance(STEP)
    await room.step_up.verify(USER.id, Need.SECOND_FACTOR, "op", None)
    now = world.clock.now()
    refused = await room.step_up.verify(USER.id, Need.SECOND_FACTOR, "op", shows(now))
    assert not isinstance(refused, Proven)
    new_code = shows(now, secret_in(new.uri))
    assert isinstance(
        await room.step_up.verify(USER.id, Need.SECOND_FACTOR, "op", new_code), Proven
    )
    assert (await trail(world))[-2:] == ["second_factor.replaced", "second_factor.shown"]


async def test_guessing_the_first_code_is_stopped(world: World, room: FactorRoom) -> None:
    new = await drawn(world, room)
    for _ in range(MOST_MISSES):
        assert await confirm(world, room, WRONG) is NotDone.PROOF_WRONG
    code = shows(world.clock.now(), secret_in(new.uri))
    assert await confirm(world, room, code) is NotDone.THROTTLED


async def test_only_an_authenticator_can_be_enrolled(world: World, room: FactorRoom) -> None:
    for method in (Method.PASSKEY, Method.RECOVERY_CODE):
        outcome = await room.second_factors.enrol(world.viewing(USER), method, None)
        assert outcome is NotDone.NOT_NOW
